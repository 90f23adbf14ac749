import Foundation

/// The content of `amqp0-9-1.json`: every class, method and argument of AMQP 0-9-1 as RabbitMQ speaks it.
struct SpecificationTable: Decodable {
    struct Constant: Decodable {
        let name: String
        let value: Int
    }

    struct ReplyCode: Decodable {
        let name: String
        let value: Int
        /// `channel` or `connection`; none for the code of success.
        let scope: String?
        let doc: String
    }

    /// A type with a meaning; an argument's domain says what it is for.
    struct Domain: Decodable {
        let name: String
        let type: WireType
        let doc: String
        /// Whether bytes that are not UTF-8 are replaced instead of refused, because only people read the text.
        let repair: Bool?
        /// Whether descriptions must not show it.
        let secret: Bool?
    }

    /// An elementary type (specification 4.2.5).
    enum WireType: String, Decodable {
        case bit, octet, short, long, longlong, shortstr, longstr, table
    }

    struct Class: Decodable {
        let name: String
        let id: Int
        let doc: String
        /// The properties of the class's content, for the one class that has content.
        let properties: [Property]?
        let methods: [Method]
    }

    struct Property: Decodable {
        let name: String
        let domain: String
    }

    struct Method: Decodable {
        /// Who receives the method.
        enum Receiver: String, Decodable {
            case client, server, both
        }

        let name: String
        let id: Int
        let to: Receiver
        let synchronous: Bool?
        /// The methods, of the same class, that answer it.
        let answers: [String]?
        let content: Bool?
        let doc: String
        let arguments: [Argument]
    }

    struct Argument: Decodable {
        let name: String
        let domain: String
        /// Whether it is always written as zero or empty and never stored.
        let reserved: Bool?
        let `default`: DefaultValue?
        let doc: String?
    }

    /// The value of an argument that the caller leaves out.
    enum DefaultValue: Decodable {
        case flag(Bool)
        case number(Int)
        case text(String)
        case emptyTable

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                self = .flag(flag)
            } else if let number = try? container.decode(Int.self) {
                self = .number(number)
            } else if let text = try? container.decode(String.self) {
                self = .text(text)
            } else {
                _ = try container.decode([String: Bool].self)
                self = .emptyTable
            }
        }
    }

    let constants: [Constant]
    let replyCodes: [ReplyCode]
    let domains: [Domain]
    let classes: [Class]

    /// Reads the table and checks that it holds together.
    init(json: Data) throws {
        self = try JSONDecoder().decode(SpecificationTable.self, from: json)
        try validate()
    }

    /// The domain of an argument or property.
    func domain(_ name: String) throws -> Domain {
        guard let domain = domains.first(where: { $0.name == name }) else {
            throw GeneratorError("unknown domain \(name)")
        }
        return domain
    }

    private func validate() throws {
        for type in classes {
            guard Set(type.methods.map(\.id)).count == type.methods.count else {
                throw GeneratorError("class \(type.name): two methods have the same number")
            }
            for method in type.methods {
                let name = "\(type.name).\(method.name)"
                let answers = method.answers ?? []
                guard (method.synchronous ?? false) == !answers.isEmpty else {
                    throw GeneratorError("\(name): synchronous and answers contradict each other")
                }
                for answer in answers where !type.methods.contains(where: { $0.name == answer }) {
                    throw GeneratorError("\(name): the answer \(answer) does not exist")
                }
                for argument in method.arguments { _ = try domain(argument.domain) }
            }
        }
    }
}

/// Why nothing was generated.
struct GeneratorError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
