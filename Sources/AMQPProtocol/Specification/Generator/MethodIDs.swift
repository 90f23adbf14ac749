/// Writes what is known of a method by its numbers.
enum MethodIDs {
    static func constants(_ methods: [MethodModel]) -> String {
        var source = SourceText()
        source.blank()
        source.block("extension MethodID") { source in
            for method in methods {
                source.doc("`\(method.specificationName)`")
                source.line("@inlinable")
                source.block("public static var \(method.caseName): MethodID") { source in
                    source.line("MethodID(classID: \(method.classID), methodID: \(method.methodID))")
                }
                source.blank()
            }
            source.doc("Every method, in the order of the specification.")
            source.list(
                "public static let all: [MethodID] = ", methods.map { ".\($0.caseName)" }, "", brackets: ("[", "]"))
        }
        return source.text
    }

    static func traits(_ methods: [MethodModel]) -> String {
        var source = SourceText()
        source.blank()
        source.block("extension MethodID") { source in
            source.doc("The method's name in the specification, for example `queue.declare`; `nil` if it is unknown.")
            source.block("public var name: String?") { source in
                source.line("switch wireValue {")
                for method in methods {
                    source.line("case \(method.wireLiteral): \"\(method.specificationName)\"")
                }
                source.line("default: nil")
                source.line("}")
            }
            source.blank()
            source.doc("Whether the sender waits for one of ``replies`` (unless it says `no-wait`).")
            source.line("public var isSynchronous: Bool { !replies.isEmpty }")
            source.blank()
            source.doc("The methods that answer this one; empty if none does.")
            source.block("public var replies: [MethodID]") { source in
                source.line("switch wireValue {")
                for method in methods where !method.replies.isEmpty {
                    let replies = method.replies.map { ".\($0)" }.joined(separator: ", ")
                    source.line("case \(method.wireLiteral): [\(replies)]")
                }
                source.line("default: []")
                source.line("}")
            }
            flag("hasContent", "Whether a content header and a body follow the method.", \.hasContent)
            flag("isSentByClient", "Whether the client may send it.", \.isSentByClient)
            flag("isSentByServer", "Whether the broker may send it.", \.isSentByServer)

            func flag(_ name: String, _ doc: String, _ value: (MethodModel) -> Bool) {
                source.blank()
                source.doc(doc)
                source.block("public var \(name): Bool") { source in
                    source.line("switch wireValue {")
                    let literals = methods.filter(value).map(\.wireLiteral)
                    for start in stride(from: 0, to: literals.count, by: 8) {
                        let end = min(start + 8, literals.count)
                        let head = start == 0 ? "case " : "    "
                        source.line(
                            head + literals[start ..< end].joined(separator: ", ") + (end < literals.count ? "," : ":"))
                    }
                    source.line("    true")
                    source.line("default: false")
                    source.line("}")
                }
            }
        }
        return source.text
    }
}
