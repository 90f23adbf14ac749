import AMQPProtocol
import Testing

struct FieldValueTests {
    @Test func everyTypeHasItsBytes() throws {
        for sample in Samples.values {
            #expect(try sample.value.encoded() == sample.bytes)
            #expect(decodeValue(sample.bytes).value == sample.value)
            #expect(sample.value.tag == sample.bytes[0])
        }
        #expect(Set(Samples.values.map(\.bytes[0])).count == 17)
    }

    @Test func otherSpellingsAreReadAsTheSameType() {
        for sample in Samples.aliases {
            #expect(decodeValue(sample.bytes).value == sample.value)
        }
    }

    @Test func literalsMakeTheUsualTypes() {
        let table: FieldTable = [
            "text": "a", "small": 1, "least": -2_147_483_648, "large": 2_147_483_648, "flag": true, "real": 1.5,
            "list": [1, "b"], "inner": ["c": false],
        ]
        #expect(table["text"] == .text("a"))
        #expect(table["small"] == .int32(1))
        #expect(table["least"] == .int32(.min))
        #expect(table["large"] == .int64(2_147_483_648))
        #expect(table["flag"] == .boolean(true))
        #expect(table["real"] == .double(1.5))
        #expect(table["list"] == .array([.int32(1), .text("b")]))
        #expect(table["inner"] == .table(["c": .boolean(false)]))
    }

    @Test func equalMeansTheSameBytes() {
        #expect(FieldValue.int32(1) != .int64(1))
        #expect(FieldValue.text("\u{E9}") != .text("e\u{301}"))
        #expect(FieldValue.double(.nan) == .double(.nan))
        #expect(FieldValue.double(0) != .double(-0.0))
        #expect(FieldValue.float(.signalingNaN) != .float(.nan))
        #expect(FieldValue.text("a") != .textBytes(ByteSlice(utf8: "a")))
        #expect(FieldValue.array([1, [2]]) != .array([1, [3]]))
        #expect(FieldValue.array([1]) != .array([1, 1]))
        #expect(FieldValue.array([["a": 1]]) == .array([["a": 1]]))
        #expect(FieldValue.array([]) != .table([:]))
    }

    @Test func numbersAreReadFromAnyIntegerType() {
        let values: [FieldValue] = [
            .int8(-1), .uint8(1), .int16(-1), .uint16(1), .int32(-1), .uint32(.max), .int64(.min), .text("1"), .void,
        ]
        #expect(values.map(\.integerValue) == [-1, 1, -1, 1, -1, 4_294_967_295, .min, nil, nil])
    }

    @Test func decimalsShowTheirDigits() {
        #expect(FieldDecimal(scale: 0, value: -12).description == "-12")
        #expect(FieldDecimal(scale: 2, value: -1234).description == "-12.34")
        #expect(FieldDecimal(scale: 3, value: 7).description == "0.007")
        #expect(FieldDecimal(scale: 255, value: .min).description.count == 258)
    }
}
