internal import AMQPProtocol
internal import Testing

@testable internal import AMQPConnection

@Suite struct ConnectionStateMachineTests {
    static let closeByBroker = Method.connectionClose(
        ConnectionClose(replyCode: 320, replyText: "maint", classID: 0, methodID: 0))
    static let close = ConnectionClose(replyCode: 200, replyText: "bye", classID: 0, methodID: 0)
    static let lost = AMQPError(.streamLost, blame: .transport, "gone")

    /// A machine that is open.
    static func opened() throws -> ConnectionStateMachine {
        var machine = ConnectionStateMachine(ConnectionParameters())
        machine.streamConnected()
        for method in [
            Method.connectionStart(HandshakeStateMachineTests.start),
            .connectionTune(HandshakeStateMachineTests.tune), .connectionOpenOK(ConnectionOpenOK()),
        ] {
            _ = try machine.received(method)
        }
        return machine
    }

    @Test func aWholeLifeClosedByTheUser() throws {
        var machine = ConnectionStateMachine(ConnectionParameters())
        #expect(machine.line == "connecting")
        machine.streamConnected()
        #expect(machine.line == "handshaking")
        let start = Method.connectionStart(HandshakeStateMachineTests.start)
        #expect(try machine.received(start).line == "send connection.start-ok")
        let tune = Method.connectionTune(HandshakeStateMachineTests.tune)
        #expect(try machine.received(tune).line == "tuned 131072, send connection.tune-ok connection.open")
        #expect(try machine.received(.connectionOpenOK(ConnectionOpenOK())).line == "opened")
        #expect(machine.line == "open")
        #expect(try machine.received(.connectionBlocked(ConnectionBlocked(reason: "low"))).line == "blocked low")
        #expect(try machine.received(.connectionUnblocked(ConnectionUnblocked())).line == "unblocked")
        #expect(try machine.received(.connectionUpdateSecretOK(ConnectionUpdateSecretOK())).line == "reply")
        #expect(machine.requestedClose(Self.close).line == "close channels")
        #expect(machine.line == "closing")
        #expect(machine.requestedClose(Self.close).line == "refuse")
        #expect(machine.channelsClosed() == Self.close)
        #expect(machine.channelsClosed() == nil)
        let closeOK = Method.connectionCloseOK(ConnectionCloseOK())
        #expect(try machine.received(closeOK).line == "close confirmed connectionClosedByClient 200")
        #expect(machine.line == "closed connectionClosedByClient")
        #expect(try machine.received(closeOK).line == "none")
        #expect(machine.requestedClose(Self.close).line == "refuse")
        #expect(machine.ended(Self.lost).line == "none")
    }

    @Test func theBrokersCloseEndsEveryState() throws {
        var machine = try Self.opened()
        #expect(try machine.received(Self.closeByBroker).line == "closed by broker connectionClosedByBroker 320")
        #expect(machine.line == "closed connectionClosedByBroker")
        #expect(try machine.received(Self.closeByBroker).line == "none")

        machine = try Self.opened()
        _ = machine.requestedClose(Self.close)
        #expect(try machine.received(Self.closeByBroker).line == "closed by broker connectionClosedByBroker 320")

        machine = try Self.opened()
        _ = machine.requestedClose(Self.close)
        _ = machine.channelsClosed()
        #expect(try machine.received(Self.closeByBroker).line == "closed by broker connectionClosedByBroker 320")
        #expect(machine.line == "closed connectionClosedByBroker")

        machine = ConnectionStateMachine(ConnectionParameters())
        machine.streamConnected()
        _ = try machine.received(.connectionStart(HandshakeStateMachineTests.start))
        let refusal = Method.connectionClose(
            ConnectionClose(replyCode: 403, replyText: "ACCESS_REFUSED", classID: 0, methodID: 0))
        #expect(try machine.received(refusal).line == "refused by broker authenticationRefused 403")
    }

    @Test func closingBeforeItIsOpenAbandons() throws {
        var machine = ConnectionStateMachine(ConnectionParameters())
        #expect(machine.requestedClose(Self.close).line == "abandon connectionOpenAborted")
        #expect(machine.requestedClose(Self.close).line == "refuse")
        machine = ConnectionStateMachine(ConnectionParameters())
        machine.streamConnected()
        #expect(machine.requestedClose(Self.close).line == "abandon connectionOpenAborted")
        #expect(try machine.received(.connectionStart(HandshakeStateMachineTests.start)).line == "none")
    }

    @Test func aStreamThatConnectsBehindACloseChangesNothing() {
        var machine = ConnectionStateMachine(ConnectionParameters())
        _ = machine.requestedClose(Self.close)
        machine.streamConnected()
        #expect(machine.line == "closed connectionOpenAborted")
    }

    @Test func aLostStreamEndsEveryStateOnce() throws {
        var machine = ConnectionStateMachine(ConnectionParameters())
        #expect(machine.ended(Self.lost).line == "attempt failed streamLost")

        machine = ConnectionStateMachine(ConnectionParameters())
        machine.streamConnected()
        #expect(machine.ended(Self.lost).line == "attempt failed incompatibleProtocol")
        #expect(machine.line == "connecting")

        machine = try Self.opened()
        #expect(machine.ended(Self.lost).line == "end streamLost")
        #expect(machine.ended(Self.lost).line == "none")

        machine = try Self.opened()
        _ = machine.requestedClose(Self.close)
        #expect(machine.ended(Self.lost).line == "end streamLost")
        #expect(machine.channelsClosed() == nil)
    }

    @Test func anAttemptThatFailedLeavesRoomForTheNextUntilTheConnectionGivesUp() throws {
        var machine = ConnectionStateMachine(ConnectionParameters())
        machine.streamConnected()
        _ = try machine.received(.connectionStart(HandshakeStateMachineTests.start))
        #expect(try machine.received(Self.closeByBroker).line == "refused by broker connectionClosedByBroker 320")
        #expect(machine.line == "connecting")
        #expect(try machine.received(.connectionStart(HandshakeStateMachineTests.start)).line == "none")
        machine.attemptBegan(ConnectionParameters(virtualHost: "other"))
        machine.streamConnected()
        _ = try machine.received(.connectionStart(HandshakeStateMachineTests.start))
        guard case .tuned(_, let methods) = try machine.received(.connectionTune(HandshakeStateMachineTests.tune)),
            case .connectionOpen(let open)? = methods.last
        else {
            Issue.record("no connection.open")
            return
        }
        #expect(open.virtualHost == "other")
        let isFirst = machine.gaveUp(Self.lost)
        #expect(isFirst)
        #expect(machine.line == "closed streamLost")
        let isSecond = machine.gaveUp(Self.lost)
        #expect(!isSecond)
    }

    @Test func whatIsNotAllowedNowIsAViolation() throws {
        for method in [
            Method.connectionStart(HandshakeStateMachineTests.start), .connectionSecure(.init(challenge: [])),
            .connectionTune(HandshakeStateMachineTests.tune), .connectionOpenOK(.init()), .connectionCloseOK(.init()),
            .connectionStartOK(.init(clientProperties: [:], mechanism: "", response: [], locale: "")),
            .channelOpenOK(.init()), .queueDeclareOK(.init(queue: "", messageCount: 0, consumerCount: 0)),
        ] {
            var machine = try Self.opened()
            let error = thrown { _ = try machine.received(method) }
            #expect(error?.code == .protocolViolation)
            #expect(error?.replyCode == 503)
            #expect(error?.method == method.id)
            #expect(machine.line == "open", "the state changes when the connection ends, not before")
        }
        var machine = try Self.opened()
        _ = machine.requestedClose(Self.close)
        #expect(thrown { _ = try machine.received(.connectionCloseOK(.init())) }?.code == .protocolViolation)
    }
}

extension ConnectionStateMachine {
    /// The state in a word.
    fileprivate var line: String {
        switch state {
        case .connecting: "connecting"
        case .handshaking: "handshaking"
        case .open: "open"
        case .closing: "closing"
        case .closed(let error): "closed \(error.code)"
        }
    }
}

extension ConnectionStateMachine.MethodAction {
    fileprivate var line: String {
        func names(_ methods: [Method]) -> String { methods.map { "\($0.id)" }.joined(separator: " ") }
        return switch self {
        case .send(let methods): "send \(names(methods))"
        case .tuned(let tuned, let methods): "tuned \(tuned.frameMax), send \(names(methods))"
        case .opened: "opened"
        case .refusedByBroker(let error): "refused by broker \(error.code) \(error.replyCode ?? 0)"
        case .closedByBroker(let error): "closed by broker \(error.code) \(error.replyCode ?? 0)"
        case .closeConfirmed(let error): "close confirmed \(error.code) \(error.replyCode ?? 0)"
        case .blocked(let reason): "blocked \(reason)"
        case .unblocked: "unblocked"
        case .reply: "reply"
        case .none: "none"
        }
    }
}

extension ConnectionStateMachine.EndAction {
    fileprivate var line: String {
        switch self {
        case .none: "none"
        case .attemptFailed(let error): "attempt failed \(error.code)"
        case .end(let error): "end \(error.code)"
        }
    }
}

extension ConnectionStateMachine.CloseAction {
    fileprivate var line: String {
        switch self {
        case .abandon(let error): "abandon \(error.code)"
        case .closeChannels: "close channels"
        case .refuse: "refuse"
        }
    }
}
