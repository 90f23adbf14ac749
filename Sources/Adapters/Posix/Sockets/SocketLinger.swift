import AMQPConnection

/// A socket whose sending direction has ended, and that waits a little for the peer to end the other.
///
/// Closing a socket with unread input makes the kernel send a reset, which can destroy bytes of ours that the peer has
/// not read yet, such as the last Close-Ok. So what still comes is read and dropped, until the peer closes or a second
/// has passed, or its loop has gone.
final class SocketLinger: LoopResident {
    /// Nobody has to run a loop on which nothing is left but this.
    private weak var loop: HostedLoop?
    private let descriptor: Int32
    private var timer: TimerHandle?
    private var isOver = false

    /// Takes over a descriptor that nobody watches.
    init(loop: HostedLoop, descriptor: Int32) {
        self.loop = loop
        self.descriptor = descriptor
    }

    deinit {
        if !isOver { System.close(descriptor) }
    }

    func begin() {
        System.shutdownSending(descriptor)
        discard()
        guard !isOver, let loop else { return }
        loop.add(self)
        timer = loop.callLater(.seconds(1)) { self.end() }
        do throws(AMQPError) {
            try loop.setReader(descriptor) { self.discard() }
        } catch {
            end()
        }
    }

    func loopClosed(_ error: AMQPError) {
        end()
    }

    /// Reads what is there, at most 256 KiB.
    private func discard() {
        withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 16) { memory in
            // SAFETY: the memory is only written to by the kernel, within its bounds, and never read.
            for _ in 0 ..< 16 {
                do throws(SystemError) {
                    guard let count = try System.read(descriptor, memory) else { return }
                    if count == 0 { return end() }
                } catch {
                    return end()
                }
            }
        }
    }

    private func end() {
        guard !isOver else { return }
        isOver = true
        timer?.cancel()
        timer = nil
        loop?.removeReader(descriptor)
        loop?.remove(self)
        System.close(descriptor)
    }
}
