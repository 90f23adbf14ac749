import AMQPConnection

/// A socket that is being connected for a loop.
final class SocketConnector: Cancellable, LoopResident {
    typealias Outcome = Result<any StreamTransport, AMQPError>

    private let loop: HostedLoop
    private let address: SocketAddress
    private var descriptor: Int32 = -1
    private var completion: ((Outcome) -> Void)?

    init(loop: HostedLoop, address: SocketAddress, _ completion: @escaping (Outcome) -> Void) {
        self.loop = loop
        self.address = address
        self.completion = completion
    }

    func begin(_ options: SocketOptions) {
        loop.add(self)
        do throws(SystemError) {
            descriptor = try System.socket(for: address)
            if case .unix = address {} else { try System.configure(descriptor, options) }
            if try System.connect(descriptor, to: address) {
                loop.callLater(.zero) { self.connected() }
            } else {
                watch()
            }
        } catch {
            fail(later: error)
        }
    }

    func cancel() {
        let completion = self.completion
        end()
        withExtendedLifetime(completion) {}
    }

    func loopClosed(_ error: AMQPError) {
        finish(.failure(error))
    }

    private func watch() {
        do throws(AMQPError) {
            try loop.setWriter(descriptor) { self.writable() }
        } catch {
            loop.callLater(.zero) { self.finish(.failure(error)) }
        }
    }

    /// A program that waits for the loop may say that more is ready than there is; the outcome is known only if it is.
    private func writable() {
        guard completion != nil, !System.wait(for: .writable, of: descriptor, atMost: .zero).isEmpty else { return }
        connected()
    }

    private func connected() {
        guard completion != nil else { return }
        do throws(SystemError) {
            try System.finishConnect(descriptor)
        } catch {
            finish(.failure(failure(error)))
            return
        }
        guard !System.isConnectedToItself(descriptor) else {
            finish(
                .failure(
                    AMQPError(
                        .connectFailed, blame: .transport,
                        "nobody listens on \(address); the socket was connected to itself")))
            return
        }
        loop.removeWriter(descriptor)
        let transport = SocketTransport(connected: descriptor, on: loop, peerAddress: address)
        descriptor = -1
        finish(.success(transport))
    }

    private func fail(later error: SystemError) {
        let error = failure(error)
        loop.callLater(.zero) { self.finish(.failure(error)) }
    }

    private func failure(_ error: SystemError) -> AMQPError {
        AMQPError(.connectFailed, blame: .transport, "no stream to \(address) could be opened", underlying: error)
    }

    private func finish(_ outcome: Outcome) {
        guard let completion else { return }
        end()
        completion(outcome)
    }

    private func end() {
        completion = nil
        loop.remove(self)
        guard descriptor >= 0 else { return }
        loop.removeWriter(descriptor)
        System.close(descriptor)
        descriptor = -1
    }
}
