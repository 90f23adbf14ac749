import AMQPConnection
import AdapterKit

/// What a program does inside a callback, and what must come of it.
enum CallbackAction: String, CaseIterable {
    case publishing
    case declaring
    case cancelling = "cancelling-a-consumer"
    case closingTheChannel = "closing-the-channel"
    case closingTheConnection = "closing-the-connection"
    case droppingTheLastReference = "dropping-the-last-reference"

    /// Acts, and ends the scenario when it has had its effect.
    func perform(_ stage: CallbackStage) {
        guard let connection = stage.connection, let channel = stage.channel else {
            stage.session.check.fail("the stage is empty")
            return stage.finish()
        }
        let check = stage.session.check
        switch self {
        case .publishing: publish(stage, channel)
        case .declaring: declare(stage, channel)
        case .cancelling: cancel(stage, channel)
        case .closingTheChannel:
            var closes = 0
            stage.call {
                channel.onClose { _, error in
                    stage.entered("onClose")
                    stage.session.expect(error, .channelClosedByClient, "onClose")
                    closes += 1
                }
                channel.close { result in
                    stage.entered("the completion")
                    _ = stage.session.value(result, "close")
                    check.expectEqual(closes, 1, "onClose calls")
                    check.expect(channel.isClosed && connection.isOpen, "\(channel), \(connection)")
                    stage.finish()
                }
            }
        case .closingTheConnection:
            var closes: [String] = []
            stage.call {
                channel.onClose { _, _ in closes.append("channel") }
                connection.onClose { _, error in
                    stage.entered("onClose")
                    stage.session.expect(error, .connectionClosedByClient, "onClose")
                    closes.append("connection")
                }
                connection.close { result in
                    stage.entered("the completion")
                    _ = stage.session.value(result, "close")
                    check.expectEqual(closes, ["channel", "connection"], "onClose calls")
                    stage.finish()
                }
            }
        case .droppingTheLastReference:
            dropLastReference(stage, Reference(connection))
        }
    }

    private func publish(_ stage: CallbackStage, _ channel: Channel) {
        let done = Countdown(2) { stage.finish() }
        stage.onBystander = { delivery in
            stage.entered("the handler")
            stage.session.check.expectEqual(delivery.text, "from inside", "message")
            done.countDown()
        }
        stage.call {
            stage.session.publish("from inside", on: channel, routingKey: stage.queue) { outcome in
                stage.entered("the outcome")
                if case .confirmed = outcome {} else { stage.session.check.fail("outcome \(outcome)") }
                done.countDown()
            }
        }
    }

    private func declare(_ stage: CallbackStage, _ channel: Channel) {
        stage.call {
            channel.queueDeclare(exclusive: true) { result in
                stage.entered("the completion")
                let name = stage.session.value(result, "declare")?.queue
                stage.session.check.expectEqual(name?.hasPrefix("amq.gen-"), true, "the broker's name for the queue")
                stage.finish()
            }
        }
    }

    private func cancel(_ stage: CallbackStage, _ channel: Channel) {
        stage.call {
            channel.basicCancel(CallbackStage.bystander) { result in
                stage.entered("the completion")
                _ = stage.session.value(result, "cancel")
                let tags = channel.consumerTags
                stage.session.check.expect(!tags.contains(CallbackStage.bystander), "consumer tags \(tags)")
                stage.finish()
            }
            let tags = channel.consumerTags
            stage.session.check.expect(!tags.contains(CallbackStage.bystander), "consumer tags \(tags)")
        }
    }

    /// A connection lives until it is closed; then nothing may keep it.
    private func dropLastReference(_ stage: CallbackStage, _ reference: Reference) {
        let wasOpen = stage.connection?.isOpen == true
        stage.call { stage.drop() }
        let session = stage.session
        session.loop.callLater(.milliseconds(5)) {
            session.check.expect(!wasOpen || reference.connection != nil, "a connection that is open was dropped")
            reference.connection?.openChannel { result in
                if wasOpen { _ = session.value(result, "a channel of the dropped connection") }
                reference.connection?.close()
            }
            reference.whenReleased(on: session.loop) { stage.finish() }
        }
    }
}

/// Watches a connection without keeping it.
private final class Reference {
    weak var connection: Connection?

    init(_ connection: Connection) {
        self.connection = connection
    }

    /// Looks every millisecond whether the connection is gone; the scenario's limit ends that.
    func whenReleased(on loop: any IOLoop, _ then: @escaping () -> Void) {
        loop.callLater(.milliseconds(1)) { [self] in
            if connection == nil { then() } else { whenReleased(on: loop, then) }
        }
    }
}
