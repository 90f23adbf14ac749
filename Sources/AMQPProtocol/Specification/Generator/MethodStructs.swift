/// Writes the structs of one class's methods.
enum MethodStructs {
    static func source(_ type: SpecificationTable.Class, _ methods: [MethodModel]) -> String {
        var source = SourceText()
        source.line("// Class \(type.id), \(type.name): \(type.doc).")
        for method in methods {
            source.blank()
            source.doc("`\(method.specificationName)`: \(method.doc)")
            source.block("public struct \(method.typeName): AMQPMethod") { source in
                properties(method, &source)
                initialiser(method, &source)
                decoding(method, &source)
                size(method, &source)
                encoding(method, &source)
            }
            if method.stored.contains(where: \.isSecret) {
                source.blank()
                redaction(method, &source)
            }
        }
        return source.text
    }

    private static func properties(_ method: MethodModel, _ source: inout SourceText) {
        source.line("public static var id: MethodID { .\(method.caseName) }")
        source.blank()
        for argument in method.stored {
            source.doc(argument.doc)
            source.line("public var \(argument.identifier): \(argument.swiftType)")
        }
        if !method.stored.isEmpty { source.blank() }
    }

    private static func initialiser(_ method: MethodModel, _ source: inout SourceText) {
        guard !method.stored.isEmpty else {
            source.doc("The method, which has no arguments.")
            source.line("public init() {}")
            source.blank()
            return
        }
        let hasDefaults = method.stored.contains { $0.defaultValue != nil }
        source.doc(
            hasDefaults
                ? "The method with its arguments; those that are left out have the specification's defaults."
                : "The method with its arguments.")
        source.list("public init", method.stored.map(\.parameter), " {")
        for argument in method.stored {
            source.line("    self.\(argument.label) = \(argument.identifier)")
        }
        source.line("}")
        source.blank()
    }

    private static func decoding(_ method: MethodModel, _ source: inout SourceText) {
        let head = "public init(from reader: inout WireReader) throws(ProtocolError)"
        guard !method.arguments.isEmpty else {
            source.line("\(head) {}")
            source.blank()
            return
        }
        source.block(head) { source in
            for field in method.fields {
                switch field {
                case .single(let argument):
                    let target = argument.isReserved ? "_" : "self.\(argument.label)"
                    source.line("\(target) = try \(reading(argument))")
                case .bits(let bits) where bits.allSatisfy(\.isReserved):
                    source.line("_ = try reader.readUInt8()")
                case .bits(let bits):
                    source.line("let flags = try reader.readUInt8()")
                    for (index, bit) in bits.enumerated() where !bit.isReserved {
                        source.line("self.\(bit.label) = flags & \(mask(index)) != 0")
                    }
                }
            }
        }
        source.blank()
    }

    private static func reading(_ argument: MethodModel.Argument) -> String {
        switch argument.type {
        case .bit, .octet: "reader.readUInt8()"
        case .short: "reader.readUInt16()"
        case .long: "reader.readUInt32()"
        case .longlong: "reader.readUInt64()"
        case .shortstr where argument.isReserved: "reader.readShortBytes()"
        case .shortstr where argument.isRepaired: "reader.readShortStringRepairing()"
        case .shortstr: "reader.readShortString()"
        case .longstr where argument.isReserved: "reader.readLongBytes()"
        case .longstr: "ByteSlice(copying: reader.readLongBytes())"
        case .table: "FieldTable(from: &reader)"
        }
    }

    private static func size(_ method: MethodModel, _ source: inout SourceText) {
        var fixed = 0
        var variable: [String] = []
        for field in method.fields {
            guard case .single(let argument) = field else {
                fixed += 1
                continue
            }
            let place = "field: \"\(argument.specificationName)\""
            switch argument.type {
            case .bit, .octet: fixed += 1
            case .short: fixed += 2
            case .long: fixed += 4
            case .longlong: fixed += 8
            case .shortstr where argument.isReserved: fixed += 1
            case .longstr where argument.isReserved: fixed += 4
            case .shortstr: variable.append("EncodingError.sizeOfShortString(\(argument.identifier), \(place))")
            case .longstr: variable.append("EncodingError.sizeOfLongString(\(argument.identifier).count, \(place))")
            case .table: variable.append("\(argument.identifier).encodedSize(\(place))")
            }
        }
        let head = "public func encodedSize() throws(EncodingError) -> Int"
        if variable.isEmpty {
            source.line("\(head) { \(fixed) }")
        } else {
            source.block(head) { source in
                source.line("var size = \(fixed)")
                for term in variable { source.line("size += try \(term)") }
                source.line("return size")
            }
        }
        source.blank()
    }

    private static func encoding(_ method: MethodModel, _ source: inout SourceText) {
        let head = "public func encode(into writer: inout WireWriter)"
        guard !method.arguments.isEmpty else {
            source.line("\(head) {}")
            return
        }
        source.block(head) { source in
            for field in method.fields {
                switch field {
                case .single(let argument):
                    source.line(writing(argument))
                case .bits(let bits) where bits.allSatisfy(\.isReserved):
                    source.line("writer.write(0 as UInt8)")
                case .bits(let bits):
                    source.line("var flags: UInt8 = 0")
                    for (index, bit) in bits.enumerated() where !bit.isReserved {
                        source.line("if \(bit.identifier) { flags |= \(mask(index)) }")
                    }
                    source.line("writer.write(flags)")
                }
            }
        }
    }

    private static func writing(_ argument: MethodModel.Argument) -> String {
        let name = argument.identifier
        return switch argument.type {
        case .shortstr where argument.isReserved: "writer.write(0 as UInt8)"
        case .longstr where argument.isReserved: "writer.write(0 as UInt32)"
        case .bit, .octet, .short, .long, .longlong: "writer.write(\(name))"
        case .shortstr: "writer.writeShortString(\(name))"
        case .longstr: "writer.writeLongBytes(\(name))"
        case .table: "\(name).encode(into: &writer)"
        }
    }

    /// Descriptions and mirrors that leave the secret arguments out.
    private static func redaction(_ method: MethodModel, _ source: inout SourceText) {
        let shown = method.stored.filter { !$0.isSecret }
        source.block("extension \(method.typeName): CustomStringConvertible, CustomReflectable") { source in
            source.doc("The method and its arguments without the secret.")
            source.block("public var description: String") { source in
                guard !shown.isEmpty else {
                    source.line("\"\(method.typeName)(…)\"")
                    return
                }
                let texts = shown.map { "\"\($0.label): \\(\($0.identifier))\"" }
                source.list("let shown = ", texts, "", brackets: ("[", "]"))
                source.line("return \"\(method.typeName)(\\(shown.joined(separator: \", \")), …)\"")
            }
            source.blank()
            source.doc("The arguments without the secret.")
            source.block("public var customMirror: Mirror") { source in
                let children = shown.isEmpty ? [":"] : shown.map { "\"\($0.label)\": \($0.identifier)" }
                source.list("let shown: KeyValuePairs<String, Any> = ", children, "", brackets: ("[", "]"))
                source.line("return Mirror(self, children: shown, displayStyle: .struct)")
            }
        }
    }

    private static func mask(_ bit: Int) -> String {
        let digits = String(1 << bit, radix: 16, uppercase: true)
        return "0x" + (digits.count == 1 ? "0" : "") + digits
    }
}
