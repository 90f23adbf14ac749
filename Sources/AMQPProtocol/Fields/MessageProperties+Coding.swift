extension MessageProperties {
    /// The flag of each property in the first word of flags; the first property has the highest bit.
    enum Flag {
        static let contentType: UInt16 = 1 << 15
        static let contentEncoding: UInt16 = 1 << 14
        static let headers: UInt16 = 1 << 13
        static let deliveryMode: UInt16 = 1 << 12
        static let priority: UInt16 = 1 << 11
        static let correlationID: UInt16 = 1 << 10
        static let replyTo: UInt16 = 1 << 9
        static let expiration: UInt16 = 1 << 8
        static let messageID: UInt16 = 1 << 7
        static let timestamp: UInt16 = 1 << 6
        static let type: UInt16 = 1 << 5
        static let userID: UInt16 = 1 << 4
        static let appID: UInt16 = 1 << 3
        static let clusterID: UInt16 = 1 << 2
        /// No property has this bit.
        static let unknown: UInt16 = 1 << 1
        /// Another word of flags follows (specification 4.2.6.1).
        static let continuation: UInt16 = 1 << 0
    }

    /// Reads flags and properties, as they end a content header frame; bytes behind them are left to the caller.
    ///
    /// - Throws: A ``ProtocolError`` of kind `syntax` that names the property, if one is malformed or is not UTF-8, or if
    ///   a flag is set that no property has; nothing is consumed then.
    public init(from reader: inout WireReader) throws(ProtocolError) {
        let start = reader.offset
        var isComplete = false
        defer { if !isComplete { reader.seek(to: start) } }
        let flags = try MessageProperties.readFlags(from: &reader)
        try self.init(
            contentType: flags & Flag.contentType != 0 ? reader.readText("content-type") : nil,
            contentEncoding: flags & Flag.contentEncoding != 0 ? reader.readText("content-encoding") : nil,
            headers: flags & Flag.headers != 0 ? reader.readHeaders() : nil,
            deliveryMode: flags & Flag.deliveryMode != 0
                ? DeliveryMode(rawValue: reader.readOctet("delivery-mode")) : nil,
            priority: flags & Flag.priority != 0 ? reader.readOctet("priority") : nil,
            correlationID: flags & Flag.correlationID != 0 ? reader.readText("correlation-id") : nil,
            replyTo: flags & Flag.replyTo != 0 ? reader.readText("reply-to") : nil,
            expiration: flags & Flag.expiration != 0 ? reader.readText("expiration") : nil,
            messageID: flags & Flag.messageID != 0 ? reader.readText("message-id") : nil,
            timestamp: flags & Flag.timestamp != 0 ? reader.readTimestamp() : nil,
            type: flags & Flag.type != 0 ? reader.readText("type") : nil,
            userID: flags & Flag.userID != 0 ? reader.readText("user-id") : nil,
            appID: flags & Flag.appID != 0 ? reader.readText("app-id") : nil,
            clusterID: flags & Flag.clusterID != 0 ? reader.readText("cluster-id") : nil)
        isComplete = true
    }

    /// Reads every word of flags and gives the first; the flags of later words belong to no property.
    private static func readFlags(from reader: inout WireReader) throws(ProtocolError) -> UInt16 {
        let first = try reader.readUInt16()
        guard first & Flag.unknown == 0 else { throw reader.syntaxError("property flags: an unknown flag is set") }
        var word = first
        while word & Flag.continuation != 0 {
            word = try reader.readUInt16()
            guard word & ~Flag.continuation == 0 else {
                throw reader.syntaxError("property flags: an unknown flag is set")
            }
        }
        return first
    }

    /// The size of the flags and the properties in bytes.
    ///
    /// - Throws: An ``EncodingError`` that names the property if a text is longer than 255 bytes or the headers cannot be
    ///   encoded.
    public func encodedSize() throws(EncodingError) -> Int {
        try layout().size
    }

    /// Writes the flags and the properties; ``encodedSize()`` has accepted them and the writer has room for them.
    public func encode(into writer: inout WireWriter) {
        encode(into: &writer, flags: flags)
    }

    /// The size of the flags and the properties in bytes, and the flags.
    func layout() throws(EncodingError) -> (size: Int, flags: UInt16) {
        let flags = self.flags
        var size = 2
        if flags & Flag.deliveryMode != 0 { size += 1 }
        if flags & ~Flag.deliveryMode == 0 { return (size, flags) }
        if let contentType { size += try EncodingError.sizeOfShortString(contentType, field: "content-type") }
        if let contentEncoding {
            size += try EncodingError.sizeOfShortString(contentEncoding, field: "content-encoding")
        }
        if let headers { size += try headers.encodedSize(field: "headers") }
        if priority != nil { size += 1 }
        if let correlationID { size += try EncodingError.sizeOfShortString(correlationID, field: "correlation-id") }
        if let replyTo { size += try EncodingError.sizeOfShortString(replyTo, field: "reply-to") }
        if let expiration { size += try EncodingError.sizeOfShortString(expiration, field: "expiration") }
        if let messageID { size += try EncodingError.sizeOfShortString(messageID, field: "message-id") }
        if timestamp != nil { size += 8 }
        if let type { size += try EncodingError.sizeOfShortString(type, field: "type") }
        if let userID { size += try EncodingError.sizeOfShortString(userID, field: "user-id") }
        if let appID { size += try EncodingError.sizeOfShortString(appID, field: "app-id") }
        if let clusterID { size += try EncodingError.sizeOfShortString(clusterID, field: "cluster-id") }
        return (size, flags)
    }

    /// Writes the flags, which ``layout()`` gave, and the properties.
    ///
    /// Most messages have a delivery mode at most: they do not ask for each of the others.
    func encode(into writer: inout WireWriter, flags: UInt16) {
        writer.write(flags)
        if flags & ~Flag.deliveryMode == 0 {
            if let deliveryMode { writer.write(deliveryMode.rawValue) }
            return
        }
        if let contentType { writer.writeShortString(contentType) }
        if let contentEncoding { writer.writeShortString(contentEncoding) }
        if let headers { headers.encode(into: &writer) }
        if let deliveryMode { writer.write(deliveryMode.rawValue) }
        if let priority { writer.write(priority) }
        if let correlationID { writer.writeShortString(correlationID) }
        if let replyTo { writer.writeShortString(replyTo) }
        if let expiration { writer.writeShortString(expiration) }
        if let messageID { writer.writeShortString(messageID) }
        if let timestamp { writer.write(timestamp) }
        if let type { writer.writeShortString(type) }
        if let userID { writer.writeShortString(userID) }
        if let appID { writer.writeShortString(appID) }
        if let clusterID { writer.writeShortString(clusterID) }
    }

    /// The flags of the properties that are present.
    private var flags: UInt16 {
        var flags: UInt16 = 0
        if contentType != nil { flags |= Flag.contentType }
        if contentEncoding != nil { flags |= Flag.contentEncoding }
        if headers != nil { flags |= Flag.headers }
        if deliveryMode != nil { flags |= Flag.deliveryMode }
        if priority != nil { flags |= Flag.priority }
        if correlationID != nil { flags |= Flag.correlationID }
        if replyTo != nil { flags |= Flag.replyTo }
        if expiration != nil { flags |= Flag.expiration }
        if messageID != nil { flags |= Flag.messageID }
        if timestamp != nil { flags |= Flag.timestamp }
        if type != nil { flags |= Flag.type }
        if userID != nil { flags |= Flag.userID }
        if appID != nil { flags |= Flag.appID }
        if clusterID != nil { flags |= Flag.clusterID }
        return flags
    }
}

extension WireReader {
    fileprivate mutating func readText(_ property: StaticString) throws(ProtocolError) -> String {
        try naming(property) { (reader) throws(ProtocolError) in try reader.readShortString() }
    }

    fileprivate mutating func readOctet(_ property: StaticString) throws(ProtocolError) -> UInt8 {
        try naming(property) { (reader) throws(ProtocolError) in try reader.readUInt8() }
    }

    fileprivate mutating func readHeaders() throws(ProtocolError) -> FieldTable {
        try naming("headers") { (reader) throws(ProtocolError) in try FieldTable(from: &reader) }
    }

    fileprivate mutating func readTimestamp() throws(ProtocolError) -> UInt64 {
        try naming("timestamp") { (reader) throws(ProtocolError) in try reader.readUInt64() }
    }

    /// What `read` gives; its error names the property.
    @inline(__always)
    private mutating func naming<Value>(
        _ property: StaticString, _ read: (inout WireReader) throws(ProtocolError) -> Value
    ) throws(ProtocolError) -> Value {
        do throws(ProtocolError) {
            return try read(&self)
        } catch {
            var error = error
            error.reason = "\(property): \(error.reason)"
            throw error
        }
    }
}
