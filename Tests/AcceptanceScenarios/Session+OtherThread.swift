import AMQPConnection
import AdapterKit
import BrokerSupport

extension Session {
    /// Runs something that blocks on a thread of its own, then `then` with its value on the loop; an error ends the
    /// scenario as a failure.
    func onOtherThread<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value, then: @escaping (Value) -> Void
    ) {
        let mailbox = loop.mailbox
        let box = LoopConfined((session: self, then: then))
        Task.detached {
            do {
                let value = try await onOwnThread(body)
                try mailbox.addCallbackThreadsafe { box.value.then(value) }
            } catch {
                // A loop that is closed already has ended its check.
                try? mailbox.addCallbackThreadsafe {
                    box.value.session.check.fail("\(error)")
                    box.value.session.finish()
                }
            }
        }
    }
}

// SAFETY: the value is only touched in callbacks of the loop's mailbox, which run on the loop's thread.
/// Carries a loop's object through a `@Sendable` closure that gives it back on the loop.
private struct LoopConfined<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) {
        self.value = value
    }
}
