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
        self.init()
        let start = reader.offset
        do throws(ProtocolError) {
            try read(from: &reader)
        } catch {
            reader.offset = start
            throw error
        }
    }

    private mutating func read(from reader: inout WireReader) throws(ProtocolError) {
        let flags = try MessageProperties.readFlags(from: &reader)
        if flags == 0 { return }
        func text(_ flag: UInt16, _ name: String, _ reader: inout WireReader) throws(ProtocolError) -> String? {
            try property(flag, name, &reader) { (reader) throws(ProtocolError) in try reader.readShortString() }
        }
        func property<Value>(
            _ flag: UInt16, _ name: String, _ reader: inout WireReader,
            _ read: (inout WireReader) throws(ProtocolError) -> Value
        ) throws(ProtocolError) -> Value? {
            guard flags & flag != 0 else { return nil }
            do throws(ProtocolError) {
                return try read(&reader)
            } catch {
                var error = error
                error.reason = "\(name): \(error.reason)"
                throw error
            }
        }
        contentType = try text(Flag.contentType, "content-type", &reader)
        contentEncoding = try text(Flag.contentEncoding, "content-encoding", &reader)
        headers = try property(Flag.headers, "headers", &reader) { (reader) throws(ProtocolError) in
            try FieldTable(from: &reader)
        }
        deliveryMode = try property(Flag.deliveryMode, "delivery-mode", &reader) { (reader) throws(ProtocolError) in
            DeliveryMode(rawValue: try reader.readUInt8())
        }
        priority = try property(Flag.priority, "priority", &reader) { (reader) throws(ProtocolError) in
            try reader.readUInt8()
        }
        correlationID = try text(Flag.correlationID, "correlation-id", &reader)
        replyTo = try text(Flag.replyTo, "reply-to", &reader)
        expiration = try text(Flag.expiration, "expiration", &reader)
        messageID = try text(Flag.messageID, "message-id", &reader)
        timestamp = try property(Flag.timestamp, "timestamp", &reader) { (reader) throws(ProtocolError) in
            try reader.readUInt64()
        }
        type = try text(Flag.type, "type", &reader)
        userID = try text(Flag.userID, "user-id", &reader)
        appID = try text(Flag.appID, "app-id", &reader)
        clusterID = try text(Flag.clusterID, "cluster-id", &reader)
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
        var size = 2
        func add(_ text: String?, _ name: StaticString) throws(EncodingError) {
            if let text { size += try EncodingError.sizeOfShortString(text, field: name.description) }
        }
        try add(contentType, "content-type")
        try add(contentEncoding, "content-encoding")
        if let headers { size += try headers.encodedSize(field: "headers") }
        if deliveryMode != nil { size += 1 }
        if priority != nil { size += 1 }
        try add(correlationID, "correlation-id")
        try add(replyTo, "reply-to")
        try add(expiration, "expiration")
        try add(messageID, "message-id")
        if timestamp != nil { size += 8 }
        try add(type, "type")
        try add(userID, "user-id")
        try add(appID, "app-id")
        try add(clusterID, "cluster-id")
        return size
    }

    /// Writes the flags and the properties; ``encodedSize()`` has accepted them and the writer has room for them.
    public func encode(into writer: inout WireWriter) {
        writer.write(flags)
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
