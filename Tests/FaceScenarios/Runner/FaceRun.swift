import AMQPConnection
import AMQPProtocol
import AdapterKit
import BrokerSupport

/// One run of a scenario on a face: connections to the real broker, and ways to say what must come.
final class FaceRun: Sendable {
    private struct State: Sendable {
        var failures: [String] = []
        var connections: [any FaceConnection] = []
        var companions: [any Sendable] = []
    }

    let face: any Face
    /// How to connect to the broker, as guest.
    let parameters: ConnectionParameters
    private let state = Guarded(State())

    init(_ face: any Face) throws {
        self.face = face
        parameters = try TestBroker.parameters()
    }

    /// Runs a scenario's body, and closes what it has left open.
    func perform(_ body: (FaceRun) async throws -> Void) async {
        do {
            try await body(self)
        } catch {
            fail("\(error)")
        }
        let connections = state.withLock { state in
            defer { state.connections = [] }
            return state.connections
        }
        for connection in connections {
            do throws(AMQPError) {
                if try await connection.facts().isOpen { try await connection.close() }
            } catch {
                fail("a connection did not close in order: \(error)")
            }
        }
    }

    // MARK: Connections and channels

    /// Opens a connection, which is closed at the end of the run.
    func connect(_ parameters: ConnectionParameters? = nil) async throws(AMQPError) -> any FaceConnection {
        try await connect([parameters ?? self.parameters])
    }

    /// Opens a connection to one of several brokers, which is closed at the end of the run.
    func connect(_ candidates: [ConnectionParameters]) async throws(AMQPError) -> any FaceConnection {
        let connection = try await face.connect(candidates)
        state.withLock { $0.connections.append(connection) }
        return connection
    }

    /// Opens a channel on a connection of its own.
    func channel() async throws(AMQPError) -> any FaceChannel {
        try await connect().channel()
    }

    /// Opens a channel on a connection of its own and declares a queue that ends with the connection.
    func queue(
        _ arguments: FieldTable = [:]
    ) async throws(AMQPError) -> (channel: any FaceChannel, queue: String) {
        let channel = try await channel()
        return (channel, try await channel.queueDeclare(exclusive: true, arguments: arguments).queue)
    }

    /// A name that nothing else on the broker has.
    func uniqueName(_ prefix: String = "face") -> String {
        "\(prefix).\(String(UInt64.random(in: .min ... .max), radix: 36))"
    }

    /// A proxy before the broker, and the parameters that lead through it.
    func proxy(
        toServer: FaultPlan = FaultPlan(), toClient: FaultPlan = FaultPlan()
    ) throws -> (FaultProxy, ConnectionParameters) {
        let proxy = try FaultProxy(
            to: .ipv4(0x7F00_0001, port: parameters.port), toServer: toServer, toClient: toClient)
        var parameters = self.parameters
        guard case .ipv4(_, let port) = proxy.address else { throw TestBroker.Unavailable("the proxy has no port") }
        parameters.port = port
        return (proxy, parameters)
    }

    /// Keeps an object as long as the run.
    func keep(_ companion: any Sendable) {
        state.withLock { $0.companions.append(companion) }
    }

    // MARK: Expectations

    /// What was found wrong so far.
    var failures: [String] { state.withLock { $0.failures } }

    func fail(_ failure: String) {
        state.withLock { $0.failures.append(failure) }
    }

    func expect(_ condition: Bool, _ failure: @autoclosure () -> String) {
        if !condition { fail(failure()) }
    }

    func expectEqual<Value: Equatable>(_ found: Value, _ expected: Value, _ what: String) {
        if found != expected { fail("\(what): expected \(expected), found \(found)") }
    }

    /// Makes a call that must fail with this code, and the broker's reply code and method if they are given.
    @discardableResult
    func expectFailure<Value>(
        _ code: AMQPError.Code, _ replyCode: UInt16? = nil, _ method: MethodID? = nil, of what: String,
        _ call: () async throws(AMQPError) -> Value
    ) async -> AMQPError? {
        do throws(AMQPError) {
            fail("\(what) succeeded with \(try await call())")
            return nil
        } catch {
            expect(error, code, replyCode, method, of: what)
            return error
        }
    }

    /// What an error must say.
    func expect(
        _ error: AMQPError, _ code: AMQPError.Code, _ replyCode: UInt16? = nil, _ method: MethodID? = nil,
        of what: String
    ) {
        if error.code != code { fail("\(what): expected \(code), found \(error)") }
        if let replyCode {
            expectEqual(error.replyCode, replyCode, "\(what): reply code")
            expect(error.replyText?.isEmpty == false, "\(what): the broker's text is missing")
        }
        if let method { expectEqual(error.method, method, "\(what): method") }
    }

    /// Takes the texts of the next messages.
    func texts(_ count: Int, from consumer: FaceConsumer) async throws(AMQPError) -> [String] {
        var texts: [String] = []
        while texts.count < count {
            guard let delivery = try await consumer.deliveries.next() else {
                fail("the deliveries ended behind \(texts)")
                return texts
            }
            texts.append(delivery.text)
        }
        return texts
    }

    /// Takes the next message, which must come.
    func next(from consumer: FaceConsumer) async throws(AMQPError) -> Delivery {
        guard let delivery = try await consumer.deliveries.next() else {
            throw AMQPError(.consumerCancelled, blame: .application, "the deliveries ended")
        }
        return delivery
    }

    /// Publishes texts to a queue and waits until the broker has them.
    func publishConfirmed(
        _ texts: [String], to queue: String, on channel: any FaceChannel
    ) async throws(AMQPError) {
        try await channel.confirmSelect()
        let outcomes = try await channel.publishConfirmed(texts.map { FaceMessage($0, routingKey: queue) })
        for (text, outcome) in zip(texts, outcomes) {
            if case .confirmed = outcome {} else { fail("\"\(text)\" was not confirmed: \(outcome)") }
        }
    }

    /// Asks again and again until the answer is yes; the scenario's limit ends that.
    func wait(until condition: () async throws(AMQPError) -> Bool) async throws(AMQPError) {
        while try await !condition() {
            // Between two questions; what is waited for is the answer.
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}
