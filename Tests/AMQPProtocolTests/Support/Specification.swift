import Foundation

/// The specification table, read independently of the generator.
struct Specification: Decodable {
    struct Class: Decodable {
        let name: String
        let id: UInt16
        let properties: [Argument]
        let methods: [Method]

        private enum Key: String, CodingKey {
            case name, id, properties, methods
        }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: Key.self)
            name = try values.decode(String.self, forKey: .name)
            id = try values.decode(UInt16.self, forKey: .id)
            properties = try values.decodeIfPresent([Argument].self, forKey: .properties) ?? []
            methods = try values.decode([Method].self, forKey: .methods)
        }
    }

    struct Method: Decodable {
        let name: String
        let id: UInt16
        let to: String
        let answers: [String]?
        let content: Bool?
        let arguments: [Argument]
    }

    struct Argument: Decodable {
        let name: String
        let domain: String
        let reserved: Bool?
    }

    struct Domain: Decodable {
        let name: String
        let type: String
    }

    struct ReplyCode: Decodable {
        let name: String
        let value: UInt16
        let scope: String?
    }

    let classes: [Class]
    let domains: [Domain]
    let replyCodes: [ReplyCode]

    /// The root of the repository.
    static var repository: URL {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0 ..< 4 { url.deleteLastPathComponent() }
        return url
    }

    static func load() throws -> Specification {
        let url = repository.appendingPathComponent("Sources/AMQPProtocol/Specification/amqp0-9-1.json")
        return try JSONDecoder().decode(Specification.self, from: try Data(contentsOf: url))
    }

    /// The elementary type of an argument.
    func type(of argument: Argument) -> String? {
        domains.first { $0.name == argument.domain }?.type
    }
}
