import AMQPProtocol
import Testing

/// Reliability row S10: lengths are compared with what is left, so that no sum can wrap.
struct WireReaderTests {
    @Test func anyCountThatDoesNotFitIsAnErrorAtAnyOffset() {
        let bytes = [UInt8](repeating: 1, count: 64)
        var cases = 0
        for offset in 0 ... 64 {
            var counts: [Int] = []
            for step in 0 ... 70 { counts += [Int.max - step, Int.min + step, -step - 1, 64 - offset + 1 + step] }
            for count in counts {
                let decoded = decode(bytes) { (reader) throws(ProtocolError) in
                    reader.seek(to: offset)
                    return try reader.readBytes(count).count
                }
                #expect(decoded.error?.kind == .syntax)
                #expect(decoded.consumed == offset)
                cases += 1
            }
            for count in 0 ... 64 - offset {
                let decoded = decode(bytes) { (reader) throws(ProtocolError) in
                    reader.seek(to: offset)
                    return try reader.readBytes(count).count
                }
                #expect(decoded.value == count)
                cases += 1
            }
        }
        print("counts x offsets: \(cases) cases")
    }

    @Test func aPositionOutsideTheBytesIsTheNearestInside() {
        for (asked, found) in [(Int.min, 0), (-1, 0), (0, 0), (3, 3), (4, 4), (5, 4), (.max, 4)] {
            let decoded = decode([1, 2, 3, 4]) { (reader) throws(ProtocolError) in
                reader.seek(to: asked)
                return try reader.readBytes(reader.remaining).count
            }
            #expect(decoded.value == 4 - found)
            #expect(decoded.consumed == 4)
        }
    }

    @Test func stringsLongerThanWhatIsLeftAreErrorsThatConsumeNothing() {
        for left in 0 ... 20 {
            let rest = [UInt8](repeating: 0x61, count: left)
            for length in left + 1 ... 255 {
                let short = decode([UInt8(length)] + rest) { (reader) throws(ProtocolError) in
                    try reader.readShortString()
                }
                #expect(short.error?.kind == .syntax)
                #expect(short.consumed == 0)
            }
            for length in [UInt32(left) + 1, 1 << 31, .max] {
                let long = decode(bigEndian(length) + rest) { (reader) throws(ProtocolError) in
                    try reader.readLongBytes().count
                }
                #expect(long.error?.kind == .syntax)
                #expect(long.consumed == 0)
            }
        }
    }
}
