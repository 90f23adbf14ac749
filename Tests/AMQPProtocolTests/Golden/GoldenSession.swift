import Foundation

/// A session between Pika and RabbitMQ, with what Pika's decoder says that its bytes mean.
struct GoldenSession: Decodable, Sendable {
    struct Direction: Decodable, Sendable {
        let size: Int
        let frames: [ExpectedFrame]
    }

    struct ExpectedFrame: Decodable, Sendable {
        let kind: String
        let offset: Int
        let size: Int
        let channel: UInt16?
        let classID: UInt16?
        let methodID: UInt16?
        let fields: [String: JSONValue]?
        let bodySize: UInt64?
        let properties: [String: JSONValue]?
        let payloadSize: Int?
    }

    let name: String
    let frameMax: Int
    let c2s: Direction
    let s2c: Direction

    private static let folder = Specification.repository.appendingPathComponent("Tests/Fixtures/golden")

    static func loadAll() throws -> [GoldenSession] {
        let index = try Data(contentsOf: folder.appendingPathComponent("index.json"))
        return try JSONDecoder().decode([GoldenSession].self, from: index)
    }

    /// Both directions of all sessions.
    fileprivate static func streams() throws -> [GoldenStream] {
        try loadAll().flatMap { session in
            try [("c2s", session.c2s), ("s2c", session.s2c)].map { suffix, direction in
                let file = folder.appendingPathComponent("\(session.name).\(suffix).bin")
                return GoldenStream(
                    name: "\(session.name).\(suffix)", bytes: [UInt8](try Data(contentsOf: file)),
                    frames: direction.frames)
            }
        }
    }
}

/// What one side of a session sent.
struct GoldenStream: Sendable {
    /// Both directions of all sessions.
    static func all() throws -> [GoldenStream] { try GoldenSession.streams() }

    let name: String
    let bytes: [UInt8]
    let frames: [GoldenSession.ExpectedFrame]

    /// The frames without the protocol header in front of them.
    var expected: [GoldenSession.ExpectedFrame] {
        frames.filter { !["protocol-header", "malformed"].contains($0.kind) }
    }

    /// Where the frames begin, behind a client's protocol header.
    var start: Int { name.hasSuffix("c2s") ? 8 : 0 }

    /// Whether the stream ends with a frame that is not one.
    var endsMalformed: Bool { frames.last?.kind == "malformed" }
}
