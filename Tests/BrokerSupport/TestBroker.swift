public import AMQPConnection
import Foundation

/// The broker that the tests run against: a private node that `Scripts/test` starts (or `Scripts/broker start`).
public enum TestBroker {
    /// Why there is no broker to test with. It fails a test; a test is never skipped for it.
    public struct Unavailable: Error, CustomStringConvertible {
        public let description: String

        public init(_ description: String) {
            self.description = description
        }
    }

    /// The path of a file in the repository, such as `Tests/Fixtures/golden/index.json`.
    public static func path(_ file: String) -> String {
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0 ..< 3 { root.deleteLastPathComponent() }
        return root.appendingPathComponent(file).path
    }

    /// The broker's URL, from the environment.
    public static var url: String {
        get throws {
            guard let url = ProcessInfo.processInfo.environment["AMQP_URL"] else {
                throw Unavailable("AMQP_URL is not set; run Scripts/test, or Scripts/broker start")
            }
            return url
        }
    }

    /// How to connect to the broker as guest.
    public static func parameters() throws -> ConnectionParameters {
        try ConnectionParameters(url: url)
    }

    /// How to connect to the broker as guest over TLS, trusting its authority.
    public static func tlsParameters() throws -> ConnectionParameters {
        try ConnectionParameters(url: state("AMQPS_URL"))
    }

    /// The path of one of the broker's certificates or keys, such as `client.pem`; see `Scripts/certificates`.
    public static func tlsFile(_ name: String) throws -> String {
        "\(try state("TLS_FOLDER"))/\(name)"
    }

    /// What the broker's state file says.
    private static func state(_ key: String) throws -> String {
        guard let file = ProcessInfo.processInfo.environment["OCHOTONA_BROKER_STATE"] else {
            throw Unavailable(
                "OCHOTONA_BROKER_STATE is not set; run Scripts/test, or Scripts/broker --state FILE start")
        }
        for line in try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("\(key)=") { return String(line.dropFirst(key.count + 1)) }
        }
        throw Unavailable("\(file) has no \(key): the broker was started by an older script; start it again")
    }

    /// Runs one of the commands of `Scripts/broker` on the node, such as `["ctl", "list_queues"]` or `["pause"]`.
    ///
    /// - Returns: what the command printed.
    /// - Throws: ``Failed`` if its exit status was not 0.
    @discardableResult
    public static func command(_ arguments: [String]) throws -> String {
        try Command(executable: path("Scripts/broker"), arguments: arguments).run()
    }
}
