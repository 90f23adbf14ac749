#if NIO
internal import BrokerSupport
internal import Foundation
internal import Testing

@Suite struct TwistedCasesTests {
    @Test func everyCaseOfPikasHasATestThatExists() throws {
        let text = try String(contentsOfFile: TestBroker.path("docs/pika-cases.md"), encoding: .utf8)
        let section = text.components(separatedBy: "\n## ").first { $0.hasPrefix("Twisted") } ?? ""
        let rows = section.split(separator: "\n").filter { $0.contains("TestCase.test_") }
            .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
        #expect(rows.count == 68)
        #expect(Set(rows.compactMap(\.first)).count == 68)
        for row in rows {
            let test = row.last?.split(separator: ".").map(String.init) ?? []
            guard row.count == 2, test.count == 2 else {
                Issue.record("\(row) is not a case and a test")
                continue
            }
            let file = test[0] + ".swift"
            let source = try String(contentsOfFile: TestBroker.path("Tests/NIOTests/\(file)"), encoding: .utf8)
            #expect(source.contains("func \(test[1])("), "\(row[0]) has no test")
        }
    }
}
#endif
