internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// What callbacks throw reaches the user as itself, with the callback's name, and hurts nobody else.
@Suite struct CallbackErrorTests {
    struct Mishap: Error {}

    /// A callback that throws, and what makes it run.
    struct Place: Sendable, CustomStringConvertible {
        /// What the error says about the callback.
        let description: String
        let arrange: @Sendable (Rig, Connection, Channel) throws -> Void

        init(_ description: String, _ arrange: @escaping @Sendable (Rig, Connection, Channel) throws -> Void) {
            self.description = description
            self.arrange = arrange
        }
    }

    static let onConnections: [Place] = [
        Place("the onClose listener of the connection") { rig, connection, _ in
            connection.onClose { _, _ in throw Mishap() }
            rig.brokerSends { $0.closeStream() }
        },
        Place("the onBlocked listener of the connection") { rig, connection, _ in
            connection.onBlocked { _, _ in throw Mishap() }
            rig.brokerSends { $0.send(.connectionBlocked(ConnectionBlocked(reason: "low on memory"))) }
        },
        Place("the onUnblocked listener of the connection") { rig, connection, _ in
            connection.onUnblocked { _ in throw Mishap() }
            rig.brokerSends {
                $0.send(.connectionBlocked(ConnectionBlocked(reason: "low on memory")))
                $0.send(.connectionUnblocked(ConnectionUnblocked()))
            }
        },
        Place("the onMethod listener of the connection") { rig, connection, _ in
            connection.onMethod(.connectionBlocked) { _, _ in throw Mishap() }
            rig.brokerSends { $0.send(.connectionBlocked(ConnectionBlocked(reason: "low on memory"))) }
        },
        Place("the onStall listener of the connection") { rig, connection, channel in
            connection.onStall { _, _ in throw Mishap() }
            channel.queueDeclare("q") { _ in rig.loop.block(for: .seconds(5)) }
        },
        Place("a completion of connection.close of the connection") { _, connection, _ in
            connection.close { _ in throw Mishap() }
        },
        Place("a completion of connection.update-secret of the connection") { rig, connection, _ in
            connection.updateSecret("s", reason: "") { _ in throw Mishap() }
            rig.loop.settle()
            rig.brokerSends { $0.send(.connectionUpdateSecretOK(ConnectionUpdateSecretOK())) }
        },
        Place("a completion of flush of the connection") { _, connection, _ in
            connection.flush { _ in throw Mishap() }
        },
        Place("the completion of a call that was refused of the connection") { _, connection, _ in
            connection.openChannel(number: 65_000) { _ in throw Mishap() }
        },
    ]

    static let onChannels: [Place] = [
        Place("the onClose listener of channel 1") { rig, _, channel in
            channel.onClose { _, _ in throw Mishap() }
            rig.brokerSends { $0.send(.channelClose(ChannelClose(replyCode: 404, replyText: "no")), channel: 1) }
        },
        Place("the onReturn listener of channel 1") { rig, _, channel in
            channel.onReturn { _, _ in throw Mishap() }
            rig.brokerSends {
                $0.deliver(
                    BasicReturn(replyCode: 312, replyText: "NO_ROUTE", exchange: "", routingKey: "nowhere"), body: [1])
            }
        },
        Place("the onCancel listener of channel 1") { rig, _, channel in
            channel.onCancel { _, _ in throw Mishap() }
            consume(rig, channel)
            rig.brokerSends { $0.send(.basicCancel(BasicCancel(consumerTag: "c", noWait: true)), channel: 1) }
        },
        Place("the onCancel callback of consumer \"c\" of channel 1") { rig, _, channel in
            consume(rig, channel, onCancel: { _, _ in throw Mishap() })
            rig.brokerSends { $0.send(.basicCancel(BasicCancel(consumerTag: "c", noWait: true)), channel: 1) }
        },
        Place("the onFlow listener of channel 1") { rig, _, channel in
            channel.onFlow { _, _ in throw Mishap() }
            rig.brokerSends { $0.send(.channelFlow(ChannelFlow(active: false)), channel: 1) }
        },
        Place("the onMayPublish listener of channel 1") { rig, _, channel in
            channel.onMayPublish { _, _ in throw Mishap() }
            rig.brokerSends { $0.send(.channelFlow(ChannelFlow(active: false)), channel: 1) }
        },
        Place("the onMethod listener of channel 1") { rig, _, channel in
            channel.onMethod(.channelFlow) { _, _ in throw Mishap() }
            rig.brokerSends { $0.send(.channelFlow(ChannelFlow(active: true)), channel: 1) }
        },
        Place("the onPublishOutcome listener of channel 1") { rig, _, channel in
            channel.onPublishOutcome { _, _, _ in throw Mishap() }
            channel.confirmSelect { _ in _ = try channel.basicPublish("x", routingKey: "q") }
            rig.loop.settle()
            rig.brokerSends { $0.send(.basicAck(BasicAck(deliveryTag: 1)), channel: 1) }
        },
        Place("the onOutcome callback of a publish of channel 1") { rig, _, channel in
            channel.confirmSelect { _ in
                try channel.basicPublish("x", routingKey: "q") { _ in throw Mishap() }
            }
            rig.loop.settle()
            rig.brokerSends { $0.send(.basicAck(BasicAck(deliveryTag: 1)), channel: 1) }
        },
        Place("the onOutcome callback of a publish of channel 1") { rig, _, channel in
            channel.confirmSelect { _ in
                try channel.publisher(routingKey: "q").publish("x") { _ in throw Mishap() }
                channel.close()
            }
        },
        Place("the onOutcome callback of a publish of channel 1") { rig, _, channel in
            channel.publishesAfterRequests = true
            channel.confirmSelect { _ in
                rig.broker.onMethod = { _, method, _ in method.id == .queueDeclare }
                channel.queueDeclare("q")
                try channel.basicPublish("x", routingKey: "q") { _ in throw Mishap() }
            }
            rig.loop.settle()
            rig.brokerSends { $0.send(.channelClose(ChannelClose(replyCode: 404, replyText: "no")), channel: 1) }
        },
        Place("a completion of queue.declare of channel 1") { _, _, channel in
            channel.queueDeclare("q") { _ in throw Mishap() }
        },
        Place("a completion of basic.consume of channel 1") { _, _, channel in
            channel.basicConsume("q", onMessage: { _, _ in }) { _ in throw Mishap() }
        },
        Place("a completion of basic.get of channel 1") { _, _, channel in
            channel.basicGet("q") { _ in throw Mishap() }
        },
        Place("a completion of channel.close of channel 1") { _, _, channel in
            channel.close { _ in throw Mishap() }
        },
        Place("a completion of channel.open of channel 2") { _, connection, _ in
            connection.channel { _ in throw Mishap() }
        },
    ]

    private static func consume(
        _ rig: Rig, _ channel: Channel, onCancel: ((Channel, AMQPError) throws -> Void)? = nil
    ) {
        channel.basicConsume("q", consumerTag: "c", onCancel: onCancel, onMessage: { _, _ in })
        rig.loop.settle()
    }

    @Test(arguments: onConnections + onChannels)
    func whatACallbackThrowsReachesTheUserAsItself(_ place: Place) throws {
        let rig = Rig()
        let connection = rig.open()
        let channel = try rig.openChannel(connection)
        var errors: [AMQPError] = []
        connection.onError { errors.append($1) }
        try place.arrange(rig, connection, channel)
        rig.loop.settle()
        #expect(errors.map(\.code) == [.handlerFailed])
        #expect(errors.map(\.blame) == [.application])
        #expect(errors.first?.underlying is Mishap)
        #expect(errors.first?.reason == "\(place) threw an error")
    }

    @Test func errorsOfTheFirstAndLastCallbacksAreReportedToo() {
        var errors: [AMQPError] = []
        for isRefused in [false, true] {
            let rig = Rig()
            if isRefused { rig.broker.tune.frameMax = 1 }
            let connection = rig.connect()
            connection.onOpen { _ in throw Mishap() }
            connection.onOpenError { _, _ in throw Mishap() }
            connection.onError { errors.append($1) }
            rig.loop.settle()
        }
        #expect(
            errors.map(\.reason) == [
                "the onOpen listener of the connection threw an error",
                "the onOpenError listener of the connection threw an error",
            ])
    }

    @Test func aListenerThatThrowsKeepsNobodyElseFromBeingCalled() throws {
        let rig = Rig()
        let connection = rig.open()
        connection.onBlocked { _, _ in throw Mishap() }
        connection.onBlocked { [log = rig.log] _, reason in log.add("second: \(reason)") }
        connection.onError { _, _ in throw Mishap() }
        connection.onError { [log = rig.log] _, error in log.add("second: \(error.code)") }
        rig.brokerSends { $0.send(.connectionBlocked(ConnectionBlocked(reason: "low"))) }
        #expect(rig.log.lines == ["open", "error: handlerFailed", "second: handlerFailed", "second: low"])
        #expect(connection.isOpen)
    }

    @Test(
        arguments: [
            (HandlerErrorPolicy.report, []), (.nack(requeue: true), []), (.closeChannel, ["channel.close"]),
            (.closeConnection, ["channel.close", "connection.close"]),
        ] as [(HandlerErrorPolicy, [String])])
    func thePolicyOfTheConnectionHoldsForAChannelsCallbacks(policy: HandlerErrorPolicy, sent: [String]) throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open(ConnectionParameters(handlerErrorPolicy: policy)))
        channel.queueDeclare("q") { _ in throw Mishap() }
        rig.loop.settle()
        #expect(rig.takeReceived().suffix(sent.count + 1) == ["queue.declare"] + sent)
    }

    @Test(
        arguments: [
            (HandlerErrorPolicy.report, []), (.closeChannel, []), (.closeConnection, ["connection.close"]),
        ] as [(HandlerErrorPolicy, [String])])
    func thePolicyOfTheConnectionHoldsForItsOwnCallbacks(policy: HandlerErrorPolicy, sent: [String]) {
        let rig = Rig()
        let connection = rig.connect(ConnectionParameters(handlerErrorPolicy: policy))
        connection.onOpen { _ in throw Mishap() }
        rig.loop.settle()
        #expect(rig.takeReceived() == ["connection.start-ok", "connection.tune-ok", "connection.open"] + sent)
    }

    @Test func aMessageThatWasGotFollowsThePolicy() throws {
        let rig = Rig()
        let connection = rig.open(ConnectionParameters(handlerErrorPolicy: .nack(requeue: true)))
        let channel = try rig.openChannel(connection)
        rig.broker.onMethod = { broker, method, number in
            guard case .basicGet = method else { return false }
            broker.deliver(
                BasicGetOK(deliveryTag: 7, redelivered: false, exchange: "", routingKey: "q", messageCount: 0),
                body: [1], channel: number)
            return true
        }
        channel.basicGet("q") { _ in throw Mishap() }
        rig.loop.settle()
        guard case .basicNack(let nack)? = rig.broker.methods.last?.method else {
            Issue.record("\(rig.takeReceived())")
            return
        }
        #expect(nack.deliveryTag == 7 && nack.requeue)
        #expect(channel.unackedCount == 0)
    }
}
