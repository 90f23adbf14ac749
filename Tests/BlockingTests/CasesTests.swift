import BrokerSupport
import Foundation
import Testing

@Suite struct CasesTests {
    /// The rows of a table of a section, and the sources of the tests that they name.
    private static func rows(_ section: String) throws -> (rows: [[String]], sources: String) {
        let text = try String(contentsOfFile: TestBroker.path("docs/pika-cases.md"), encoding: .utf8)
        let found = text.components(separatedBy: "\n## ").first { $0.hasPrefix(section) } ?? ""
        let rows = found.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst()
            .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
        let folder = TestBroker.path("Tests/BlockingTests/Cases")
        let sources = try FileManager.default.contentsOfDirectory(atPath: folder).map { name in
            try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
        }.joined()
        return (Array(rows), sources)
    }

    @Test func `every case of Pika's has a test that exists`() throws {
        let (rows, sources) = try Self.rows("BlockingConnection")
        #expect(rows.count == 82 && Set(rows.compactMap(\.first)).count == 82)
        for row in rows { #expect(sources.contains("func `\(row[1])`("), "\(row[0]) has no test") }
    }
}
