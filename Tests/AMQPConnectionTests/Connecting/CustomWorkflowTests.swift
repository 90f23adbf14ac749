internal import AMQPConnection
internal import AdapterKit
internal import Testing

/// Connections that connect as a workflow of the program's says.
@Suite struct CustomWorkflowTests {
    /// A workflow that a test answers for.
    final class Scripted: ConnectionWorkflow {
        var timeout: Duration?
        var onNext: ([ConnectionFailure]) -> ConnectionAttempt?
        private(set) var questions: [[String]] = []
        let log: SessionLog

        init(_ log: SessionLog, _ onNext: @escaping ([ConnectionFailure]) -> ConnectionAttempt?) {
            self.log = log
            self.onNext = onNext
        }

        func nextAttempt(after failures: [ConnectionFailure]) -> ConnectionAttempt? {
            log.add("asked: \(failures.count)")
            questions.append(failures.map(\.line))
            return onNext(failures)
        }
    }

    @Test func itHearsOfEachFailureAndDecidesWhatIsNextAndWhen() {
        let rig = HostsRig(["a": [.unresolvable], "b": [.closes(at: .connectionStartOK, 403)], "c": [.opens]])
        let workflow = Scripted(rig.log) { failures in
            let next = ["a", "b", "c"][failures.count]
            return ConnectionAttempt(ConnectionParameters(host: next), after: .seconds(failures.count))
        }
        let connection = rig.connect(workflow)
        rig.loop.run(until: { connection.isOpen })
        #expect(rig.tried == ["a 0", "b 1000", "c 3000"])
        #expect(
            workflow.questions == [
                [], ["1 a resolve resolutionFailed"],
                ["1 a resolve resolutionFailed", "2 b handshake authenticationRefused 403"],
            ])
        #expect(rig.log.insideCalls == [], "it is never asked inside the call that makes the connection")
        connection.close()
        rig.loop.run(until: { false })
    }

    @Test func itGivesUpByReturningNothing() {
        let rig = HostsRig(["a": [.refuses]])
        let workflow = Scripted(rig.log) { failures in
            failures.isEmpty ? ConnectionAttempt(ConnectionParameters(host: "a")) : nil
        }
        _ = rig.connect(workflow)
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["asked: 0", "asked: 1", "open error: connectFailed"])
    }

    @Test func nothingToTryAtAllIsAnError() {
        let rig = HostsRig([:])
        _ = rig.connect(Scripted(rig.log) { _ in nil })
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["asked: 0", "open error: invalidArgument"])
    }

    @Test func itMayCloseTheConnectionWhileItIsAsked() {
        let rig = HostsRig(["a": [.refuses]])
        var connection: Connection?
        let workflow = Scripted(rig.log) { failures in
            if !failures.isEmpty { connection?.close() }
            return ConnectionAttempt(ConnectionParameters(host: "a"))
        }
        connection = rig.connect(workflow)
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["asked: 0", "asked: 1", "open error: connectionOpenAborted 200"])
        #expect(rig.tried == ["a 0"])
    }

    @Test func parametersThatAreNotValidEndTheConnection() {
        let rig = HostsRig(["a": [.refuses]])
        _ = rig.connect(
            Scripted(rig.log) { failures in
                ConnectionAttempt(ConnectionParameters(host: failures.isEmpty ? "a" : ""))
            })
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["asked: 0", "asked: 1", "open error: invalidArgument"])
        #expect(rig.errors.first?.failureLines == ["1 a connect connectFailed"])
    }

    @Test func thousandsOfFailuresKeepTheLastThousand() {
        let rig = HostsRig(["a": [.unresolvable]])
        var count = 0
        _ = rig.connect(
            Scripted(rig.log) { _ in
                count += 1
                return count > 1500 ? nil : ConnectionAttempt(ConnectionParameters(host: "a"))
            })
        rig.loop.run(until: { false })
        #expect(rig.errors.first?.connectionFailures.count == 1000)
        #expect(rig.errors.first?.connectionFailures.last?.attempt == 1500)
        #expect(rig.errors.first?.connectionFailures.first?.attempt == 501)
    }
}
