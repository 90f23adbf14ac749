/// Writes the reply codes.
enum ReplyCodes {
    static func source(_ codes: [SpecificationTable.ReplyCode]) -> String {
        var source = SourceText()
        source.blank()
        source.block("extension ReplyCode") { source in
            for code in codes {
                source.doc("\(code.value): \(code.doc)")
                source.line(
                    "@inlinable public static var \(Name.lowerCamel(code.name)): ReplyCode { .init(rawValue: \(code.value)) }"
                )
            }
            source.blank()
            source.doc("Every reply code, in the order of the specification.")
            source.list(
                "public static let all: [ReplyCode] = ", codes.map { ".\(Name.lowerCamel($0.name))" }, "",
                brackets: ("[", "]"))
            source.blank()
            source.doc("The name in the specification, for example `not-found`; `nil` if the code is unknown.")
            source.block("public var name: String?") { source in
                source.line("switch rawValue {")
                for code in codes { source.line("case \(code.value): \"\(code.name)\"") }
                source.line("default: nil")
                source.line("}")
            }
            source.blank()
            source.doc("What the code ends when the broker closes with it; `nil` for success and for unknown codes.")
            source.block("public var scope: Scope?") { source in
                source.line("switch rawValue {")
                for scope in ["channel", "connection"] {
                    let values = codes.filter { $0.scope == scope }.map { String($0.value) }.joined(separator: ", ")
                    source.line("case \(values): .\(scope)")
                }
                source.line("default: nil")
                source.line("}")
            }
        }
        return source.text
    }
}
