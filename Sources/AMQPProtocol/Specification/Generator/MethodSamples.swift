/// Writes the tests' list of methods and of short strings, so that none can be forgotten.
enum MethodSamples {
    static func source(_ methods: [MethodModel]) -> String {
        var source = SourceText()
        source.blank()
        source.line("import AMQPProtocol")
        for method in methods {
            source.blank()
            source.block("extension \(method.typeName): SampleMethod") { source in
                source.line("var method: Method { .\(method.caseName)(self) }")
                source.blank()
                source.block("init(random: inout RandomValues)") { source in
                    source.list("self.init", method.stored.map { "\($0.label): random.\(generator($0))()" }, "")
                }
            }
        }
        source.blank()
        source.doc("Every method and every short string, from the specification table.")
        source.block("enum MethodSamples") { source in
            source.line("static let all: [any SampleMethod.Type] = [")
            for method in methods { source.line("    \(method.typeName).self,") }
            source.line("]")
            source.blank()
            source.line("static let shortStrings: [ShortStringArgument] = [")
            for method in methods {
                for argument in method.stored where argument.type == .shortstr {
                    source.line(
                        "    ShortStringArgument(\"\(argument.specificationName)\", \\\(method.typeName).\(argument.label)),"
                    )
                }
            }
            source.line("]")
        }
        return source.text
    }

    private static func generator(_ argument: MethodModel.Argument) -> String {
        switch argument.type {
        case .bit: "flag"
        case .octet: "octet"
        case .short: "short"
        case .long: "long"
        case .longlong: "longlong"
        case .shortstr: "shortString"
        case .longstr: "bytes"
        case .table: "table"
        }
    }
}
