import Testing

@testable import AMQPProtocol

/// Reliability row S14 for tables: what does not fit is refused, with its place, before a byte is written.
struct FieldEncodingTests {
    @Test func aKeyOf255BytesFitsAndALongerOneIsRefusedWithItsPlace() throws {
        for key in [String(repeating: "k", count: 255), String(repeating: "é", count: 127)] {
            let table: FieldTable = [key: 1]
            #expect(decodeTable(try table.encoded()).value == table)
        }
        for key in [256, 300, 511, 65_536].map({ String(repeating: "k", count: $0) }) + [
            String(repeating: "é", count: 128)
        ] {
            let inner: FieldTable = ["a": [0, ["b": [key: 1]]]]
            let error = #expect(throws: EncodingError.self) { try inner.encodedSize(field: "arguments") }
            #expect(error?.field.hasPrefix("arguments.a[1].b.") == true, "\(error?.field ?? "")")
            #expect((error?.field.utf8.count ?? 0) < 200)
            #expect(error?.reason.contains("\(key.utf8.count) bytes") == true)
        }
    }

    @Test(arguments: [1, 31, 32, 33, 34, 1_000])
    func nestingBeyondTheLimitIsRefused(levels: Int) async {
        let refused = await onSmallStack { () -> [Bool] in
            var array = FieldValue.array([])
            var table = FieldTable()
            for _ in 1 ..< levels {
                array = .array([array])
                table = ["t": .table(table)]
            }
            let copy = (array, table)
            guard array == copy.0, table == copy.1, array.hashValue == copy.0.hashValue, !"\(array) \(table)".isEmpty
            else { return [] }
            return [(try? array.encodedSize()) == nil, (try? table.encodedSize()) == nil]
        }
        #expect(refused == [levels > 32, levels > 32])
    }

    @Test func whatIsLongerThanItsLengthCanExpressIsRefused() throws {
        // The true limit is 4 GiB; the same check with a smaller one.
        func size(_ value: FieldValue, _ maximum: Int) throws(EncodingError) -> Int {
            try value.encodedSize(depth: 0, maximumLength: maximum)
        }
        let values: [FieldValue] = [
            .text("0123456789"), .textBytes([0xFF, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
            .byteArray([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
            .array([1, 2]), .table(["abc": 1, "": .void]), .array([.text("01234")]),
        ]
        for value in values {
            let whole = try value.encoded().count
            #expect(try size(value, whole - 5) == whole)
            #expect(throws: EncodingError.self) { try size(value, whole - 6) }
        }
        let error = #expect(throws: EncodingError.self) { try size(["a": [1, "01234567890"]], 10) }
        #expect(error?.field == "a[1]")
        #expect(FieldValue.maximumLength == 4_294_967_295)
    }
}
