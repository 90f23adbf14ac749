import AMQPProtocol

/// Makes random arguments, field values and properties, with a liking for the edges of their ranges.
struct RandomValues {
    private var generator: SeededGenerator
    /// The number of values that were made.
    private(set) var made = 0

    init(seed: UInt64) {
        self.generator = SeededGenerator(seed: seed)
    }

    mutating func flag() -> Bool { number() & 1 == 1 }
    mutating func octet() -> UInt8 { UInt8(truncatingIfNeeded: number()) }
    mutating func short() -> UInt16 { UInt16(truncatingIfNeeded: number()) }
    mutating func long() -> UInt32 { UInt32(truncatingIfNeeded: number()) }
    mutating func longlong() -> UInt64 { number() }

    /// A number: one time in four with all bits equal but the last, so that the extremes of each width occur.
    private mutating func number() -> UInt64 {
        made += 1
        let number = generator.next()
        return switch number >> 60 {
        case 0, 1: 0
        case 2: UInt64.max
        case 3: 0x8000_0000_8000_8080
        default: number
        }
    }

    /// A number from 0 to `limit`, small ones more often.
    mutating func size(upTo limit: Int) -> Int {
        let bits = UInt64.random(in: 0 ... 4, using: &generator)
        return min(limit, Int(generator.next() % 8) << (bits * 2))
    }

    /// A text of 0 to 255 bytes.
    mutating func shortString() -> String { text(upTo: 255) }

    /// Any bytes.
    mutating func bytes() -> ByteSlice {
        made += 1
        return ByteSlice((0 ..< size(upTo: 300)).map { _ in UInt8(truncatingIfNeeded: generator.next()) })
    }

    private mutating func text(upTo limit: Int) -> String {
        made += 1
        let size = size(upTo: limit)
        let alphabet: [Unicode.Scalar] = ["a", "z", "\0", "\n", "é", "\u{301}", "字", "😀", "\u{FEFF}", "\u{10FFFF}"]
        var scalars = String.UnicodeScalarView()
        var count = 0
        while true {
            let scalar = alphabet[Int(generator.next() % UInt64(alphabet.count))]
            count += String(scalar).utf8.count
            guard count <= size else { return String(scalars) }
            scalars.append(scalar)
        }
    }

    /// A table, nested at most four deep.
    mutating func table() -> FieldTable { table(depth: 0) }

    private mutating func table(depth: Int) -> FieldTable {
        made += 1
        var table = FieldTable()
        for _ in 0 ..< Int(generator.next() % 5) {
            table.append(fieldValue(depth: depth + 1), forKey: text(upTo: 40))
        }
        return table
    }

    /// A value of any type.
    mutating func fieldValue(depth: Int = 0) -> FieldValue {
        let kinds: UInt64 = depth < 4 ? 19 : 17
        switch generator.next() % kinds {
        case 0: return .boolean(flag())
        case 1: return .int8(Int8(bitPattern: octet()))
        case 2: return .uint8(octet())
        case 3: return .int16(Int16(bitPattern: short()))
        case 4: return .uint16(short())
        case 5: return .int32(Int32(bitPattern: long()))
        case 6: return .uint32(long())
        case 7: return .int64(Int64(bitPattern: longlong()))
        case 8: return .float(Float(bitPattern: long()))
        case 9: return .double(Double(bitPattern: longlong()))
        case 10: return .decimal(FieldDecimal(scale: octet(), value: Int32(bitPattern: long())))
        case 11, 12: return .text(text(upTo: 600))
        case 13: return .textBytes(ByteSlice([0xFF] + bytes()))
        case 14: return .byteArray(bytes())
        case 15: return .timestamp(longlong())
        case 16: return .void
        case 17: return .array((0 ..< Int(generator.next() % 5)).map { _ in fieldValue(depth: depth + 1) })
        default: return .table(table(depth: depth + 1))
        }
    }

    /// Properties, each present half of the time.
    mutating func properties() -> MessageProperties {
        var properties = MessageProperties()
        if flag() { properties.contentType = shortString() }
        if flag() { properties.contentEncoding = shortString() }
        if flag() { properties.headers = table() }
        if flag() { properties.deliveryMode = DeliveryMode(rawValue: octet()) }
        if flag() { properties.priority = octet() }
        if flag() { properties.correlationID = shortString() }
        if flag() { properties.replyTo = shortString() }
        if flag() { properties.expiration = shortString() }
        if flag() { properties.messageID = shortString() }
        if flag() { properties.timestamp = longlong() }
        if flag() { properties.type = shortString() }
        if flag() { properties.userID = shortString() }
        if flag() { properties.appID = shortString() }
        if flag() { properties.clusterID = shortString() }
        return properties
    }
}
