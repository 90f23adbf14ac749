import AMQPProtocol
import Testing

struct FieldTableTests {
    @Test func settingReplacesAppendsAndRemoves() {
        var table: FieldTable = ["a": 1, "b": 2]
        table["a"] = 3
        table["c"] = 4
        table["b"] = nil
        table["missing"] = nil
        #expect(table.map(\.key) == ["a", "c"])
        #expect(table["a"] == 3)
        #expect(table["c"] == 4)
        #expect(table["b"] == nil)
    }

    @Test func aKeyThatCameTwiceIsKeptAndItsLastValueCounts() throws {
        let bytes: [UInt8] = [0, 0, 0, 10, 1, 0x6B, 0x42, 1, 0, 0x56, 1, 0x6B, 0x42, 2]
        var table = try #require(decodeTable(bytes).value)
        #expect(table.count == 3)
        #expect(table["k"] == .uint8(2))
        #expect(try table.encoded() == bytes)
        table["k"] = .uint8(3)
        #expect(table.map(\.key) == ["k", ""])
        #expect(table["k"] == .uint8(3))
    }

    @Test func aLiteralKeepsTheLastValueOfAKey() {
        let table: FieldTable = ["a": 1, "b": 2, "a": 3]
        #expect(table.map(\.key) == ["a", "b"])
        #expect(table["a"] == 3)
    }

    @Test func keysAreComparedByteByByte() {
        let table: FieldTable = ["\u{E9}": 1, "e\u{301}": 2]
        #expect(table.count == 2)
        #expect(table["\u{E9}"] == 1)
        #expect(table["e\u{301}"] == 2)
    }

    @Test func orderOfKeysDoesNotMatterForEquality() {
        let one: FieldTable = ["a": 1, "b": ["c": 2, "d": 3], "e": [4]]
        let other: FieldTable = ["e": [4], "b": ["d": 3, "c": 2], "a": 1]
        #expect(one == other)
        #expect(one.hashValue == other.hashValue)
        #expect(one != ["a": 1, "b": ["c": 2, "d": 4], "e": [4]])
        #expect(one != ["a": 1, "b": ["c": 2, "d": 3]])
        #expect(one != ["a": 1, "b": ["c": 2, "d": 3], "f": [4]])
    }

    @Test func orderOfOneKeysValuesMattersForEquality() {
        func table(_ entries: (String, FieldValue)...) -> FieldTable {
            var table = FieldTable()
            for (key, value) in entries { table.append(value, forKey: key) }
            return table
        }
        #expect(table(("k", 1), ("x", 0), ("k", 2)) == table(("x", 0), ("k", 1), ("k", 2)))
        #expect(table(("k", 1), ("x", 0), ("k", 2)) != table(("x", 0), ("k", 2), ("k", 1)))
    }

    @Test func largeTablesInAnyOrderCompareQuickly() {
        let keys = (0 ..< 20_000).map { "key-\($0)" }
        let one = FieldTable(keys.map { ($0, FieldValue.text($0)) })
        let other = FieldTable(keys.reversed().map { ($0, FieldValue.text($0)) })
        #expect(one == other)
        #expect(one.hashValue == other.hashValue)
    }

    @Test func descriptionsAreBounded() {
        let text = FieldValue.text(String(repeating: "x", count: 1 << 20))
        let accents = FieldValue.text("e" + String(repeating: "\u{301}", count: 1 << 19))
        let many = FieldTable((0 ..< 20_000).map { (String(repeating: "k", count: 40) + "\($0)", FieldValue.int32(1)) })
        let list = FieldValue.array((0 ..< 100_000).map { .array([.int64($0), .text("😀\n")]) })
        let described = [text.description, accents.description, many.description, list.description, "\(["t": text])"]
        #expect(described.allSatisfy { !$0.isEmpty && $0.utf8.count <= 1_200 }, "\(described.map(\.utf8.count))")
        var headers = FieldTable()
        for index in 0 ..< 2_000 { headers.append(text, forKey: "\(index)") }
        let properties = MessageProperties(contentType: String(repeating: "😀", count: 100_000), headers: headers)
        #expect(properties.description.utf8.count <= 1_200)
        #expect((["a": [1, "b\n"]] as FieldTable).description == #"["a": [1, "b\n"]]"#)
    }
}
