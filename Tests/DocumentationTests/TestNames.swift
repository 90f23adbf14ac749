internal import AcceptanceScenarios
internal import AdapterKit
internal import Foundation

/// The names of everything that a table of the documentation may call a test.
enum TestNames {
    /// `Target/function` of each test function, and the names of all checks and scenarios.
    static let all = functions.union(AdapterCheck.all.map(\.name)).union(Scenarios.all.map(\.name))
        .union(Scenarios.onPrivateNode.map(\.name))

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The functions behind `@Test`, as the sources have them.
    private static var functions: Set<String> {
        var names: Set<String> = []
        for (path, text) in sources(under: "Tests") {
            let target = path.split(separator: "/")[1]
            var isMarked = false
            for line in text.split(separator: "\n") {
                let code = line.drop { $0 == " " }
                guard !code.hasPrefix("//") else { continue }
                if code.hasPrefix("@Test") { isMarked = true }
                guard isMarked, let name = functionName(in: code) else { continue }
                names.insert("\(target)/\(name)")
                isMarked = false
            }
        }
        return names
    }

    private static func functionName(in code: Substring) -> String? {
        guard let keyword = code.range(of: "func ") else { return nil }
        let rest = code[keyword.upperBound...]
        if rest.first == "`" { return rest.dropFirst().split(separator: "`").first.map { String($0) } }
        return String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
    }

    /// The Swift files under a folder of the package, by their paths.
    static func sources(under folder: String) -> [(path: String, text: String)] {
        let base = root.appending(path: folder)
        let paths = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
        return paths.filter { $0.hasSuffix(".swift") }.compactMap { path in
            (try? String(contentsOf: base.appending(path: path), encoding: .utf8)).map { ("\(folder)/\(path)", $0) }
        }
    }
}
