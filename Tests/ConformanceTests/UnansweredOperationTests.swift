internal import AcceptanceScenarios
internal import BrokerSupport
internal import Foundation
internal import Testing

/// The list of calls that are tried on a broker that stands still holds every public call with a continuation.
@Suite struct UnansweredOperationTests {
    @Test func everyPublicCallWithAContinuationIsListed() throws {
        let found = try Self.callsWithContinuations()
        let listed = UnansweredOperation.all.map(\.name)
        #expect(found.count >= 27)
        #expect(listed.count == Set(listed).count)
        #expect(found.subtracting(listed) == [], "no entry in UnansweredOperation.all")
        #expect(Set(listed).subtracting(found) == [], "no such public call")
        print("public calls with a continuation: \(found.count), listed: \(listed.count)")
    }

    /// The public functions and initialisers of the connection core whose parameters hold a continuation, as
    /// `Type.name`. Listeners are none: they wait for events, which may never come.
    private static func callsWithContinuations() throws -> Set<String> {
        let root = TestBroker.path("Sources/AMQPConnection")
        let files = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        var names: Set<String> = []
        for file in files where file.hasSuffix(".swift") {
            let text = try String(contentsOfFile: "\(root)/\(file)", encoding: .utf8)
            names.formUnion(callsWithContinuations(in: text))
        }
        return names
    }

    private static func callsWithContinuations(in text: String) -> [String] {
        var names: [String] = []
        var type = ""
        var signature: String?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let match = line.firstMatch(
                of: /^(?:public |final |package )*(?:class|struct|enum|extension|actor) (\w+)/)
            {
                type = String(match.1)
            }
            if line.contains(/^    public (?:static |convenience )?(?:func |init)/) { signature = "" }
            guard let begun = signature else { continue }
            let whole = begun + line
            signature = whole
            guard line.hasSuffix("{") else { continue }
            signature = nil
            // What a loop does is part of connecting, which has the stack's deadline.
            guard type != "IOLoop" else { continue }
            if whole.contains(/(?:completion|onOutcome|onOpenError|onOpen):/),
                let name = whole.firstMatch(of: /(?:func (\w+)|(init))/)
            {
                names.append("\(type).\(name.1 ?? name.2 ?? "")")
            }
        }
        return names
    }
}
