import AMQPProtocol
import Testing

/// Reliability row S14: no text of more than 255 bytes gets on the wire, where its length would be read as protocol.
struct ShortStringTests {
    @Test func theListHoldsEveryShortStringOfTheTable() throws {
        let table = try Specification.load()
        let expected = table.classes.flatMap { type in
            type.methods.flatMap { method in
                method.arguments.filter { table.type(of: $0) == "shortstr" && $0.reserved != true }
                    .map { "\(type.name).\(method.name) \($0.name)" }
            }
        }
        #expect(MethodSamples.shortStrings.map { "\($0.method) \($0.name)" } == expected)
        print("short string arguments: \(expected.count)")
    }

    @Test func textsOfUpTo255BytesAreSentAndLongerOnesAreRefusedByName() throws {
        var random = RandomValues(seed: 2)
        var cases = 0
        let texts =
            [0, 1, 254, 255, 256, 300, 511, 65_536].map { String(repeating: "x", count: $0) }
            + [
                String(repeating: "é", count: 127), String(repeating: "é", count: 128),
                String(repeating: "é", count: 255),
            ]
        for argument in MethodSamples.shortStrings {
            for text in texts {
                let method = argument.make(text, &random)
                cases += 1
                if text.utf8.count <= 255 {
                    #expect(decodeMethod(argument.method, try method.encoded()).value == method)
                } else {
                    let error = #expect(throws: EncodingError.self) { try method.encodedSize() }
                    #expect(error?.field == argument.name)
                    #expect(error?.reason.contains("\(text.utf8.count) bytes") == true)
                }
            }
        }
        print("short strings x lengths: \(cases) cases")
    }
}
