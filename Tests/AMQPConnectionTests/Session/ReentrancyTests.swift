internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// Inside every callback every call is legal (law L4): each call is made from each event of the rich session.
@Suite struct ReentrancyTests {
    enum Action: CaseIterable, Sendable {
        case closeConnection
        case closeConnectionTwice
        case closeChannel
        case publish
        case declareAndConsume
        case openChannel
        case cancelConsumer
        case loseStream
        case acknowledgeNonsense
    }

    /// Comes back to the channel when it is let go.
    private final class Owner {
        let channel: Channel
        let token: ListenerToken
        let count: () -> Void

        init(_ channel: Channel, _ count: @escaping () -> Void) {
            (self.channel, self.count) = (channel, count)
            token = channel.onReturn { _, _ in }
        }

        deinit {
            token.remove()
            channel.onReturn { _, _ in }.remove()
            channel.basicCancel("c", completion: { _ in })
            _ = channel.consumerTags
            count()
        }
    }

    @Test func whatListenersAndHandlersHoldMayComeBackWhenItIsLetGo() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        var gone = 0
        do {
            let owners = (0 ..< 4).map { _ in Owner(channel) { gone += 1 } }
            channel.onReturn { _, _ in _ = owners[0] }
            channel.onClose { _, _ in _ = owners[1] }
            channel.basicConsume("q", consumerTag: "c", onMessage: { _, _ in _ = owners[2] })
            rig.broker.onMethod = { _, method, _ in method.id == .basicCancel }
            rig.loop.settle()
            channel.basicCancel("c")
            rig.loop.settle()
        }
        rig.pipe.server.abort()
        rig.loop.run(until: { false })
        #expect(gone == 4)
    }

    @Test(arguments: Action.allCases)
    func eachCallIsLegalInEachCallback(action: Action) {
        let events = RichSessionTests.reference().log.lines.count
        var continuations = 0
        for event in 1 ... events {
            let session = RichSession()
            session.log.onEvent = { [unowned session] count in
                if count == event { perform(action, in: session) }
            }
            session.run()
            if let connection = session.connection {
                session.log.call { connection.close() }
                session.loop.run(until: { false }, limit: .seconds(600))
            }
            let line = session.log.lines[event - 1]
            #expect(session.log.lost == [], "in \(line)")
            #expect(session.log.doubled == [], "in \(line)")
            #expect(session.log.insideCalls == [], "in \(line)")
            #expect(session.connection == nil, "in \(line): the connection leaks")
            let terminal = session.log.lines.filter { $0.hasPrefix("connection closed:") }
            #expect(terminal.count == 1, "in \(line)")
            continuations += session.log.completionCount
        }
        print("\(action) in each of \(events) callbacks: \(continuations) continuations")
    }

    private func perform(_ action: Action, in session: RichSession) {
        let log = session.log
        guard let connection = session.connection else { return }
        let channel = session.channel
        log.call {
            switch action {
            case .closeConnection:
                connection.close(completion: log.completion("extra close"))
            case .closeConnectionTwice:
                connection.close(completion: log.completion("extra close"))
                connection.close(completion: log.completion("extra close again"))
            case .closeChannel:
                channel?.close(completion: log.completion("extra channel close"))
                channel?.close(completion: log.completion("extra channel close again"))
            case .publish:
                for _ in 0 ..< 3 {
                    let error = thrown {
                        _ = try channel?.basicPublish(Array(repeating: 1, count: 30_000), routingKey: "third")
                    }
                    #expect(error == nil || error?.code == .channelWrongState)
                }
            case .declareAndConsume:
                channel?.queueDeclare("extra", completion: log.completion("extra declare"))
                channel?.queueBind("extra", exchange: "ex")
                channel?.basicConsume("extra", onMessage: { _, _ in }, completion: log.completion("extra consume"))
                channel?.basicConsume("extra", consumerTag: "first", onMessage: { _, _ in })
                channel?.queueDeclare(String(repeating: "x", count: 256), completion: log.completion("too long"))
            case .openChannel:
                connection.openChannel(completion: log.completion("extra channel"))
                connection.openChannel(number: 1, completion: log.completion("extra channel 1"))
            case .cancelConsumer:
                channel?.basicCancel("first", completion: log.completion("extra cancel"))
                channel?.basicCancel("first", completion: log.completion("extra cancel again"))
                channel?.basicCancel("second")
            case .loseStream:
                session.pipe.toClient.cut(after: 0, by: .reset)
            case .acknowledgeNonsense:
                channel?.basicAck(.max, multiple: true)
                channel?.basicNack(0, multiple: true)
                channel?.basicReject(1)
            }
        }
    }
}
