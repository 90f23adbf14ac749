internal import AMQPSelect
internal import AdapterKit
internal import Testing

@testable internal import AMQPConnection

/// A loop that is closed ends its connections in whichever state they are, and nothing that was promised is lost.
@Suite struct LoopEndTests {
    /// How far a connection has come when its loop is closed.
    enum Stage: CaseIterable {
        case firstTurn, credentials, resolving, connecting, handshaking, delay

        var behaviour: HostsRig.Behaviour {
            switch self {
            case .firstTurn, .credentials: .opens
            case .resolving: .silentResolver
            case .connecting: .blackHole
            case .handshaking: .stops(at: .connectionStartOK)
            case .delay: .refuses
            }
        }
    }

    /// Never answers.
    private struct SilentProvider: CredentialsProvider {
        func provideCredentials(_ completion: @escaping @Sendable (Result<any Credentials, any Error>) -> Void) {}
    }

    @Test(arguments: Stage.allCases, [false, true])
    func aConnectionThatIsBeingOpenedEndsOnce(stage: Stage, isInCallback: Bool) {
        let rig = HostsRig(["host": [stage.behaviour]])
        weak var released: Connection?
        do {
            let connection = rig.connect(["host"]) { parameters in
                parameters.connectionAttempts = 2
                parameters.retryDelay = .seconds(600)
                if stage == .credentials { parameters.credentialsProvider = SilentProvider() }
            }
            released = connection
            if stage != .firstTurn { rig.loop.settle() }
            #expect(rig.log.take() == [])
            if isInCallback {
                rig.loop.callLater(.zero) { rig.loop.close() }
                rig.loop.settle()
            } else {
                rig.loop.close()
            }
            #expect(rig.log.take() == ["open error: loopClosed"])
            #expect(connection.isClosed)
        }
        rig.loop.settle()
        #expect(rig.log.take() == [])
        // The virtual loop never tells a stream that it is over, so that its other end still holds it.
        #expect(released == nil || stage == .handshaking)
    }

    @Test func anOpenConnectionEndsWithItsRequestsFirst() throws {
        let rig = Rig()
        let connection = rig.open()
        let channel = try rig.openChannel(connection)
        rig.broker.onMethod = { _, _, _ in true }
        channel.queueDeclare("q") { rig.log.add("declare: \($0.code)") }
        connection.flush { rig.log.add("flush: \($0.code)") }
        connection.close { rig.log.add("close: \($0.code)") }
        _ = rig.log.take()
        rig.loop.close()
        #expect(
            rig.log.take().filter { !$0.hasPrefix("channel") } == [
                "flush: loopClosed", "declare: loopClosed", "closed: loopClosed", "close: loopClosed",
            ])
        #expect(connection.isClosed)
    }

    @Test func whatIsAskedOfAClosedLoopIsNotKept() throws {
        weak var connection: Connection?
        do {
            let loop = SelectLoop()
            let late = Connection(on: loop)
            connection = late
            loop.close()
            late.openChannel { _ in }
            late.close { _ in }
            Connection(on: loop).close()
        }
        #expect(connection == nil)
    }

    @Test func aConnectionThatIsMadeOnAClosedLoopIsNotKept() throws {
        weak var connection: Connection?
        do {
            let loop = SelectLoop()
            loop.close()
            let late = Connection(on: loop)
            connection = late
            late.close { _ in }
        }
        #expect(connection == nil)
    }

    @Test func aCloseBeforeTheConnectionIsOpenCompletes() {
        let rig = Rig()
        let connection = rig.connect()
        rig.log.call { connection.close { rig.log.add("close: \($0.code)") } }
        rig.loop.close()
        #expect(rig.log.take() == ["open error: connectionOpenAborted 200", "close: success"])
    }

    @Test func aRefusedCallCompletesAlsoIfItIsMadeWhileTheLoopIsClosed() throws {
        let rig = Rig()
        let connection = rig.open()
        let channel = try rig.openChannel(connection)
        connection.onClose { connection, _ in
            channel.queueDeclare("late") { rig.log.add("late: \($0.code)") }
            connection.flush { rig.log.add("flush: \($0.code)") }
        }
        rig.log.call {
            channel.queueDeclare(String(repeating: "q", count: 300)) { rig.log.add("declare: \($0.code)") }
        }
        _ = rig.log.take()
        rig.loop.close()
        #expect(
            rig.log.take() == [
                "declare: invalidArgument", "channel 1 closed: loopClosed", "closed: loopClosed",
                "late: channelWrongState", "flush: connectionWrongState",
            ])
    }

    @Test func aConnectionThatIsMadeWhileTheLoopIsClosedEndsToo() {
        let rig = Rig()
        let connection = rig.connect()
        var late: Connection?
        connection.onOpenError { _, _ in late = rig.connect() }
        rig.loop.close()
        #expect(rig.log.take() == ["open error: loopClosed", "open error: loopClosed"])
        #expect(late?.isClosed == true)
    }
}

extension Result where Failure == AMQPError {
    /// The error's code, for a log.
    fileprivate var code: String {
        switch self {
        case .success: "success"
        case .failure(let error): "\(error.code)"
        }
    }
}
