internal import AMQPPosix

/// Something that one thread waits for and another lets happen, once.
final class Gate: Sendable {
    private let wake = WakeDescriptor()

    /// Lets all waiting threads go on.
    func open() { wake.wake() }

    /// Blocks until the gate is open.
    ///
    /// - Returns: `false` if it was still shut after `limit`.
    func wait(within limit: Duration) -> Bool {
        !System.wait(for: .readable, of: wake.descriptor, atMost: limit).isEmpty
    }

    /// Runs `body` on a thread of its own.
    ///
    /// - Returns: a gate that opens when the body has returned.
    static func afterThread(_ body: @escaping @Sendable () -> Void) -> Gate {
        let done = Gate()
        do {
            try System.detachThread {
                body()
                done.open()
            }
        } catch {
            System.report("no thread for a check: \(error)")
        }
        return done
    }
}
