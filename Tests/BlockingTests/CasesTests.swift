import BrokerSupport
import Foundation
import Testing

@Suite struct CasesTests {
    @Test func `every case of Pika's has a test that exists`() throws {
        let text = try String(contentsOfFile: TestBroker.path("docs/pika-cases.md"), encoding: .utf8)
        let section = text.components(separatedBy: "\n## ").first { $0.hasPrefix("BlockingConnection") } ?? ""
        let rows = section.split(separator: "\n").filter { $0.hasPrefix("| Test") }
            .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
        #expect(rows.count == 82)
        #expect(Set(rows.compactMap(\.first)).count == 82)
        let folder = TestBroker.path("Tests/BlockingTests/Cases")
        let sources = try FileManager.default.contentsOfDirectory(atPath: folder).map { name in
            try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
        }.joined()
        for row in rows where row.count == 3 || row.count == 2 {
            #expect(sources.contains("func `\(row[1])`("), "\(row[0]) has no test")
        }
    }
}
