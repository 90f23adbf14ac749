internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// Listeners of raw methods, and what happens to listeners that come and go while an event is told.
@Suite struct MethodListenerTests {
    private func deliver(_ rig: Rig, _ tag: UInt64) {
        rig.brokerSends { broker in
            broker.deliver(
                BasicDeliver(consumerTag: "c", deliveryTag: tag, redelivered: false, exchange: "", routingKey: "k"),
                body: [1])
        }
    }

    @Test func aMethodIsToldBeforeItIsActedOn() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        channel.onMethod(.queueDeclareOK) { _, method in
            guard case .queueDeclareOK(let declared) = method else { return }
            rig.log.add("method: \(declared.queue)")
        }
        rig.log.call { channel.queueDeclare("q", completion: rig.log.completion("declare")) }
        rig.loop.settle()
        channel.basicQos(prefetchCount: 1, completion: rig.log.completion("qos"))
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "method: q", "declare: ok", "qos: ok"])
        #expect(rig.log.insideCalls == [])
    }

    @Test func aOneShotListenerHearsOfOneOfItsMethodsOnly() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        channel.onMethod(.queueDeclareOK, .basicQosOK, oneShot: true) { rig.log.add("one shot: \($1.id)") }
        channel.onMethod(.queueDeclareOK, .basicQosOK) { rig.log.add("always: \($1.id)") }
        channel.basicQos(prefetchCount: 1)
        channel.queueDeclare("q") { _ in }
        rig.loop.settle()
        #expect(
            rig.log.lines == [
                "open", "one shot: basic.qos-ok", "always: basic.qos-ok", "always: queue.declare-ok",
            ])
    }

    @Test func aListenerThatIsAddedWhileAnEventIsToldWaitsForTheNextAndOneThatIsRemovedHearsNoMore() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        var second: ListenerToken?
        var isFirst = true
        channel.onMethod(.basicQosOK) { channel, _ in
            rig.log.add("first")
            guard isFirst else { return }
            isFirst = false
            second?.remove()
            channel.onMethod(.basicQosOK) { _, _ in rig.log.add("late") }
        }
        second = channel.onMethod(.basicQosOK) { _, _ in rig.log.add("second") }
        for _ in 0 ..< 2 {
            channel.basicQos(prefetchCount: 1)
            rig.loop.settle()
        }
        #expect(rig.log.lines == ["open", "first", "first", "late"])
    }

    @Test func aOneShotListenerThatAddsItselfAgainHearsOfTheNextMethodNotOfTheSame() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        var count = 0
        func listen() {
            channel.onMethod(.basicQosOK, oneShot: true) { _, _ in
                count += 1
                listen()
            }
        }
        listen()
        for round in 1 ... 3 {
            channel.basicQos(prefetchCount: 1)
            rig.loop.settle()
            #expect(count == round)
        }
    }

    @Test func deliveriesAreToldWithoutTheirContentAndComeAllTheSame() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        let token = channel.onMethod(.basicDeliver) { _, method in
            guard case .basicDeliver(let deliver) = method else { return }
            rig.log.add("method \(deliver.deliveryTag)")
        }
        channel.basicConsume("q", consumerTag: "c", onMessage: { rig.log.add("message \($1.tag)") })
        rig.loop.settle()
        for tag in 1 ... 2 as ClosedRange<UInt64> { deliver(rig, tag) }
        token.remove()
        for tag in 3 ... 4 as ClosedRange<UInt64> { deliver(rig, tag) }
        #expect(
            rig.log.lines == ["open", "method 1", "message 1", "method 2", "message 2", "message 3", "message 4"])
    }

    @Test func aListenerMayCloseTheChannelThatTheMethodIsFor() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        channel.onMethod(.basicDeliver) { channel, _ in if channel.isOpen { channel.close() } }
        channel.basicConsume("q", consumerTag: "c", onMessage: { rig.log.add("message \($1.tag)") })
        rig.loop.settle()
        deliver(rig, 1)
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "channel 1 closed: channelClosedByClient 200"])
        channel.onMethod(.basicDeliver) { _, _ in rig.log.add("never") }
    }

    @Test func methodsOfTheConnectionAreToldToo() {
        let rig = Rig()
        let connection = rig.connect()
        connection.onMethod(.connectionTune, .connectionOpenOK) { rig.log.add("\($1.id)") }
        connection.onMethod(.connectionBlocked, oneShot: true) { connection, method in
            guard case .connectionBlocked(let blocked) = method else { return }
            rig.log.add("blocked: \(blocked.reason), known: \(connection.blockedReason ?? "no")")
        }
        rig.loop.settle()
        for _ in 0 ..< 2 { rig.brokerSends { $0.send(.connectionBlocked(ConnectionBlocked(reason: "memory"))) } }
        #expect(
            rig.log.lines == ["connection.tune", "connection.open-ok", "open", "blocked: memory, known: no"])
    }

    @Test func theCloseOfAChannelAndOfTheConnectionAreTold() throws {
        let rig = Rig()
        let connection = rig.open()
        let channel = try rig.openChannel(connection)
        channel.onMethod(.channelClose) { rig.log.add("\($1.id), open: \($0.isOpen)") }
        connection.onMethod(.connectionClose) { rig.log.add("\($1.id), open: \($0.isOpen)") }
        rig.brokerSends { $0.send(.channelClose(ChannelClose(replyCode: 404, replyText: "no")), channel: 1) }
        rig.brokerSends { $0.send(.connectionClose(ConnectionClose(replyCode: 320, replyText: "bye"))) }
        #expect(
            rig.log.lines == [
                "open", "channel.close, open: true", "channel 1 closed: channelClosedByBroker 404",
                "connection.close, open: true", "closed: connectionClosedByBroker 320",
            ])
    }
}
