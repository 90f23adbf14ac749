internal import AMQPConnection

/// What a ``ScriptedBroker`` has seen; any thread may look.
public final class BrokerRecord: Sendable {
    private struct State {
        var methods: [ReceivedMethod] = []
        var messages: [BrokerMessage] = []
        var heartbeats = 0
        var reads = 0
        var streams = 0
        var ends = 0
        var problems: [String] = []
    }

    private let state = Guarded(State())

    /// An empty record; several brokers may share one.
    public init() {}

    /// The methods that came, in order.
    public var methods: [ReceivedMethod] { state.withLock { $0.methods } }
    /// The messages that were published, in order.
    public var messages: [BrokerMessage] { state.withLock { $0.messages } }
    /// The number of heartbeats that came.
    public var heartbeatCount: Int { state.withLock { $0.heartbeats } }
    /// The number of pieces in which bytes came.
    public var readCount: Int { state.withLock { $0.reads } }
    /// The number of streams that were opened.
    public var streamCount: Int { state.withLock { $0.streams } }
    /// The number of streams that are over.
    public var endCount: Int { state.withLock { $0.ends } }
    /// What the client sent that no client may send.
    public var problems: [String] { state.withLock { $0.problems } }

    /// The names of the methods that came, in order, for example `queue.declare`.
    public var methodNames: [String] { methods.map { "\($0.method.id)" } }

    func add(_ method: ReceivedMethod) { state.withLock { $0.methods.append(method) } }
    func add(_ message: BrokerMessage) { state.withLock { $0.messages.append(message) } }
    func addHeartbeat() { state.withLock { $0.heartbeats += 1 } }
    func addRead() { state.withLock { $0.reads += 1 } }
    func addStream() { state.withLock { $0.streams += 1 } }
    func addEnd() { state.withLock { $0.ends += 1 } }
    func addProblem(_ problem: String) { state.withLock { $0.problems.append(problem) } }
}
