internal import AMQPPosix
internal import AdapterKit
internal import Dispatch

/// Lets the kit's checks, which belong to one thread, use a loop that a queue or a thread of its own runs.
///
/// While the check's own thread is at work the queue is parked in a block that waits, so that nothing runs on both at
/// once.
final class ParkedHost {
    private let mailbox: Mailbox
    /// Puts a block behind what the queue has to do.
    private let execute: (@escaping @Sendable () -> Void) -> Void
    private let parked = DispatchSemaphore(value: 0)
    private let leave = DispatchSemaphore(value: 0)
    private let hostStopped = DispatchSemaphore(value: 0)
    private var isParked = false

    /// Parks the queue of a loop.
    init(_ mailbox: Mailbox, execute: @escaping (@escaping @Sendable () -> Void) -> Void) {
        self.mailbox = mailbox
        self.execute = execute
        park()
    }

    deinit { unpark() }

    private func park() {
        execute { [parked, leave] in
            parked.signal()
            leave.wait()
        }
        parked.wait()
        isParked = true
        // What the check left on its queue holds this host, so a queue that is needed no more goes on.
        if mailbox.isClosed { unpark() }
    }

    private func unpark() {
        guard isParked else { return }
        isParked = false
        leave.signal()
    }

    /// Lets the queue run while the calling thread is in `body`.
    func letRun(_ body: () -> Void) {
        unpark()
        body()
        park()
    }

    /// Runs `body` on the queue, and returns when it has run.
    func enter(_ body: () -> Void) {
        if mailbox.isCurrent { return body() }
        withoutActuallyEscaping(body) { body in
            let body = OnQueue(value: body)
            let done = DispatchSemaphore(value: 0)
            letRun {
                execute {
                    body.value()
                    done.signal()
                }
                done.wait()
            }
        }
    }

    /// Lets the queue run until ``stopHost()``, as its owner would.
    func runHost() { letRun { hostStopped.wait() } }

    /// Makes ``runHost()`` return.
    func stopHost() { execute { [hostStopped] in hostStopped.signal() } }
}

// SAFETY: what is inside is used on the queue, or while the thread that made it waits for the queue.
/// Carries something of a check's to its queue.
struct OnQueue<Value>: @unchecked Sendable {
    let value: Value
}
