/// A value of a field table or field array, in the type that it has on the wire.
///
/// Each case stands for one type tag as RabbitMQ speaks it (its errata to specification 4.2.5.5), so that a value that
/// was received is forwarded as the type that it came as. Two values are equal if they have the same bytes on the wire:
/// `.int32(1)` and `.int64(1)` are not, nor are two Unicode normal forms of a text; two equal NaN are.
///
/// Literals make the usual types: `["x-max-length": 1000, "x-queue-mode": "lazy", "flag": true]`. An integer literal
/// becomes ``int32(_:)`` if it fits, else ``int64(_:)``.
public enum FieldValue: Sendable {
    /// Tag `t`: an octet, of which any value but 0 is true.
    case boolean(Bool)
    /// Tag `b`.
    case int8(Int8)
    /// Tag `B`.
    case uint8(UInt8)
    /// Tag `s`; tag `U`, the specification's name for it, is read as the same.
    case int16(Int16)
    /// Tag `u`.
    case uint16(UInt16)
    /// Tag `I`.
    case int32(Int32)
    /// Tag `i`.
    case uint32(UInt32)
    /// Tag `l`; tag `L`, the specification's name for it, is read as the same.
    case int64(Int64)
    /// Tag `f`.
    case float(Float)
    /// Tag `d`.
    case double(Double)
    /// Tag `D`.
    case decimal(FieldDecimal)
    /// Tag `S`: a long string that is UTF-8.
    case text(String)
    /// Tag `S`: a long string of bytes that are not UTF-8, which decoding keeps as they came.
    case textBytes(ByteSlice)
    /// Tag `x`: bytes.
    case byteArray(ByteSlice)
    /// Tag `A`: values, each of any type.
    case array([FieldValue])
    /// Tag `T`: seconds since 1970-01-01 00:00 UTC.
    case timestamp(UInt64)
    /// Tag `F`: a table inside the table.
    case table(FieldTable)
    /// Tag `V`: no value.
    case void
}

extension FieldValue {
    /// How many tables and arrays may be nested in each other, the outermost counted, in either direction: 32.
    ///
    /// Without a limit, a few kilobytes from a peer could exhaust the stack.
    public static var maximumNesting: Int { 32 }

    /// The most bytes that the length of a text, array or table can express.
    static var maximumLength: Int { Int(UInt32.max) }

    /// The tag that names the type on the wire.
    public var tag: UInt8 {
        switch self {
        case .boolean: UInt8(ascii: "t")
        case .int8: UInt8(ascii: "b")
        case .uint8: UInt8(ascii: "B")
        case .int16: UInt8(ascii: "s")
        case .uint16: UInt8(ascii: "u")
        case .int32: UInt8(ascii: "I")
        case .uint32: UInt8(ascii: "i")
        case .int64: UInt8(ascii: "l")
        case .float: UInt8(ascii: "f")
        case .double: UInt8(ascii: "d")
        case .decimal: UInt8(ascii: "D")
        case .text, .textBytes: UInt8(ascii: "S")
        case .byteArray: UInt8(ascii: "x")
        case .array: UInt8(ascii: "A")
        case .timestamp: UInt8(ascii: "T")
        case .table: UInt8(ascii: "F")
        case .void: UInt8(ascii: "V")
        }
    }

    /// The value as text: of ``text(_:)``, else `nil`.
    public var stringValue: String? {
        guard case .text(let text) = self else { return nil }
        return text
    }

    /// The value as a number, if it is of any integer type; `nil` for everything else.
    public var integerValue: Int64? {
        switch self {
        case .int8(let value): Int64(value)
        case .uint8(let value): Int64(value)
        case .int16(let value): Int64(value)
        case .uint16(let value): Int64(value)
        case .int32(let value): Int64(value)
        case .uint32(let value): Int64(value)
        case .int64(let value): value
        case .boolean, .float, .double, .decimal, .text, .textBytes, .byteArray, .array, .timestamp, .table, .void: nil
        }
    }

    /// The value as a truth value: of ``boolean(_:)``, else `nil`.
    public var booleanValue: Bool? {
        guard case .boolean(let value) = self else { return nil }
        return value
    }

    /// The value as a list: of ``array(_:)``, else `nil`.
    public var arrayValue: [FieldValue]? {
        guard case .array(let values) = self else { return nil }
        return values
    }

    /// The value as a table: of ``table(_:)``, else `nil`.
    public var tableValue: FieldTable? {
        guard case .table(let table) = self else { return nil }
        return table
    }
}
