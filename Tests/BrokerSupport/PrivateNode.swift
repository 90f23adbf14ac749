public import AMQPConnection
import Foundation

/// A broker of the test run's own, for what would disturb other tests: alarms, stops, kills, limits.
///
/// It is started by ``start()`` and ended by ``stop()``; in between, ``shared`` is the node. Everything here blocks: call
/// it on a thread of its own.
public final class PrivateNode: Sendable {
    private static let current = Guarded<PrivateNode?>(nil)

    private let stateFile: String

    private init(stateFile: String) {
        self.stateFile = stateFile
    }

    /// The node of this test run.
    public static var shared: PrivateNode {
        get throws {
            guard let node = current.withLock({ $0 }) else {
                throw TestBroker.Unavailable("no private node was started")
            }
            return node
        }
    }

    /// Starts the node. Its state file lies next to the one of the broker that all tests share, so that `Scripts/test`
    /// ends the node even if this process does not.
    public static func start() throws {
        let environment = ProcessInfo.processInfo.environment
        let base =
            environment["OCHOTONA_BROKER_STATE"]
            ?? FileManager.default.temporaryDirectory.appendingPathComponent("ochotona-\(getpid())").path
        let node = PrivateNode(stateFile: base + ".private")
        try node.command("start")
        current.withLock { $0 = node }
    }

    /// Ends the node and removes all that it left.
    public static func stop() throws {
        guard let node = current.withLock({ $0 }) else { return }
        current.withLock { $0 = nil }
        try node.command("stop")
    }

    /// Runs one of the commands of `Scripts/broker` on the node, such as `pause` or `restart`.
    ///
    /// - Returns: what the command printed.
    @discardableResult
    public func command(_ arguments: String...) throws -> String {
        try Command(
            executable: TestBroker.path("Scripts/broker"), arguments: ["--state", stateFile] + arguments
        ).run()
    }

    /// How to connect to the node as guest.
    public func parameters() throws -> ConnectionParameters {
        try ConnectionParameters(url: field("AMQP_URL"))
    }

    /// A field of the node's state file: `FOLDER`, `NODE_PID`, `AMQP_URL` …
    public func field(_ name: String) throws -> String {
        let text = try String(contentsOfFile: stateFile, encoding: .utf8)
        for line in text.split(separator: "\n") where line.hasPrefix("\(name)=") {
            return String(line.dropFirst(name.count + 1))
        }
        throw TestBroker.Unavailable("the state file has no \(name)")
    }

    /// Brings the node back from whatever a test did to its process.
    public func revive() throws {
        switch try processState() {
        case "T": try command("resume")
        case nil, "Z": try command("restart")
        default: return
        }
    }

    /// The state of the node's process, as Linux abbreviates it; `nil` if there is no process.
    private func processState() throws -> Character? {
        guard let status = try? String(contentsOfFile: "/proc/\(field("NODE_PID"))/stat", encoding: .utf8) else {
            return nil
        }
        // The second field is the program's name in parentheses, and may hold anything.
        return status.split(separator: ")").last?.first { $0 != " " }
    }
}
