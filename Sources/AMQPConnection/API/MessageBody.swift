public import AMQPProtocol

/// What can be published as a message's body: texts (as UTF-8), arrays of bytes, and slices.
public protocol MessageBody {
    /// Calls `body` with the bytes, and with the slice that they lie in if there is one: large bodies are then sent
    /// without being copied.
    func withMessageBytes<Value>(_ body: (UnsafeRawBufferPointer, ByteSlice?) throws(AMQPError) -> Value)
        throws(AMQPError) -> Value
}

extension ByteSlice: MessageBody {
    @inlinable
    public func withMessageBytes<Value>(
        _ body: (UnsafeRawBufferPointer, ByteSlice?) throws(AMQPError) -> Value
    ) throws(AMQPError) -> Value {
        try withUnsafeBytes { (bytes) throws(AMQPError) in try body(bytes, self) }
    }
}

extension [UInt8]: MessageBody {
    @inlinable
    public func withMessageBytes<Value>(
        _ body: (UnsafeRawBufferPointer, ByteSlice?) throws(AMQPError) -> Value
    ) throws(AMQPError) -> Value {
        try withUnsafeBufferPointer { (bytes) throws(AMQPError) in try body(UnsafeRawBufferPointer(bytes), nil) }
    }
}

extension ArraySlice<UInt8>: MessageBody {
    @inlinable
    public func withMessageBytes<Value>(
        _ body: (UnsafeRawBufferPointer, ByteSlice?) throws(AMQPError) -> Value
    ) throws(AMQPError) -> Value {
        try withUnsafeBufferPointer { (bytes) throws(AMQPError) in try body(UnsafeRawBufferPointer(bytes), nil) }
    }
}

extension String: MessageBody {
    @inlinable
    public func withMessageBytes<Value>(
        _ body: (UnsafeRawBufferPointer, ByteSlice?) throws(AMQPError) -> Value
    ) throws(AMQPError) -> Value {
        var text = self
        var result: Result<Value, AMQPError>?
        text.withUTF8 { bytes in
            result = Result { () throws(AMQPError) in try body(UnsafeRawBufferPointer(bytes), nil) }
        }
        if let result { return try result.get() }
        return try Array(utf8).withMessageBytes(body)
    }
}
