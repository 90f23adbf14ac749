internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// Secrets that replace those that a connection was opened with.
@Suite struct SecretTests {
    private static let answer = Method.connectionUpdateSecretOK(ConnectionUpdateSecretOK())

    @Test func updatesAreAnsweredInTheirOrder() {
        let rig = Rig()
        let connection = rig.open()
        _ = rig.takeReceived()
        rig.log.call {
            connection.updateSecret("one", reason: "expires", completion: rig.log.completion("one"))
            connection.updateSecret("two", reason: "expires", completion: rig.log.completion("two"))
        }
        rig.loop.settle()
        #expect(rig.takeReceived() == ["connection.update-secret", "connection.update-secret"])
        if case .connectionUpdateSecret(let update)? = rig.broker.methods.last?.method {
            #expect(update.newSecret.text == "two" && update.reason == "expires")
        }
        rig.brokerSends { $0.send(Self.answer) }
        #expect(rig.log.lines == ["open", "one: ok"])
        rig.brokerSends { $0.send(Self.answer) }
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["open", "one: ok", "two: ok"])
        #expect(rig.log.insideCalls == [])
    }

    @Test func aLateAnswerIsNotTakenForTheNextUpdates() {
        let rig = Rig()
        let connection = rig.open(ConnectionParameters(requestTimeout: .seconds(5)))
        let start = rig.loop.now
        connection.updateSecret("one", reason: "", completion: rig.log.completion("one"))
        rig.loop.run(until: { rig.log.lines.count == 2 })
        #expect(rig.log.lines == ["open", "one: deadlineExceeded 0"])
        #expect(start.duration(to: rig.loop.now) == .seconds(5))
        connection.updateSecret("two", reason: "", completion: rig.log.completion("two"))
        rig.brokerSends { $0.send(Self.answer) }
        #expect(rig.log.lines.count == 2)
        rig.brokerSends { $0.send(Self.answer) }
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["open", "one: deadlineExceeded 0", "two: ok"])
        #expect(connection.isOpen)
    }

    @Test func theEndOfTheConnectionFailsThemAll() {
        let rig = Rig()
        let connection = rig.open()
        connection.updateSecret("one", reason: "", completion: rig.log.completion("one"))
        connection.updateSecret("two", reason: "", completion: rig.log.completion("two"))
        rig.loop.settle()
        rig.brokerSends { $0.send(.connectionClose(ConnectionClose(replyCode: 530, replyText: "no"))) }
        rig.loop.run(until: { false })
        #expect(
            rig.log.lines == [
                "open", "one: connectionClosedByBroker 530", "two: connectionClosedByBroker 530",
                "closed: connectionClosedByBroker 530",
            ])
    }

    @Test func whatCannotBeSentIsRefused() {
        let rig = Rig()
        let connection = rig.connect()
        rig.log.call { connection.updateSecret("s", reason: "", completion: rig.log.completion("early")) }
        rig.loop.settle()
        let (long, huge) = (String(repeating: "r", count: 256), String(repeating: "s", count: 10_000))
        _ = rig.takeReceived()
        rig.log.call {
            connection.updateSecret("s", reason: long, completion: rig.log.completion("long reason"))
            connection.updateSecret(huge, reason: "", completion: rig.log.completion("huge secret"))
            connection.updateSecret("s", reason: long)
        }
        rig.loop.run(until: { false })
        #expect(
            Set(rig.log.lines) == [
                "open", "early: connectionWrongState 0", "long reason: invalidArgument 0",
                "huge secret: invalidArgument 0", "error: invalidArgument",
            ])
        #expect(rig.takeReceived() == [])
        #expect(rig.log.insideCalls == [] && rig.log.lost == [] && rig.log.doubled == [])
    }

    @Test func aDeadlineThatNobodyWaitsForIsReported() {
        let rig = Rig()
        let connection = rig.open()
        connection.updateSecret("s", reason: "")
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["open", "error: deadlineExceeded"])
    }
}
