import AMQPConnection

/// A descriptor that any thread can make readable: the waker of a loop that waits for descriptors.
///
/// It is a pipe, which every system has, or an eventfd, which is cheaper. It outlives its loop without harm: once closed,
/// waking does nothing.
package final class WakeDescriptor: Sendable {
    private let writer: Guarded<Int32>

    /// The descriptor to wait for; -1 if the system had none left, so that nothing can wake the loop.
    package let descriptor: Int32

    package init() {
        if let ends = try? System.pipe() {
            descriptor = ends.reader
            writer = Guarded(ends.writer)
        } else {
            descriptor = -1
            writer = Guarded(-1)
        }
    }

    /// Takes over an eventfd that does not block.
    package init(event: Int32) {
        descriptor = event
        writer = Guarded(event)
    }

    deinit {
        close()
    }

    /// Makes the descriptor readable.
    package func wake() {
        // The lock keeps `close()` from giving the number to somebody else between the check and the write.
        writer.withLock { writer in
            guard writer >= 0 else { return }
            // An eventfd takes eight bytes, a pipe any number.
            var one: UInt64 = 1
            // SAFETY: the bytes of a local variable are read within the call. What is full is readable, which is enough.
            withUnsafeBytes(of: &one) { _ = try? System.write(writer, $0) }
        }
    }

    /// Makes the descriptor unreadable again; for the loop's thread.
    package func reset() {
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { memory in
            // SAFETY: the memory is only written to, within this call.
            while let count = try? System.read(descriptor, memory), count == memory.count {}
        }
    }

    /// Closes both ends; for the loop's thread.
    package func close() {
        writer.withLock { writer in
            guard writer >= 0 else { return }
            System.close(descriptor)
            if writer != descriptor { System.close(writer) }
            writer = -1
        }
    }
}
