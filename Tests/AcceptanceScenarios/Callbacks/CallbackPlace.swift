import AMQPConnection
import AdapterKit

/// The callbacks that a program acts in, each brought about by what leads to it.
enum CallbackPlace: String, CaseIterable {
    case channelOpen = "the-open-completion-of-a-channel"
    case completion = "a-completion"
    case failure = "the-completion-of-what-failed"
    case delivery = "a-delivery-handler"
    case get = "the-completion-of-a-get"
    case returned = "a-return-listener"
    case outcome = "a-publish's-outcome"
    case outcomeListener = "an-outcome-listener"
    case consumerCancel = "a-consumer's-cancel-callback"
    case cancelListener = "a-cancel-listener"
    case channelClose = "a-channel's-close-listener"
    case errorListener = "an-error-listener"
    case timer = "a-timer"
    case mailbox = "a-posted-callback"

    /// Has the stage act inside the callback.
    func reach(_ stage: CallbackStage) {
        guard let connection = stage.connection, let channel = stage.channel else { return }
        let session = stage.session
        switch self {
        case .channelOpen:
            connection.openChannel { _ in stage.act() }
        case .completion:
            channel.queueDeclare(stage.queue, passive: true) { _ in stage.act() }
        case .failure:
            connection.channel { other in
                other.queueDeclare("missing.\(session.uniqueName())", passive: true) { _ in stage.act() }
            }
        case .delivery:
            stage.anotherQueue { channel, queue in
                channel.basicConsume(queue, autoAck: true, onMessage: { _, _ in stage.act() })
                session.publish("x", on: channel, routingKey: queue)
            }
        case .get:
            stage.anotherQueue { channel, queue in channel.basicGet(queue) { _ in stage.act() } }
        case .returned:
            channel.onReturn { _, _ in stage.act() }
            session.publish("x", on: channel, routingKey: "nowhere.\(session.uniqueName())", mandatory: true)
        case .outcome:
            session.publish("x", on: channel, routingKey: "nowhere.\(session.uniqueName())") { _ in stage.act() }
        case .outcomeListener:
            channel.onPublishOutcome { _, _, _ in stage.act() }
            session.publish("x", on: channel, routingKey: "nowhere.\(session.uniqueName())")
        case .consumerCancel:
            stage.anotherQueue { channel, queue in
                channel.basicConsume(queue, onCancel: { _, _ in stage.act() }, onMessage: { _, _ in })
                channel.queueDelete(queue)
            }
        case .cancelListener:
            stage.anotherQueue { channel, queue in
                channel.onCancel { _, _ in stage.act() }
                channel.basicConsume(queue, onMessage: { _, _ in })
                channel.queueDelete(queue)
            }
        case .channelClose:
            connection.channel { other in
                other.onClose { _, _ in stage.act() }
                other.close()
            }
        case .errorListener:
            connection.onError { _, _ in stage.act() }
            channel.basicCancel("a-tag-that-no-consumer-has")
        case .timer:
            session.loop.callLater(.milliseconds(1)) { stage.act() }
        case .mailbox:
            session.onOtherThread({}, then: { stage.act() })
        }
    }
}
