/// A method with the names and types that it has in Swift.
struct MethodModel {
    /// An argument, reserved ones included.
    struct Argument {
        /// The name in the specification, for example `routing-key`.
        let specificationName: String
        /// The name in Swift, for example `routingKey`.
        let label: String
        let type: SpecificationTable.WireType
        let isReserved: Bool
        let isRepaired: Bool
        let isSecret: Bool
        let defaultValue: String?
        let doc: String

        /// The name where a keyword needs backticks.
        var identifier: String { label == "internal" ? "`internal`" : label }

        var swiftType: String {
            switch type {
            case .bit: "Bool"
            case .octet: "UInt8"
            case .short: "UInt16"
            case .long: "UInt32"
            case .longlong: "UInt64"
            case .shortstr: "String"
            case .longstr: "ByteSlice"
            case .table: "FieldTable"
            }
        }

        /// The declaration as a parameter of an initialiser.
        var parameter: String {
            "\(label): \(swiftType)" + (defaultValue.map { " = \($0)" } ?? "")
        }
    }

    /// What is read or written together: one argument, or the bits of one octet.
    enum Field {
        case single(Argument)
        case bits([Argument])
    }

    let classID: Int
    let methodID: Int
    /// The name in the specification, for example `queue.declare-ok`.
    let specificationName: String
    /// The name of the struct, for example `QueueDeclareOK`.
    let typeName: String
    /// The name of the enum case and of the constant, for example `queueDeclareOK`.
    let caseName: String
    let doc: String
    let isSentByClient: Bool
    let isSentByServer: Bool
    let isSynchronous: Bool
    let hasContent: Bool
    /// The case names of the methods that answer it.
    let replies: [String]
    let arguments: [Argument]

    /// The arguments that are stored.
    var stored: [Argument] { arguments.filter { !$0.isReserved } }

    /// Both numbers in one literal, as ``MethodID.wireValue`` has them.
    var wireLiteral: String {
        func digits(_ number: Int) -> String {
            let text = String(number, radix: 16, uppercase: true)
            return String(repeating: "0", count: 4 - text.count) + text
        }
        return "0x\(digits(classID))_\(digits(methodID))"
    }

    /// The arguments with neighbouring bits joined (specification 4.2.5.2).
    var fields: [Field] {
        var fields: [Field] = []
        for argument in arguments {
            if argument.type != .bit {
                fields.append(.single(argument))
            } else if case .bits(let bits) = fields.last, bits.count < 8 {
                fields[fields.count - 1] = .bits(bits + [argument])
            } else {
                fields.append(.bits([argument]))
            }
        }
        return fields
    }

    init(_ method: SpecificationTable.Method, in type: SpecificationTable.Class, of table: SpecificationTable) throws {
        classID = type.id
        methodID = method.id
        specificationName = "\(type.name).\(method.name)"
        typeName = Name.upperCamel(type.name) + Name.upperCamel(method.name)
        caseName = Name.lowerCamel("\(type.name)-\(method.name)")
        doc = method.doc
        isSentByClient = method.to != .client
        isSentByServer = method.to != .server
        isSynchronous = method.synchronous ?? false
        hasContent = method.content ?? false
        replies = (method.answers ?? []).map { Name.lowerCamel("\(type.name)-\($0)") }
        arguments = try method.arguments.map { argument in
            let domain = try table.domain(argument.domain)
            return Argument(
                specificationName: argument.name, label: Name.lowerCamel(argument.name), type: domain.type,
                isReserved: argument.reserved ?? false, isRepaired: domain.repair ?? false,
                isSecret: domain.secret ?? false, defaultValue: argument.default?.swift, doc: argument.doc ?? domain.doc
            )
        }
    }
}

extension SpecificationTable.DefaultValue {
    /// The value as a Swift expression.
    var swift: String {
        switch self {
        case .flag(let flag): String(flag)
        case .number(let number): String(number)
        case .text(let text): "\"\(text)\""
        case .emptyTable: "FieldTable()"
        }
    }
}

/// Turns the specification's names into Swift's.
enum Name {
    /// `routing-key` becomes `RoutingKey`, `declare-ok` becomes `DeclareOK`.
    static func upperCamel(_ name: String) -> String {
        name.split(separator: "-").map { word in
            ["id", "ok"].contains(word) ? word.uppercased() : word.prefix(1).uppercased() + word.dropFirst()
        }.joined()
    }

    /// `routing-key` becomes `routingKey`.
    static func lowerCamel(_ name: String) -> String {
        let first = name.prefix { $0 != "-" }
        return first + upperCamel(String(name.dropFirst(first.count)))
    }
}
