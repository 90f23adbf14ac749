internal import AMQPProtocol
internal import Testing

@testable internal import AMQPConnection

@Suite struct HandshakeStateMachineTests {
    static let start = ConnectionStart(
        versionMajor: 0, versionMinor: 9, serverProperties: [:], mechanisms: ByteSlice(utf8: "AMQPLAIN PLAIN"),
        locales: ByteSlice(utf8: "en_US"))
    static let tune = ConnectionTune(channelMax: 2047, frameMax: 131_072, heartbeat: 60)

    @Test func anOrderlyOpening() throws {
        var machine = HandshakeStateMachine(ConnectionParameters(virtualHost: "v"))
        let startOK = try machine.receivedStart(Self.start)
        #expect(startOK.mechanism == "PLAIN")
        #expect(startOK.response.text == "\0guest\0guest")
        #expect(startOK.locale == "en_US")
        #expect(machine.tuned == nil)
        let (tuneOK, open) = try machine.receivedTune(Self.tune)
        #expect(tuneOK == ConnectionTuneOK(channelMax: 2047, frameMax: 131_072, heartbeat: 60))
        #expect(open == ConnectionOpen(virtualHost: "v"))
        #expect(machine.tuned == TunedParameters(channelMax: 2047, frameMax: 131_072, heartbeat: 60))
        let tuned = try machine.receivedOpenOK()
        #expect(tuned == TunedParameters(channelMax: 2047, frameMax: 131_072, heartbeat: 60))
    }

    @Test func theBrokerIsToldWhoConnectsAndEntriesOfTheUserReplaceOurs() throws {
        func told(_ parameters: ConnectionParameters) throws -> FieldTable {
            var machine = HandshakeStateMachine(parameters)
            return try machine.receivedStart(Self.start).clientProperties
        }
        let plain = try told(ConnectionParameters())
        #expect(Set(plain.map(\.key)) == ["product", "version", "platform", "information", "capabilities"])
        #expect(plain["product"] == "Ochotona" && plain["platform"] == "Swift")
        #expect(plain["version"] == .text(ClientProperties.version))
        guard case .table(let capabilities) = plain["capabilities"] else {
            Issue.record("no capabilities")
            return
        }
        let names = [
            "authentication_failure_close", "basic.nack", "connection.blocked", "consumer_cancel_notify",
            "exchange_exchange_bindings", "publisher_confirms",
        ]
        #expect(Set(capabilities.map(\.key)) == Set(names))
        #expect(names.allSatisfy { capabilities[$0] == true })

        let own = try told(
            ConnectionParameters(
                connectionName: "name",
                clientProperties: ["product": "Mine", "capabilities": ["basic.nack": false], "x": 1]))
        #expect(own["connection_name"] == "name" && own["product"] == "Mine" && own["x"] == 1)
        #expect(own["capabilities"] == ["basic.nack": false])
        #expect(own["platform"] == "Swift")
    }

    @Test func aChallengeIsRefusedByPlainAndAnsweredByCredentialsThatCan() throws {
        var plain = HandshakeStateMachine(ConnectionParameters())
        _ = try plain.receivedStart(Self.start)
        let refused = thrown { _ = try plain.receivedSecure(ConnectionSecure(challenge: [1])) }
        #expect(refused?.code == .authenticationRefused)

        var talking = HandshakeStateMachine(ConnectionParameters(credentials: TalkingCredentials()))
        _ = try talking.receivedStart(Self.start)
        #expect(try talking.receivedSecure(ConnectionSecure(challenge: [1])).response == [1, 1])
        #expect(try talking.receivedSecure(ConnectionSecure(challenge: [2])).response == [2, 2])
        _ = try talking.receivedTune(Self.tune)
    }

    @Test func anythingOutOfOrderIsTheBrokersFault() throws {
        var machine = HandshakeStateMachine(ConnectionParameters())
        #expect(thrown { _ = try machine.receivedTune(Self.tune) }?.code == .protocolViolation)
        #expect(thrown { _ = try machine.receivedSecure(.init(challenge: [])) }?.code == .protocolViolation)
        #expect(thrown { _ = try machine.receivedOpenOK() }?.code == .protocolViolation)
        _ = try machine.receivedStart(Self.start)
        #expect(thrown { _ = try machine.receivedStart(Self.start) }?.code == .protocolViolation)
        #expect(thrown { _ = try machine.receivedOpenOK() }?.code == .protocolViolation)
        _ = try machine.receivedTune(Self.tune)
        #expect(thrown { _ = try machine.receivedTune(Self.tune) }?.code == .protocolViolation)
        #expect(thrown { _ = try machine.receivedSecure(.init(challenge: [])) }?.code == .protocolViolation)
        _ = try machine.receivedOpenOK()
        let last = thrown { _ = try machine.receivedOpenOK() }
        #expect(last?.code == .protocolViolation)
        #expect(last?.blame == .peer)
        #expect(last?.replyCode == 503)
        #expect(last?.method == .connectionOpenOK)
    }

    @Test(arguments: [(0, 8), (1, 0), (0, 10), (9, 1)] as [(UInt8, UInt8)])
    func anotherVersionIsIncompatible(major: UInt8, minor: UInt8) {
        var machine = HandshakeStateMachine(ConnectionParameters())
        var start = Self.start
        (start.versionMajor, start.versionMinor) = (major, minor)
        #expect(thrown { _ = try machine.receivedStart(start) }?.code == .incompatibleProtocol)
    }

    @Test(arguments: ["", "AMQPLAIN", "EXTERNAL PLAINTEXT", "plain"])
    func aMechanismThatIsNotOfferedIsNamed(mechanisms: String) {
        var machine = HandshakeStateMachine(ConnectionParameters())
        var start = Self.start
        start.mechanisms = ByteSlice(utf8: mechanisms)
        let error = thrown { _ = try machine.receivedStart(start) }
        #expect(error?.code == .authenticationMechanismNotOffered)
        #expect(error?.reason.contains("PLAIN") == true)
    }

    @Test(arguments: [1, 7, 8, 9, 4095] as [UInt32])
    func aFrameMaxBelowTheLeastIsRefused(frameMax: UInt32) throws {
        var machine = HandshakeStateMachine(ConnectionParameters())
        _ = try machine.receivedStart(Self.start)
        let tune = ConnectionTune(channelMax: 0, frameMax: frameMax, heartbeat: 0)
        #expect(thrown { _ = try machine.receivedTune(tune) }?.code == .tuningRefused)
    }

    /// Broker's value, ours, and what is agreed on; 0 from the broker means no limit.
    @Test(
        arguments: [
            (0, 131_072, 131_072), (4096, 131_072, 4096), (131_072, 4096, 4096), (0x7FFF_FFFF, 8192, 8192),
            (0x8000_0000, 8192, 8192), (0xFFFF_FFFF, 0x7FFF_FFFF, 0x7FFF_FFFF), (0, 4096, 4096),
        ] as [(UInt32, Int, Int)])
    func theSmallerFrameMaxHolds(broker: UInt32, ours: Int, agreed: Int) throws {
        var machine = HandshakeStateMachine(ConnectionParameters(frameMax: ours))
        _ = try machine.receivedStart(Self.start)
        let tune = ConnectionTune(channelMax: 0, frameMax: broker, heartbeat: 0)
        #expect(try machine.receivedTune(tune).0.frameMax == UInt32(agreed))
        #expect(machine.tuned?.frameMax == agreed)
    }

    @Test(
        arguments: [(0, 65535, 65535), (0, 7, 7), (1, 65535, 1), (2047, 10, 10), (65535, 65535, 65535)]
            as [(UInt16, UInt16, UInt16)])
    func theSmallerChannelMaxHolds(broker: UInt16, ours: UInt16, agreed: UInt16) throws {
        var machine = HandshakeStateMachine(ConnectionParameters(channelMax: ours))
        _ = try machine.receivedStart(Self.start)
        let tune = ConnectionTune(channelMax: broker, frameMax: 0, heartbeat: 0)
        #expect(try machine.receivedTune(tune).0.channelMax == agreed)
    }

    @Test(
        arguments: [(60, nil, 60), (0, nil, 0), (60, 0, 0), (60, 5, 5), (0, 5, 5), (65535, 65535, 65535)]
            as [(UInt16, Heartbeat?, UInt16)])
    func ourHeartbeatHoldsIfThereIsOne(broker: UInt16, ours: Heartbeat?, agreed: UInt16) throws {
        var machine = HandshakeStateMachine(ConnectionParameters(heartbeat: ours))
        _ = try machine.receivedStart(Self.start)
        let tune = ConnectionTune(channelMax: 0, frameMax: 0, heartbeat: broker)
        #expect(try machine.receivedTune(tune).0.heartbeat == agreed)
    }

    @Test func theStageTellsWhatARefusalMeans() throws {
        let lost = AMQPError(.streamLost, blame: .transport, "gone")
        func closed(_ code: UInt16) -> AMQPError {
            AMQPError(.connectionClosedByBroker, blame: .application, "closed", replyCode: code, replyText: "text")
        }
        var machine = HandshakeStateMachine(ConnectionParameters())
        #expect(machine.classify(lost).code == .incompatibleProtocol)
        #expect(machine.classify(closed(320)).code == .connectionClosedByBroker)
        _ = try machine.receivedStart(Self.start)
        #expect(machine.classify(lost).code == .authenticationRefused)
        #expect(machine.classify(closed(403)).code == .authenticationRefused)
        #expect(machine.classify(closed(403)).replyText == "text")
        #expect(machine.classify(closed(320)).code == .connectionClosedByBroker)
        _ = try machine.receivedTune(Self.tune)
        for code in [402, 403, 530] as [UInt16] {
            #expect(machine.classify(closed(code)).code == .virtualHostRefused)
            #expect(machine.classify(closed(code)).replyCode == code)
        }
        #expect(machine.classify(lost).code == .virtualHostRefused)
        #expect(machine.classify(closed(541)).code == .connectionClosedByBroker)
        _ = try machine.receivedOpenOK()
        #expect(machine.classify(lost).code == .streamLost)
    }
}

/// A mechanism that answers each challenge with the challenge twice.
private struct TalkingCredentials: Credentials {
    let mechanism = "PLAIN"
    func initialResponse() throws(AMQPError) -> ByteSlice { [0] }
    func response(to challenge: ByteSlice) throws(AMQPError) -> ByteSlice? {
        ByteSlice(Array(challenge) + Array(challenge))
    }
}
