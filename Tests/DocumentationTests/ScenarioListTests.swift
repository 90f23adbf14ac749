internal import AcceptanceScenarios
internal import AdapterKit
internal import Foundation
internal import Testing

/// A scenario that is written is run: it is in one of the lists that the adapters go through.
@Suite struct ScenarioListTests {
    @Test func everyScenarioInTheSourcesIsInTheLists() {
        let listed = Set(
            (Scenarios.all + Scenarios.onPrivateNode).map { String($0.name.drop { $0 != "/" }.dropFirst()) })
        var written: Set<String> = []
        for (_, text) in TestNames.sources(under: "Tests/AcceptanceScenarios") {
            for call in [".scenario(", ".onNode("] {
                for part in text.components(separatedBy: call).dropFirst() {
                    let name = part.drop { $0.isWhitespace }
                    guard name.first == "\"", let end = name.dropFirst().firstIndex(of: "\"") else { continue }
                    let literal = name[name.index(after: name.startIndex) ..< end]
                    // A name that is put together is looked for in no list.
                    if !literal.contains("\\") { written.insert(String(literal)) }
                }
            }
        }
        #expect(written.count > 150)
        #expect(written.subtracting(listed).sorted() == [])
    }
}
