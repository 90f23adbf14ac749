import AMQPBlocking
import AdapterKit
import BrokerSupport
import Foundation
import Testing

/// Opens a connection to the real broker on a thread of its own, gives it to `body`, and closes it.
func connected(_ body: @escaping @Sendable (BlockingConnection) throws -> Void) async throws {
    try await onOwnThread {
        try BlockingConnection.withConnection(try TestBroker.parameters(), body)
    }
}

/// Opens a connection with a channel and an exclusive queue, and gives the channel and the queue's name to `body`.
func queue(_ body: @escaping @Sendable (BlockingChannel, String) throws -> Void) async throws {
    try await connected { connection in
        let channel = try connection.channel()
        try body(channel, try channel.queueDeclare(exclusive: true).queue)
    }
}

/// Runs a scripted broker, and gives the parameters to connect to it to `body`, on a thread of its own.
func scripted(
    _ script: BrokerScript, _ body: @escaping @Sendable (ConnectionParameters, BrokerRecord) throws -> Void
) async throws {
    try await onOwnThread {
        let server = try BrokerServer(script)
        defer { server.close() }
        try body(ConnectionParameters(host: "127.0.0.1", port: server.port), server.record)
    }
}

extension ScriptedBroker {
    /// Sends methods in one piece, so that one read of the client's brings them all.
    func sendTogether(_ methods: [(Method, channel: UInt16)]) {
        var output = OutputBuffer()
        do {
            for (method, channel) in methods { try output.append(method, channel: channel, frameMax: 4096) }
        } catch {
            Issue.record(error)
        }
        var bytes: [UInt8] = []
        output.takeAll { bytes += $0 }
        sendBytes(bytes)
    }
}

/// The error that `body` throws; `nil` if it throws none of the library's.
func failure(_ body: () throws -> Void) -> AMQPError? {
    do {
        try body()
        return nil
    } catch {
        return error as? AMQPError
    }
}

/// A name that nothing else on the broker has.
func uniqueName(_ prefix: String = "blocking") -> String {
    "\(prefix).\(String(UInt64.random(in: .min ... .max), radix: 36))"
}

/// Something of the program's own that goes wrong.
struct Mishap: Error, Equatable {
    var number = 0
}

/// What other threads and callbacks note, in order.
final class Notes<Note: Sendable>: Sendable {
    private let notes = Guarded<[Note]>([])

    var all: [Note] { notes.withLock { $0 } }

    func add(_ note: Note) { notes.withLock { $0.append(note) } }
}

extension BlockingConnection {
    /// Lets callbacks run until `isDone`; it fails if that takes too long.
    func serve(until isDone: () -> Bool, _ place: SourceLocation = #_sourceLocation) throws {
        let end = ContinuousClock.now.advanced(by: .seconds(20))
        while !isDone(), ContinuousClock.now < end { try processDataEvents(timeLimit: .milliseconds(20)) }
        #expect(isDone(), "what was waited for did not happen", sourceLocation: place)
    }
}

extension BlockingConnection {
    /// The bodies of the messages in a queue, as another channel than the one under test sees it; it takes them.
    func left(in queue: String) throws -> [String] {
        try withChannel { channel in try channel.drain(queue) }
    }
}

extension BlockingChannel {
    /// Publishes messages on a channel of their own, and returns when the broker has them.
    func fill(_ queue: String, _ bodies: [String]) throws {
        try connection.withChannel { channel in
            try channel.confirmSelect()
            for body in bodies { try channel.basicPublish(body, routingKey: queue) }
        }
    }

    /// The bodies of the messages that are left in a queue; it takes them.
    func drain(_ queue: String) throws -> [String] {
        var bodies: [String] = []
        while let delivery = try basicGet(queue, autoAck: true) { bodies.append(delivery.text) }
        return bodies
    }
}
