internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// Connections over a stream that the program has opened.
@Suite struct GivenStreamTests {
    private func connection(
        _ rig: Rig, _ parameters: ConnectionParameters = ConnectionParameters()
    ) -> Connection {
        rig.loop.onResolve = { _, _ in
            Issue.record("a name was resolved")
            return .never
        }
        return rig.log.call {
            Connection(
                parameters, over: rig.pipe.client, on: rig.loop, onOpen: { _ in rig.log.add("open") },
                onOpenError: { rig.log.add("open error: \($1.line)") },
                onClose: { rig.log.add("closed: \($1.line)") })
        }
    }

    @Test func theHandshakeBeginsWithoutConnecting() {
        let rig = Rig()
        let connection = connection(rig)
        rig.loop.settle()
        #expect(connection.isOpen)
        connection.close(completion: rig.log.completion("close"))
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["open", "closed: connectionClosedByClient 200", "close: ok"])
        #expect(rig.log.insideCalls == [])
    }

    @Test func thereIsOneAttemptOnly() {
        let rig = Rig()
        rig.broker.onMethod = { broker, method, _ in
            if method.id == .connectionOpen { broker.closeStream() }
            return method.id == .connectionOpen
        }
        let connection = connection(rig, ConnectionParameters(connectionAttempts: 5))
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["open error: virtualHostRefused"])
        #expect(connection.connectionFailures.map(\.phase) == [.handshake])
    }

    @Test func whateverEndsTheConnectionBeforeItIsUsedEndsTheStream() {
        for parameters in [
            ConnectionParameters(frameMax: 1), ConnectionParameters(credentialsProvider: FailingProvider()),
        ] {
            let rig = Rig()
            _ = connection(rig, parameters)
            rig.loop.run(until: { false })
            #expect(rig.log.lines.count == 1)
            #expect(rig.broker.end != nil)
        }
        let rig = Rig()
        let closed = connection(rig)
        closed.close()
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["open error: connectionOpenAborted 200"])
        #expect(rig.broker.end != nil)
        #expect(rig.broker.methods.isEmpty)
    }

    @Test func capabilitiesAreProperties() {
        let rig = Rig()
        rig.broker.onMethod = { broker, method, _ in
            guard case .connectionStart(var start) = method else { return false }
            start.serverProperties = ["capabilities": .table(["basic.nack": true, "publisher_confirms": false])]
            broker.send(.connectionStart(start))
            return true
        }
        let connection = connection(rig)
        rig.loop.settle()
        #expect(connection.basicNack)
        #expect(!connection.publisherConfirms && !connection.consumerCancelNotify)
        #expect(!connection.exchangeExchangeBindings)
        connection.close()
        rig.loop.run(until: { false })
    }

    @Test func confirmsThatTheBrokerDoesNotOfferAreNotAskedFor() throws {
        let rig = Rig()
        rig.broker.onMethod = { broker, method, _ in
            guard case .connectionStart(var start) = method else { return false }
            start.serverProperties = ["capabilities": .table(["publisher_confirms": false])]
            broker.send(.connectionStart(start))
            return true
        }
        let channel = try rig.openChannel(rig.open())
        _ = rig.takeReceived()
        rig.log.call { channel.confirmSelect(completion: rig.log.completion("select")) }
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "select: notSupported 0"])
        #expect(rig.takeReceived() == [] && !channel.isConfirming && channel.isOpen)
    }
}
