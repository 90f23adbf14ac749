/// Writes the enum over all methods and its coding.
enum MethodEnum {
    static func cases(_ methods: [MethodModel]) -> String {
        var source = SourceText()
        source.blank()
        source.doc("Any method of AMQP 0-9-1 with its arguments.")
        source.block("public enum Method: Sendable, Hashable") { source in
            for method in methods {
                source.doc("`\(method.specificationName)`: \(method.doc)")
                source.line("case \(method.caseName)(\(method.typeName))")
            }
        }
        source.blank()
        source.block("extension Method") { source in
            source.doc("The numbers that name the method on the wire.")
            source.block("public var id: MethodID") { source in
                source.line("switch self {")
                for method in methods { source.line("case .\(method.caseName): .\(method.caseName)") }
                source.line("}")
            }
            source.blank()
            source.doc("The method by itself.")
            source.block("public var payload: any AMQPMethod") { source in
                source.line("switch self {")
                for method in methods { source.line("case .\(method.caseName)(let method): method") }
                source.line("}")
            }
        }
        return source.text
    }

    static func coding(_ methods: [MethodModel]) -> String {
        var source = SourceText()
        source.blank()
        source.block("extension Method") { source in
            source.doc("Reads the arguments of the method that a method frame's first four bytes name.")
            source.line("///")
            source.line(
                "/// - Throws: A ``ProtocolError`` of kind `unknownMethod` if there is no such method, of kind `syntax` if an"
            )
            source.line("///   argument is malformed or bytes are left behind the last one.")
            source.block("public init(id: MethodID, from reader: inout WireReader) throws(ProtocolError)") { source in
                source.line("reader.method = id")
                source.line("switch id.wireValue {")
                for method in methods {
                    source.line(
                        "case \(method.wireLiteral): self = .\(method.caseName)(try \(method.typeName)(from: &reader))")
                }
                source.line("default:")
                source.line(
                    "    throw ProtocolError(.unknownMethod, method: id, offset: reader.offset, reason: \"no method \\(id)\")"
                )
                source.line("}")
                source.line("try reader.expectEnd()")
            }
            source.blank()
            source.doc("The size of the encoded arguments in bytes; throws if an argument cannot be encoded.")
            source.block("public func encodedSize() throws(EncodingError) -> Int") { source in
                source.line("switch self {")
                for method in methods {
                    source.line("case .\(method.caseName)(let method): try method.encodedSize()")
                }
                source.line("}")
            }
            source.blank()
            source.doc("Writes the arguments; ``encodedSize()`` has accepted them and the writer has room for them.")
            source.block("public func encode(into writer: inout WireWriter)") { source in
                source.line("switch self {")
                for method in methods {
                    source.line("case .\(method.caseName)(let method): method.encode(into: &writer)")
                }
                source.line("}")
            }
        }
        return source.text
    }
}
