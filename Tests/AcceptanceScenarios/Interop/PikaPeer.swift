import BrokerSupport
import Foundation

/// Pika as the other side, in a process of its own; see `Tests/Interop/pika_peer.py`. Its calls block.
struct PikaPeer {
    private let python: String
    private let script: String

    init() throws {
        // Scripts/test makes the environment in the repository, and names it.
        let python = ProcessInfo.processInfo.environment["OCHOTONA_PYTHON"] ?? TestBroker.path(".venv/bin/python")
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw TestBroker.Unavailable("there is no Python with Pika at \(python); run Scripts/test, which makes one")
        }
        self.python = python
        self.script = TestBroker.path("Tests/Interop/pika_peer.py")
    }

    /// The messages to exchange.
    func corpus() throws -> [CorpusMessage] {
        try run("corpus").split(separator: "\n").map { try CorpusMessage(line: $0) }
    }

    /// Publishes the corpus to a queue that exists, each message confirmed.
    func publish(to queue: String) throws {
        _ = try run("publish", queue)
    }

    /// Consumes so many messages from a queue that exists; a line for each, as in the corpus.
    func consume(_ count: Int, from queue: String) throws -> [String] {
        try run("consume", queue, String(count)).split(separator: "\n").map(String.init)
    }

    private func run(_ arguments: String...) throws -> String {
        try Command(executable: python, arguments: ["-B", script] + arguments).run()
    }
}
