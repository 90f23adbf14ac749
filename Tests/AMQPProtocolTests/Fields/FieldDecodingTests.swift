import AMQPProtocol
import Testing

/// Reliability rows S8, S9, S10 and S11: whatever comes in a table either decodes or is a typed error.
struct FieldDecodingTests {
    @Test func everyTagTruncatedAtEveryByteIsAnErrorThatConsumesNothing() {
        let known = Dictionary(
            grouping: Samples.values.map(\.bytes) + Samples.aliases.map(\.bytes), by: { $0[0] })
        var cases = 0
        for tag in UInt8.min ... .max {
            let samples = known[tag] ?? [[tag] + [UInt8](repeating: 0, count: 64)]
            for bytes in samples {
                for length in 0 ..< bytes.count {
                    let decoded = decodeValue(bytes.prefix(length))
                    #expect(decoded.error?.kind == .syntax, "tag \(tag), \(length) bytes")
                    #expect(decoded.consumed == 0)
                    cases += 1
                }
                let whole = decodeValue(bytes)
                if known[tag] == nil {
                    #expect(whole.error?.reason == "unknown field type \(tag)")
                    #expect(whole.consumed == 0)
                } else {
                    #expect(whole.value != nil)
                    #expect(whole.consumed == bytes.count)
                }
                cases += 1
            }
        }
        #expect(known.count == 19)
        print("field tags x prefixes: \(cases) cases")
    }

    @Test func aLengthThatReachesOverTheEndIsAnErrorAndAllocatesNothing() {
        var cases = 0
        for tag in "SxAF".utf8 {
            for left in 0 ... 16 {
                for length in [UInt32(left) + 1, 1 << 31, .max - 4, .max] {
                    let bytes = [tag] + bigEndian(length) + [UInt8](repeating: 0x56, count: left)
                    let decoded = decodeValue(bytes)
                    #expect(decoded.error?.kind == .syntax)
                    #expect(decoded.consumed == 0)
                    let table = decodeTable(bigEndian(UInt32(bytes.count) + 1) + [0] + bytes)
                    #expect(table.error?.kind == .syntax)
                    #expect(table.consumed == 0)
                    cases += 2
                }
            }
        }
        print("lengths over the end: \(cases) cases")
    }

    @Test func aValueThatReachesOverItsContainerIsAnError() {
        // A table of 4 bytes whose only value needs 6, and an array of 2 bytes whose only value needs 3; the bytes are there.
        #expect(decodeTable([0, 0, 0, 4, 0, 0x49, 1, 2, 3, 4, 5, 6]).error?.kind == .syntax)
        #expect(decodeValue([0x41, 0, 0, 0, 2, 0x73, 1, 2, 3]).error?.kind == .syntax)
        #expect(decodeTable([0, 0, 0, 9, 0, 0x46, 0, 0, 0, 4, 0, 0x53, 0, 0, 0, 0]).error?.kind == .syntax)
    }

    @Test func aWrongLengthOfANestedTableIsAnErrorOrMovesWholeEntries() throws {
        let table: FieldTable = ["outer": ["inner": ["a": 1, "b": [true, "text"]], "c": 2]]
        let bytes = try table.encoded()
        var accepted: [UInt32] = []
        // The outer table's length, and the inner one's behind its key and tag.
        for position in [0, 11] {
            let correct = bytes[position ..< position + 4].reduce(0) { $0 << 8 | UInt32($1) }
            for length in UInt32(0) ... 255 where length != correct {
                var changed = bytes
                changed.replaceSubrange(position ..< position + 4, with: bigEndian(length))
                let decoded = decode(changed) { (reader) throws(ProtocolError) in
                    let table = try FieldTable(from: &reader)
                    try reader.expectEnd()
                    return table
                }
                if let error = decoded.error {
                    #expect(error.kind == .syntax, "length \(length) at \(position)")
                } else {
                    #expect(decoded.value != table && decoded.consumed == bytes.count)
                    accepted.append(length)
                }
            }
        }
        // Without the entry `inner` in it, and without the entry `c`.
        #expect(accepted == [0, 36])
    }

    @Test(arguments: [31, 32, 33, 1_000, 21_000], ["arrays", "tables", "mixed"])
    func nestingBeyondTheLimitIsAnErrorOnASmallStack(levels: Int, kind: String) async {
        let bytes = nested(levels: levels) { level in kind == "arrays" || kind == "mixed" && level % 2 == 1 }
        let outcome = await onSmallStack {
            let decoded = decodeValue(bytes)
            return (
                decoded.error?.kind, decoded.consumed, decoded.value?.description, decoded.value?.hashValue,
                decoded.value.map { $0 == $0 && (try? $0.encoded()) == bytes }
            )
        }
        if levels <= 32 {
            #expect(outcome.0 == nil)
            #expect(outcome.1 == bytes.count)
            #expect(outcome.4 == true)
        } else {
            #expect(outcome.0 == .syntax)
            #expect(outcome.1 == 0)
        }
    }

    /// Tables or arrays inside each other; the innermost is empty.
    private func nested(levels: Int, isArray: (Int) -> Bool) -> [UInt8] {
        var heads: [[UInt8]] = []
        var length = 0
        for level in (0 ..< levels).reversed() {
            // Inside a table, a value has an empty key in front.
            let key: [UInt8] = level > 0 && !isArray(level - 1) ? [0] : []
            let head = key + [isArray(level) ? 0x41 : 0x46] + bigEndian(UInt32(length))
            heads.append(head)
            length += head.count
        }
        return heads.reversed().flatMap { $0 }
    }

    @Test func textThatIsNotUTF8StaysBytes() throws {
        for bytes in Samples.notUTF8 {
            let wire = [0x53] + bigEndian(UInt32(bytes.count)) + bytes
            let value = try #require(decodeValue(wire).value)
            #expect(value == .textBytes(ByteSlice(bytes)))
            #expect(try value.encoded() == wire)
        }
        for bytes in Samples.oddUTF8 {
            let wire = [0x53] + bigEndian(UInt32(bytes.count)) + bytes
            let value = try #require(decodeValue(wire).value)
            #expect(value.stringValue.map { Array($0.utf8) } == bytes)
            #expect(try value.encoded() == wire)
        }
    }

    @Test func aKeyThatIsNotUTF8IsAnError() {
        for key in Samples.notUTF8 {
            let entry = [UInt8(key.count)] + key + [0x56]
            #expect(decodeTable(bigEndian(UInt32(entry.count)) + entry).error?.kind == .syntax)
        }
    }
}
