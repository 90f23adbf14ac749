/// Errors that callbacks of the user's throw, other than those of the consumers' handlers.
extension Connection {
    /// Tells the listeners of an event.
    func emit<Event>(_ event: Event, to listeners: Listeners<Event>, _ name: StaticString) {
        listeners.emit(event) { callbackFailed("the \(name) listener", $0) }
    }

    /// Runs a callback of the user's.
    func attempt(_ name: @autoclosure () -> String, _ callback: () throws -> Void) {
        do {
            try callback()
        } catch {
            callbackFailed(name(), error)
        }
    }

    /// Reports what a callback has thrown, and closes the connection if the policy says so.
    private func callbackFailed(_ name: String, _ error: any Error) {
        report(
            AMQPError(
                .handlerFailed, blame: .application, "\(name) of the connection threw an error", underlying: error))
        switch parameters.handlerErrorPolicy {
        case .report, .nack, .closeChannel: return
        case .closeConnection: if isOpen { close(replyCode: 541, replyText: "a callback failed") }
        }
    }
}

extension Channel {
    /// Tells the listeners of an event.
    func emit<Event>(_ event: Event, to listeners: Listeners<Event>, _ name: StaticString) {
        listeners.emit(event) { callbackFailed("the \(name) listener", $0) }
    }

    /// Runs a callback of the user's.
    func attempt(_ name: @autoclosure () -> String, _ callback: () throws -> Void) {
        do {
            try callback()
        } catch {
            callbackFailed(name(), error)
        }
    }

    /// Hands an answer to whoever waits for it.
    func complete(_ call: PendingCall, _ answer: Result<Answer, AMQPError>) {
        attempt("a completion of \(call.method)") { try call.complete(answer) }
    }

    /// Reports what a callback has thrown, and closes the channel or the connection if the policy says so.
    private func callbackFailed(_ name: String, _ error: any Error) {
        let reason = "\(name) of channel \(number) threw an error"
        connection.report(AMQPError(.handlerFailed, blame: .application, reason, underlying: error))
        carryOut(connection.parameters.handlerErrorPolicy, because: "a callback failed")
    }

    /// Does what a policy says about channel and connection.
    package func carryOut(_ policy: HandlerErrorPolicy, because reason: String) {
        switch policy {
        case .report, .nack: return
        case .closeChannel: if isOpen { close(replyCode: 541, replyText: reason) }
        case .closeConnection: if connection.isOpen { connection.close(replyCode: 541, replyText: reason) }
        }
    }
}
