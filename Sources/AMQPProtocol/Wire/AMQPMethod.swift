/// One method of AMQP 0-9-1 with its arguments; the generated structs conform.
public protocol AMQPMethod: Sendable, Hashable {
    /// The numbers that name the method on the wire.
    static var id: MethodID { get }

    /// Decodes the arguments, which start at the reader's position (behind the class and method number).
    init(from reader: inout WireReader) throws(ProtocolError)

    /// The size of the encoded arguments in bytes; throws if an argument cannot be encoded.
    ///
    /// Encoding is two steps, so that nothing of a refused method is ever written: this check, then ``encode(into:)``.
    func encodedSize() throws(EncodingError) -> Int

    /// Writes the arguments. The writer has room for exactly ``encodedSize()`` bytes or more.
    func encode(into writer: inout WireWriter)
}
