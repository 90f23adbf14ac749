import AMQPConnection
import AdapterKit

/// A connection with a channel in confirm mode and a consumer, for actions inside callbacks.
///
/// The stage holds connection and channel; what a callback is about is arranged by ``CallbackPlace``, what it does by
/// ``CallbackAction``.
final class CallbackStage {
    /// The tag of the consumer that stands by.
    static let bystander = "bystander"

    let session: Session
    private(set) var connection: Connection?
    /// The channel to act on.
    private(set) var channel: Channel?
    /// The queue of the consumer that stands by.
    private(set) var queue = ""
    /// Called for each message of that consumer's.
    var onBystander: (Delivery) -> Void = { _ in }
    private var isCalling = false
    private var action: ((CallbackStage) -> Void)?

    private init(_ session: Session, _ action: @escaping (CallbackStage) -> Void) {
        self.session = session
        self.action = action
    }

    /// Arranges a stage; `then` gets it in a callback.
    static func make(
        _ session: Session, action: @escaping (CallbackStage) -> Void, then: @escaping (CallbackStage) -> Void
    ) {
        let stage = CallbackStage(session, action)
        stage.connection = Connection(
            session.parameters, on: session.loop,
            onOpen: { connection in
                session.channel(on: connection) { channel in
                    stage.channel = channel
                    channel.confirmSelect()
                    channel.queueDeclare(exclusive: true) { result in
                        guard let declared = session.value(result, "declare") else { return }
                        stage.queue = declared.queue
                        channel.basicConsume(
                            declared.queue, consumerTag: bystander, autoAck: true,
                            onMessage: { [weak stage] _, delivery in stage?.onBystander(delivery) }
                        ) { _ in then(stage) }
                    }
                }
            })
    }

    /// Declares another queue that ends with the connection.
    func anotherQueue(_ body: @escaping (Channel, String) -> Void) {
        guard let channel else { return }
        channel.queueDeclare(exclusive: true) { [session] result in
            if let declared = session.value(result, "declare") { body(channel, declared.queue) }
        }
    }

    /// Acts: called in the callback that is under test; only the first time counts.
    func act() {
        let action = self.action
        self.action = nil
        action?(self)
    }

    /// Makes a call during which no callback may run.
    func call(_ body: () -> Void) {
        isCalling = true
        body()
        isCalling = false
    }

    /// Says that a callback runs.
    func entered(_ callback: String) {
        session.check.expect(!isCalling, "\(callback) ran inside the call that led to it")
    }

    /// Ends the scenario and closes the connection in order.
    func finish() {
        if let connection { session.adopt(connection) }
        drop()
        session.finish()
    }

    /// Lets go of connection and channel.
    func drop() {
        connection = nil
        channel = nil
    }
}
