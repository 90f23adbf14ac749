internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// How opening a connection ends when something goes wrong, at each of its stages.
@Suite struct OpeningTests {
    /// Where the opening stops.
    enum Stage: CaseIterable, Sendable {
        case resolving
        case connecting
        case awaitingStart
        case awaitingTune
        case awaitingOpenOK

        /// What refuses the answer that the stage waits for.
        @discardableResult
        func stop(_ rig: Rig) -> Rig {
            switch self {
            case .resolving: rig.loop.onResolve = { _, _ in .never }
            case .connecting: rig.loop.onConnect = { _, _ in .never }
            case .awaitingStart: rig.broker.onMethod = { _, method, _ in method.id == .connectionStart }
            case .awaitingTune: rig.broker.onMethod = { _, method, _ in method.id == .connectionStartOK }
            case .awaitingOpenOK: rig.broker.onMethod = { _, method, _ in method.id == .connectionOpen }
            }
            return rig
        }

        var isInHandshake: Bool { self != .resolving && self != .connecting }
    }

    @Test(arguments: Stage.allCases)
    func theStackTimeoutEndsEachStage(stage: Stage) {
        let rig = stage.stop(Rig())
        let connection = rig.connect(
            ConnectionParameters(resolveTimeout: nil, socketTimeout: nil, stackTimeout: .seconds(15)))
        let start = rig.loop.now
        #expect(rig.loop.run(until: { connection.isClosed }, limit: .seconds(100)))
        #expect(start.duration(to: rig.loop.now) == .seconds(15))
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["open error: deadlineExceeded"])
        #expect((rig.broker.end != nil) == stage.isInHandshake, "the stream is cut")
    }

    @Test(arguments: Stage.allCases)
    func closingEndsEachStageAtOnce(stage: Stage) {
        let rig = stage.stop(Rig())
        weak var weakConnection: Connection?
        do {
            let connection = rig.connect()
            weakConnection = connection
            rig.loop.settle()
            rig.log.call { connection.close(completion: rig.log.completion("close")) }
            #expect(connection.isClosed)
            rig.log.call { connection.close(completion: rig.log.completion("second close")) }
            rig.loop.settle()
        }
        rig.loop.run(until: { false })
        #expect(
            rig.log.lines == [
                "open error: connectionOpenAborted 200", "close: ok", "second close: connectionWrongState 0",
            ])
        #expect(rig.log.insideCalls == [])
        #expect((rig.broker.end != nil) == stage.isInHandshake)
        #expect(weakConnection == nil)
    }

    @Test func closingInTheCallThatMadeItWorksToo() {
        let rig = Rig()
        let connection = rig.connect()
        rig.log.call { connection.close(completion: rig.log.completion("close")) }
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["open error: connectionOpenAborted 200", "close: ok"])
        #expect(rig.pipe.toServer.transcript == [])
    }

    @Test(
        arguments: [
            (Stage.awaitingStart, 403, "open error: connectionClosedByBroker 403"),
            (.awaitingTune, 403, "open error: authenticationRefused 403"),
            (.awaitingTune, 320, "open error: connectionClosedByBroker 320"),
            (.awaitingOpenOK, 530, "open error: virtualHostRefused 530"),
            (.awaitingOpenOK, 403, "open error: virtualHostRefused 403"),
            (.awaitingOpenOK, 541, "open error: connectionClosedByBroker 541"),
        ] as [(Stage, UInt16, String)])
    func theBrokersCloseIsAnsweredAtEachStage(stage: Stage, code: UInt16, line: String) {
        let rig = stage.stop(Rig())
        _ = rig.connect()
        rig.loop.settle()
        _ = rig.takeReceived()
        rig.brokerSends { $0.send(.connectionClose(ConnectionClose(replyCode: code, replyText: "no"))) }
        rig.loop.run(until: { false })
        #expect(rig.log.lines == [line])
        #expect(rig.takeReceived() == ["connection.close-ok"])
    }

    @Test(arguments: [
        (Stage.awaitingStart, "open error: incompatibleProtocol"),
        (.awaitingTune, "open error: authenticationRefused"),
        (.awaitingOpenOK, "open error: virtualHostRefused"),
    ])
    func aLostStreamMeansWhatTheStageSays(stage: Stage, line: String) {
        let rig = stage.stop(Rig())
        _ = rig.connect()
        rig.loop.settle()
        rig.broker.closeStream()
        rig.loop.run(until: { false })
        #expect(rig.log.lines == [line])
    }

    @Test func everyAddressIsTriedWithItsOwnDeadline() {
        let rig = Rig()
        let addresses = (1 ... 3).map { SocketAddress.ipv4(0x7F00_0000 + $0, port: 5672) }
        rig.loop.onResolve = { _, _ in .addresses(addresses) }
        var tried: [SocketAddress] = []
        rig.loop.onConnect = { [pipe = rig.pipe] address, _ in
            tried.append(address)
            return switch tried.count {
            case 1: .never
            case 2: .refused(address)
            default: .stream(pipe.client)
            }
        }
        let connection = rig.connect(ConnectionParameters(addressOrder: .sequential, socketTimeout: .seconds(3)))
        let start = rig.loop.now
        #expect(rig.loop.run(until: { connection.isOpen }, limit: .seconds(100)))
        #expect(tried == addresses)
        #expect(start.duration(to: rig.loop.now) == .seconds(3))
    }

    @Test func whenNoAddressAcceptsEachFailureIsNamed() {
        let rig = Rig()
        rig.loop.onResolve = { _, port in .addresses([.ipv4(1, port: port), .unix(path: "/x")]) }
        rig.loop.onConnect = { address, _ in .refused(address) }
        var failure: AMQPError?
        let connection = rig.connect()
        connection.onOpenError { failure = $1 }
        rig.loop.run(until: { false })
        #expect(failure?.code == .connectFailed)
        #expect(failure?.reason.contains("0.0.0.1:5672") == true)
        #expect(failure?.reason.contains("unix:/x") == true)
    }

    @Test func aParameterOutOfRangeIsRefusedInALaterTurn() {
        let rig = Rig()
        _ = rig.connect(ConnectionParameters(frameMax: 4095))
        #expect(rig.log.lines == [])
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["open error: invalidArgument"])
    }

    @Test func anotherProtocolIsRecognised() {
        let rig = Rig()
        rig.broker.onMethod = { broker, _, _ in
            broker.send(raw: Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
            return true
        }
        _ = rig.connect()
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["open error: incompatibleProtocol 501"])
        #expect(rig.takeReceived() == [], "nothing is said to it")
    }

    @Test func anOversizedFirstFrameIsRefused() {
        let rig = Rig()
        rig.broker.onMethod = { broker, _, _ in
            broker.send(raw: [1, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF])
            return true
        }
        _ = rig.connect()
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["open error: protocolViolation 501"])
    }
}
