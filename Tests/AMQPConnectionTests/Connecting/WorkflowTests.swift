internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// How a connection goes through several attempts.
@Suite struct WorkflowTests {
    /// Everything that can go wrong with a host, with the phase and the code that it fails with.
    static let failing: [(HostsRig.Behaviour, String)] = [
        (.unresolvable, "resolve resolutionFailed"),
        (.silentResolver, "resolve resolutionFailed"),
        (.refuses, "connect connectFailed"),
        (.blackHole, "connect deadlineExceeded"),
        (.stops(at: .connectionStart), "handshake deadlineExceeded"),
        (.stops(at: .connectionStartOK), "handshake deadlineExceeded"),
        (.stops(at: .connectionOpen), "handshake deadlineExceeded"),
        (.drops(at: .connectionStart), "handshake incompatibleProtocol"),
        (.drops(at: .connectionStartOK), "handshake authenticationRefused"),
        (.drops(at: .connectionOpen), "handshake virtualHostRefused"),
        (.closes(at: .connectionStartOK, 403), "handshake authenticationRefused 403"),
        (.closes(at: .connectionOpen, 530), "handshake virtualHostRefused 530"),
        (.closes(at: .connectionOpen, 541), "handshake connectionClosedByBroker 541"),
        (.speaksHTTP, "handshake incompatibleProtocol 501"),
    ]

    @Test(arguments: failing.indices)
    func whateverFailsTheNextHostIsTried(index: Int) {
        let (behaviour, line) = Self.failing[index]
        let rig = HostsRig(["a": [behaviour], "b": [.opens]])
        let connection = rig.connect(["a", "b"])
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["open b"])
        #expect(connection.connectionFailures.map(\.line) == ["1 a \(line)"])
        #expect(connection.parameters.host == "b")
        #expect(connection.framesSent == 3, "start-ok, tune-ok, open: the counters are the last stream's")
        connection.close(completion: rig.log.completion("close"))
        rig.loop.run(until: { false })
        #expect(rig.log.lines.dropFirst() == ["closed: connectionClosedByClient 200", "close: ok"])
        #expect(rig.brokers.allSatisfy { $0.end != nil }, "no stream is left")
    }

    @Test(arguments: failing.indices)
    func whatFailsAloneIsTheErrorAndListsItself(index: Int) {
        let (behaviour, line) = Self.failing[index]
        let rig = HostsRig(["a": [behaviour]])
        let connection = rig.connect(["a"])
        rig.loop.run(until: { false })
        #expect(rig.errors.count == 1)
        #expect(rig.errors.first?.failureLines == ["1 a \(line)"])
        #expect(connection.isClosed)
        #expect(rig.log.lines.count == 1)
    }

    @Test func allFailuresAreListedInTheirOrderAndTheErrorIsTheLast() throws {
        let rig = HostsRig([
            "a": [.unresolvable], "b": [.refuses], "c": [.closes(at: .connectionStartOK, 403)],
        ])
        _ = rig.connect(["a", "b", "c"]) { $0.connectionAttempts = 2 }
        rig.loop.run(until: { false })
        let error = try #require(rig.errors.first)
        #expect(rig.log.lines == ["open error: authenticationRefused 403"])
        #expect(
            error.failureLines == [
                "1 a resolve resolutionFailed", "2 b connect connectFailed",
                "3 c handshake authenticationRefused 403", "4 a resolve resolutionFailed",
                "5 b connect connectFailed", "6 c handshake authenticationRefused 403",
            ])
        #expect(rig.tried == ["a 0", "b 0", "c 0", "a 2000", "b 2000", "c 2000"])
        for failure in error.connectionFailures { #expect("\(error)".contains("\(failure)")) }
        #expect(error.connectionFailures[1].address == .ipv4(2, port: 5672))
        #expect(error.connectionFailures[0].address == nil)
    }

    @Test func noSecretIsInAnyFailure() {
        let rig = HostsRig(["a": [.closes(at: .connectionStartOK, 403)], "b": [.refuses]])
        _ = rig.connect(["a", "b"]) { $0.credentials = PlainCredentials(username: "u", password: "hidden-0815") }
        rig.loop.run(until: { false })
        #expect(rig.errors.map { "\($0) \($0.debugDescription)".contains("hidden-0815") } == [false])
    }

    @Test func aHostThatRecoversIsFoundAfterTheDelays() {
        let rig = HostsRig(["a": [.refuses, .stops(at: .connectionStartOK), .opens]])
        let connection = rig.connect(
            RetryingWorkflow(
                HostsRig.parameters(["a"]) { $0.stackTimeout = .seconds(3) }, attempts: 5,
                backoff: Backoff(.seconds(1), factor: 2)))
        rig.loop.run(until: { connection.isOpen })
        #expect(rig.tried == ["a 0", "a 1000", "a 6000"])
        #expect(rig.time == 6000)
        connection.close()
        rig.loop.run(until: { false })
    }

    @Test func theWorkflowsDeadlineEndsAttemptsAndDelays() {
        for (behaviour, phase) in [
            (HostsRig.Behaviour.blackHole, "1 a connect deadlineExceeded"),
            (.stops(at: .connectionOpen), "1 a handshake deadlineExceeded"),
            (.silentResolver, "1 a resolve deadlineExceeded"), (.refuses, "1 a connect connectFailed"),
        ] {
            let rig = HostsRig(["a": [behaviour]])
            let connection = rig.connect(
                RetryingWorkflow(
                    HostsRig.parameters(["a"]), attempts: 9, backoff: Backoff(.seconds(10)), timeout: .seconds(5)))
            rig.loop.run(until: { connection.isClosed })
            #expect(rig.time == 5000)
            rig.loop.run(until: { false })
            #expect(rig.log.lines == ["open error: deadlineExceeded"])
            #expect(rig.errors.first?.failureLines == [phase])
            #expect(rig.brokers.allSatisfy { $0.end != nil })
        }
    }

    @Test func theWorkflowsDeadlineIsOverWhenTheConnectionIsOpen() {
        let rig = HostsRig(["a": [.opens]])
        let connection = rig.connect(RetryingWorkflow(HostsRig.parameters(["a"]), timeout: .seconds(5)))
        rig.loop.advance(by: .seconds(60))
        #expect(connection.isOpen)
        connection.close()
        rig.loop.run(until: { false })
    }

    @Test(arguments: [0, 1, 500, 2000, 2100, 20_000], [failing.indices.lowerBound, 2, 3, 5, 9, 10])
    func closingEndsTheWorkflowOnceWheneverItComes(time: Int, index: Int) {
        weak var weakConnection: Connection?
        let rig = HostsRig(["a": [Self.failing[index].0]])
        do {
            let connection = rig.connect(["a"]) { $0.connectionAttempts = 1000 }
            weakConnection = connection
            if time > 0 { rig.loop.advance(by: .milliseconds(time)) }
            rig.log.call { connection.close(completion: rig.log.completion("close")) }
            #expect(connection.isClosed)
        }
        let tried = rig.tried
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["open error: connectionOpenAborted 200", "close: ok"])
        #expect(rig.log.insideCalls == [])
        #expect(rig.tried == tried, "nothing is tried any more")
        #expect(weakConnection == nil)
    }

    @Test func stateAndPropertiesSayHowFarItIs() {
        let rig = HostsRig(["a": [.stops(at: .connectionOpen)], "b": [.opens]])
        let connection = rig.connect(["a", "b"])
        #expect(connection.state == .connecting && connection.isOpening)
        rig.loop.settle()
        #expect(connection.state == .handshaking && connection.isOpening)
        #expect(connection.peerAddress == nil || connection.tuned != nil)
        rig.loop.run(until: { connection.isOpen })
        #expect(connection.state == .open && !connection.isOpening)
        connection.close()
        #expect(connection.state == .closing)
        rig.loop.run(until: { false })
        #expect(connection.state == .closed && "\(connection)".contains("(closed)"))
    }

    @Test func invalidParametersAreRefusedBeforeAnythingIsTried() {
        let rig = HostsRig(["a": [.opens]])
        _ = rig.connect(RetryingWorkflow(HostsRig.parameters(["a"]) + [ConnectionParameters(host: "")]))
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["open error: invalidArgument"])
        #expect(rig.tried == [])
        _ = rig.connect([])
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["open error: invalidArgument", "open error: invalidArgument"])
    }

    @Test func erasedCredentialsEndTheAttemptsClearly() {
        let rig = HostsRig(["a": [.stops(at: .connectionOpen)], "b": [.opens]])
        _ = rig.connect(["a", "b"]) { $0.credentials = ErasingCredentials(PlainCredentials()) }
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["open error: invalidArgument"])
        #expect(rig.errors.first?.reason.contains("erased") == true)
        #expect(rig.errors.first?.failureLines == ["1 a handshake deadlineExceeded"])
        #expect(rig.brokers.count == 1, "the second host never hears of it")
    }

    @Test func theProviderIsAskedForEachAttempt() {
        let provider = CountingProvider()
        let rig = HostsRig(["a": [.refuses], "b": [.opens]])
        let connection = rig.connect(["a", "b"]) { $0.credentialsProvider = provider }
        rig.loop.run(until: { connection.isOpen })
        #expect(provider.count == 2)
        connection.close()
        rig.loop.run(until: { false })
    }

    @Test func aProviderThatFailsIsAFailureOfItsOwnPhase() {
        let rig = HostsRig(["a": [.opens]])
        _ = rig.connect(["a"]) { $0.credentialsProvider = FailingProvider() }
        rig.loop.run(until: { false })
        #expect(rig.errors.first?.failureLines == ["1 a credentials credentialsUnavailable"])
    }

    @Test func createGivesAnOpenConnectionOrTheFailureAndNothingElse() throws {
        let rig = HostsRig(["a": [.refuses], "b": [.opens]])
        var opened: Connection?
        rig.log.call {
            Connection.create(
                RetryingWorkflow(HostsRig.parameters(["a", "b"])), on: rig.loop,
                completion: rig.log.completion("create") { opened = $0 })
        }
        rig.loop.run(until: { opened != nil })
        #expect(opened?.isOpen == true)
        opened?.close()
        Connection.create(
            RetryingWorkflow(HostsRig.parameters(["a"])), on: rig.loop, completion: rig.log.completion("fails"))
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["create: ok", "fails: connectFailed 0"])
    }

    @Test(arguments: [0, 1, 3000, 100_000])
    func abortingACreationGivesOneResult(time: Int) {
        let rig = HostsRig(["a": [.refuses]])
        let creation = rig.log.call {
            Connection.create(
                RetryingWorkflow(HostsRig.parameters(["a"]), attempts: 5), on: rig.loop,
                completion: rig.log.completion("create"))
        }
        if time > 0 { rig.loop.advance(by: .milliseconds(time)) }
        rig.log.call {
            creation.abort()
            creation.abort()
        }
        rig.loop.run(until: { false })
        #expect(rig.log.lines == [time == 100_000 ? "create: connectFailed 0" : "create: connectionOpenAborted 200"])
        #expect(rig.log.insideCalls == [])
    }

    @Test func anOpenErrorThatNobodyListensForIsReported() {
        let rig = HostsRig(["a": [.refuses]])
        var reported: [AMQPError.Code] = []
        let connection = Connection(ConnectionParameters(host: "a"), on: rig.loop)
        connection.onError { reported.append($1.code) }
        rig.loop.run(until: { false })
        #expect(reported == [.connectFailed])
    }
}
