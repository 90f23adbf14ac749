import AMQPProtocol

/// What the broker answered to a request.
enum Answer {
    /// A method by itself.
    case method(Method)
    /// A method with content: `basic.get-ok`.
    case message(Delivery)
}

/// The continuation of a request, and the timer that ends the wait for its answer.
struct PendingCall {
    /// What was asked.
    var method: MethodID
    var complete: (Result<Answer, AMQPError>) throws -> Void
    /// Whether the user hears of it.
    var isObserved = true
    /// Takes back what an answer gives that comes when nobody waits for it any more.
    var undo: ((Answer) -> Void)?
    var timer: TimerHandle?
    /// Whether nobody waits any more, and the answer is only taken back.
    var isAbandoned = false
}
