import AMQPProtocol
import Testing

/// What can be written into memory of a size computed beforehand.
protocol Encodable {
    func encodedSize() throws(EncodingError) -> Int
    func encode(into writer: inout WireWriter)
}

extension Method: Encodable {}
extension MessageProperties: Encodable {}

extension FieldValue: Encodable {
    func encodedSize() throws(EncodingError) -> Int { try encodedSize(field: "value") }
}

extension FieldTable: Encodable {
    func encodedSize() throws(EncodingError) -> Int { try encodedSize(field: "table") }
}

extension Encodable {
    /// The encoded bytes; fails the test unless they are as many as `encodedSize()` announced.
    func encoded() throws -> [UInt8] {
        let size = try encodedSize()
        var bytes = [UInt8](repeating: 0xAA, count: size)
        let written = bytes.withUnsafeMutableBytes { memory in
            var writer = WireWriter(memory)
            encode(into: &writer)
            return writer.count
        }
        #expect(written == size)
        return bytes
    }
}

/// What decoding gave, and how many bytes it consumed.
struct Decoded<Value> {
    let outcome: Result<Value, ProtocolError>
    let consumed: Int

    var value: Value? { try? outcome.get() }

    var error: ProtocolError? {
        guard case .failure(let error) = outcome else { return nil }
        return error
    }
}

/// Decodes from the start of `bytes`.
func decode<Value>(
    _ bytes: some Collection<UInt8>, as read: (inout WireReader) throws(ProtocolError) -> Value
) -> Decoded<Value> {
    Array(bytes).withUnsafeBytes { memory in
        var reader = WireReader(memory)
        do throws(ProtocolError) {
            let value = try read(&reader)
            return Decoded(outcome: .success(value), consumed: reader.offset)
        } catch {
            return Decoded(outcome: .failure(error), consumed: reader.offset)
        }
    }
}

func decodeValue(_ bytes: some Collection<UInt8>) -> Decoded<FieldValue> {
    decode(bytes) { (reader) throws(ProtocolError) in try FieldValue(from: &reader) }
}

func decodeTable(_ bytes: some Collection<UInt8>) -> Decoded<FieldTable> {
    decode(bytes) { (reader) throws(ProtocolError) in try FieldTable(from: &reader) }
}

func decodeProperties(_ bytes: some Collection<UInt8>) -> Decoded<MessageProperties> {
    decode(bytes) { (reader) throws(ProtocolError) in try MessageProperties(from: &reader) }
}

func decodeMethod(_ id: MethodID, _ bytes: some Collection<UInt8>) -> Decoded<Method> {
    decode(bytes) { (reader) throws(ProtocolError) in try Method(id: id, from: &reader) }
}

/// The four bytes of a number as they are on the wire.
func bigEndian(_ number: UInt32) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
}
