internal import Foundation
internal import Testing

/// docs/PARITY.md names a test for each row, and the tests, the symbols and the rows are there.
@Suite struct ParityTests {
    static let table: ParityTable = {
        let file = TestNames.root.appending(path: "docs/PARITY.md")
        return ParityTable(text: (try? String(contentsOf: file, encoding: .utf8)) ?? "")
    }()

    /// How many rows each group has.
    static let groups = [
        "0.": 17, "PAR-": 21, "URL-": 19, "CRED-": 6, "TLS-": 3, "CON-": 12, "CCB-": 7, "CHM-": 27, "CHC-": 8,
        "CNS-": 9,
        "CNF-": 6, "SEL-": 8, "HBT-": 5, "BLT-": 3, "BPR-": 4, "TUN-": 4, "CLP-": 1, "EXC-": 30, "COD-": 6, "ENM-": 2,
        "THR-": 4, "3.1.": 8, "3.2.": 7, "3.3.": 9, "3.4.": 8, "3.5.": 5, "3.6.": 5, "3.7.": 6, "3.8.": 4,
        "BLK-": 17, "TWI-": 10, "AIO-": 4, "AQL-": 27,
    ]

    @Test func everyRowIsThereOnce() {
        let ids = Self.table.rows.map(\.id)
        let wanted = Self.groups.flatMap { group, count in (1 ... count).map { "\(group)\($0)" } }
        #expect(ids.count == Set(ids).count)
        #expect(Set(wanted).symmetricDifference(ids).sorted() == [])
    }

    @Test func everyRowNamesTestsThatExist() {
        for row in Self.table.rows {
            #expect(!row.tests.isEmpty || row.reason != nil, "\(row.id) has neither a test nor a reason")
            #expect(row.tests.filter { !TestNames.all.contains($0) } == [], "\(row.id)")
        }
    }

    @Test func everySymbolIsDeclared() {
        let words = Set(
            TestNames.sources(under: "Sources").flatMap { _, text in
                text.split(separator: "\n").compactMap { Self.declaredName(in: $0) }
            })
        for row in Self.table.rows {
            for symbol in row.symbols {
                let name = symbol.split(separator: "(").first?.split(separator: ".").last.map { String($0) } ?? symbol
                #expect(name == "init" || words.contains(name), "\(row.id): \(symbol)")
            }
        }
    }

    /// The name behind `func`, `var`, `let`, `case`, `struct`, `class`, `enum`, `protocol` or `typealias`.
    private static func declaredName(in line: Substring) -> String? {
        let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
        let keywords: Set<Substring> = [
            "func", "var", "let", "case", "struct", "class", "enum", "protocol", "typealias",
        ]
        guard let keyword = words.firstIndex(where: { keywords.contains($0) }) else { return nil }
        return words.dropFirst(keyword + 1).first.map { String($0) }
    }
}
