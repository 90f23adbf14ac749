internal import Foundation
internal import Testing

/// Every public symbol of a library says what it is.
@Suite struct PublicSymbolTests {
    /// What protocols of others ask for; it is documented there.
    static let requirementsOfOthers: Set<Substring> = [
        "description", "debugDescription", "hash", "rawValue", "Element", "Failure", "enqueue",
        "asUnownedSerialExecutor", "InboundIn", "OutboundIn", "OutboundOut", "handlerAdded", "handlerRemoved",
        "channelActive", "channelRead", "channelReadComplete", "read", "channelInactive", "userInboundEventTriggered",
        "errorCaught", "makeAsyncIterator", "next",
    ]

    @Test func everyPublicSymbolIsDocumented() {
        let files = (TestNames.sources(under: "Sources") + TestNames.sources(under: "Tests/AdapterKit"))
            .filter { !$0.0.contains("/Generated/") && !$0.0.contains("/Specification/") }
        let ours = files.reduce(into: Set<Substring>()) { $0.formUnion(Self.requirements(in: $1.1)) }
        let exempt = ours.union(Self.requirementsOfOthers)
        var bare: [String] = []
        var count = 0
        for (path, text) in files {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            for (index, line) in lines.enumerated() {
                guard let name = Self.publicName(in: line) else { continue }
                count += 1
                if !exempt.contains(name), !Self.isDocumented(lines[..<index]) {
                    bare.append("\(path):\(index + 1): \(line)")
                }
            }
        }
        #expect(count > 1000)
        #expect(bare == [])
    }

    /// The name of the public symbol that a line declares; operators, which the types of the standard library explain,
    /// and what overrides something have none here.
    private static func publicName(in line: Substring) -> Substring? {
        guard line.contains("public ") || line.contains("open ") else { return nil }
        let words = line.split(separator: " ")
        guard words.contains(where: { $0 == "public" || $0 == "open" }), !words.contains("override"),
            !words.contains("import"), !words.contains("extension"),
            let match = line.firstMatch(
                of:
                    /^ *(?:@\w+(?:\([^)]*\))? )*(?:public|open) .*?\b(?:func|var|let|struct|class|enum|protocol|typealias|actor|case|subscript|init)\b[ ?`]*(\w*)/
            )
        else { return nil }
        let isOperator = match.1.isEmpty && line.contains(" func ")
        return isOperator ? nil : match.1
    }

    /// Whether the lines before a declaration end with a comment of documentation, but for attributes and the comments of
    /// the implementation.
    private static func isDocumented(_ lines: ArraySlice<Substring>) -> Bool {
        let before = lines.lazy.map { $0.drop { $0 == " " } }
        return before.last { !$0.hasPrefix("@") && (!$0.hasPrefix("//") || $0.hasPrefix("///")) }?.hasPrefix("///")
            ?? false
    }

    /// What the public protocols of a file ask for; whoever conforms to them need not say it again.
    private static func requirements(in text: String) -> Set<Substring> {
        var names: Set<Substring> = []
        var isInside = false
        for line in text.split(separator: "\n") {
            if line.hasPrefix("public protocol ") { isInside = true }
            if line == "}" { isInside = false }
            if isInside, let match = line.firstMatch(of: /^ +(?:mutating |static )*(?:func|var) (\w+)/) {
                names.insert(match.1)
            }
        }
        return names
    }
}
