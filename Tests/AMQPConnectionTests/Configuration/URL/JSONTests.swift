import AMQPProtocol
import Testing

@testable import AMQPConnection

@Suite struct JSONTests {
    static let accepted: [(String, FieldTable)] = [
        ("{}", [:]),
        (" \t\r\n{ \n} ", [:]),
        (#"{"a":0}"#, ["a": .int32(0)]),
        (#"{"a":-0}"#, ["a": .int32(0)]),
        (#"{"a":2147483647,"b":-2147483648}"#, ["a": .int32(.max), "b": .int32(.min)]),
        (#"{"a":2147483648}"#, ["a": .int64(2_147_483_648)]),
        (#"{"a":9223372036854775807,"b":-9223372036854775808}"#, ["a": .int64(.max), "b": .int64(.min)]),
        (
            #"{"a":0.0,"b":-0.0,"c":1e2,"d":1E+2,"e":1.5e-3}"#,
            ["a": 0.0, "b": -0.0, "c": 100.0, "d": 100.0, "e": 0.0015]
        ),
        (#"{"a":true,"b":false,"c":null}"#, ["a": true, "b": false, "c": .void]),
        (#"{"a":[],"b":[1,[2],{}],"c":{"d":{}}}"#, ["a": [], "b": [1, [2], [:]], "c": ["d": [:]]]),
        (#"{"":""}"#, ["": ""]),
        (#"{"a":"\"\\\/\b\f\n\r\t\u0041\u00e9"}"#, ["a": "\"\\/\u{8}\u{C}\n\r\tAé"]),
        (#"{"a":"\ud83d\udc39","b":"🐹"}"#, ["a": "🐹", "b": "🐹"]),
        (#"{"a":"\u0000"}"#, ["a": "\0"]),
    ]

    static let refused = [
        "", " ", "{", "}", "{}}", "{} {}", "[]", "1", "\"a\"", "null", "{a:1}", "{'a':1}", #"{"a"}"#, #"{"a":}"#,
        #"{"a" 1}"#, #"{"a":1,}"#, #"{,"a":1}"#, #"{"a":1 "b":2}"#, #"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#,
        #"{"a":[1,]}"#, #"{"a":[1 2]}"#, #"{"a":[1}"#, #"{"a":[,]}"#, #"{"a":01}"#, #"{"a":+1}"#, #"{"a":-}"#,
        #"{"a":.5}"#, #"{"a":1.}"#, #"{"a":1e}"#, #"{"a":1e+}"#, #"{"a":0x1}"#, #"{"a":1e999}"#, #"{"a":NaN}"#,
        #"{"a":Infinity}"#, #"{"a":9223372036854775808}"#, #"{"a":True}"#, #"{"a":tru}"#, #"{"a":nul}"#,
        #"{"a":truefalse}"#, #"{"a":"b}"#, "{\"a\":\"\u{1}\"}", "{\"a\":\"\n\"}", #"{"a":"\x"}"#, #"{"a":"\u12"}"#,
        #"{"a":"\u12g4"}"#, #"{"a":"\ud83d"}"#, #"{"a":"\ud83dx"}"#, #"{"a":"\ud83d\u0041"}"#, #"{"a":"\udc39"}"#,
        #"{"a":"\"#, #"{"a":1}/**/"#, "\u{FEFF}{}",
    ]

    @Test(arguments: accepted)
    func readsWhatTheStandardAllows(_ text: String, _ table: FieldTable) throws {
        #expect(try JSONReader.table(text, part: "p") == table)
    }

    @Test(arguments: refused)
    func refusesEverythingElse(_ text: String) {
        let error = #expect(throws: AMQPError.self) { try JSONReader.table(text, part: "p") }
        #expect(error?.code == .invalidArgument)
        #expect(error?.reason.hasPrefix("URL: p: ") == true)
    }

    @Test(arguments: accepted)
    func everyBeginningOfATextIsRefused(_ text: String, _ table: FieldTable) {
        let object = text.trimmingPrefix { $0.isWhitespace }
        for end in object.unicodeScalars.indices where !object[end...].allSatisfy(\.isWhitespace) {
            #expect(throws: AMQPError.self) { try JSONReader.table(String(object[..<end]), part: "p") }
        }
    }

    @Test func nestingIsLimited() throws {
        func nested(_ depth: Int) -> String {
            "{\"a\":" + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1) + "}"
        }
        let deepest = try JSONReader.table(nested(32), part: "p")
        #expect(try deepest.encodedSize() > 32)
        #expect(try JSONWriter.text(deepest, part: "p") == nested(32))
        #expect(throws: AMQPError.self) { try JSONReader.table(nested(33), part: "p") }
        let objects = String(repeating: "{\"a\":", count: 100_000)
        #expect(throws: AMQPError.self) { try JSONReader.table(objects, part: "p") }
    }

    @Test(
        arguments: [
            .int8(1), .uint8(1), .int16(1), .uint16(1), .uint32(1), .int64(1), .float(1), .double(.nan),
            .double(.infinity),
            .decimal(FieldDecimal(scale: 1, value: 1)), .textBytes([0xFF]), .byteArray([1]), .timestamp(1), [.int8(1)],
            ["a": .int8(1)],
        ] as [FieldValue])
    func whatWouldComeBackAsSomethingElseIsNotWritten(_ value: FieldValue) {
        let error = #expect(throws: AMQPError.self) { try JSONWriter.text(["k": value], part: "p") }
        #expect(error?.code == .notSupported)
    }

    @Test func aKeyThatComesTwiceIsNotWritten() {
        var table: FieldTable = ["a": 1]
        table.append(2, forKey: "a")
        #expect(throws: AMQPError.self) { try JSONWriter.text(table, part: "p") }
    }
}
