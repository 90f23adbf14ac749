import AMQPProtocol

/// Compares what we decoded with what Pika decoded.
enum Comparison {
    /// The fields that the specification reserves and we do not keep.
    private static let reserved: Set<String> = [
        "capabilities", "insist", "knownhosts", "outofband", "channelid", "clusterid",
    ]

    /// The names of fields that differ or are missing on one side.
    static func differences(_ method: any AMQPMethod, _ expected: [String: JSONValue]) -> [String] {
        var ours: [String: Any] = [:]
        for child in Mirror(reflecting: method).children {
            if let label = child.label { ours[label.lowercased()] = child.value }
        }
        // Their mirrors leave the secrets out.
        switch method {
        case let method as ConnectionStartOK: ours["response"] = method.response
        case let method as ConnectionUpdateSecret: ours["newsecret"] = method.newSecret
        default: break
        }
        return differences(ours, expected)
    }

    /// The names of properties that differ or are present on one side only.
    static func differences(_ properties: MessageProperties, _ expected: [String: JSONValue]) -> [String] {
        var ours: [String: Any] = [:]
        for child in Mirror(reflecting: properties).children {
            if let label = child.label, let value = present(child.value) { ours[label.lowercased()] = value }
        }
        return differences(ours, expected)
    }

    private static func present(_ value: Any) -> Any? {
        let mirror = Mirror(reflecting: value)
        return mirror.displayStyle == .optional ? mirror.children.first?.value : value
    }

    private static func differences(_ ours: [String: Any], _ expected: [String: JSONValue]) -> [String] {
        var theirs: [String: JSONValue] = [:]
        for (name, value) in expected {
            let name = name == "global_qos" ? "global" : String(name.filter { $0 != "_" })
            if ours[name] != nil || !reserved.contains(name) { theirs[name] = value }
        }
        return Set(ours.keys).union(theirs.keys).filter { name in
            guard let value = ours[name], let expected = theirs[name] else { return true }
            return !isEqual(value, expected)
        }.sorted()
    }

    private static func isEqual(_ value: Any, _ expected: JSONValue) -> Bool {
        switch value {
        case let value as Bool: expected.flag == value
        case let value as UInt8: expected.number(UInt8.self) == value
        case let value as UInt16: expected.number(UInt16.self) == value
        case let value as UInt32: expected.number(UInt32.self) == value
        case let value as UInt64: expected.number(UInt64.self) == value
        case let value as DeliveryMode: expected.number(UInt8.self) == value.rawValue
        case let value as String: expected.text.map { Array($0.utf8) } == Array(value.utf8)
        case let value as ByteSlice: expected.bytes == Array(value)
        case let value as FieldTable: isEqual(value, expected)
        default: false
        }
    }

    private static func isEqual(_ table: FieldTable, _ expected: JSONValue) -> Bool {
        guard let entries = expected.list, entries.count == table.count else { return false }
        return zip(table, entries).allSatisfy { entry, expected in
            guard let pair = expected.list, pair.count == 2, let key = pair[0].text else { return false }
            return Array(entry.key.utf8) == Array(key.utf8) && isEqual(entry.value, pair[1])
        }
    }

    private static func isEqual(_ value: FieldValue, _ expected: JSONValue) -> Bool {
        guard let pair = expected.list, pair.count == 2, let tag = pair[0].text else { return false }
        guard tag == String(UnicodeScalar(value.tag)) else { return false }
        let expected = pair[1]
        switch value {
        case .boolean(let value): return expected.flag == value
        case .int8(let value): return expected.number(Int8.self) == value
        case .uint8(let value): return expected.number(UInt8.self) == value
        case .int16(let value): return expected.number(Int16.self) == value
        case .uint16(let value): return expected.number(UInt16.self) == value
        case .int32(let value): return expected.number(Int32.self) == value
        case .uint32(let value): return expected.number(UInt32.self) == value
        case .int64(let value): return expected.number(Int64.self) == value
        case .timestamp(let value): return expected.number(UInt64.self) == value
        case .float(let value): return expected.real.map { Float($0) == value || $0.isNaN && value.isNaN } ?? false
        case .double(let value): return expected.real.map { $0 == value || $0.isNaN && value.isNaN } ?? false
        case .decimal(let value):
            guard let parts = expected.list, parts.count == 2 else { return false }
            return parts[0].number(UInt8.self) == value.scale && parts[1].number(Int32.self) == value.value
        case .text(let text): return expected.bytes == Array(text.utf8)
        case .textBytes(let bytes), .byteArray(let bytes): return expected.bytes == Array(bytes)
        case .array(let values):
            guard let list = expected.list, list.count == values.count else { return false }
            return zip(values, list).allSatisfy { isEqual($0, $1) }
        case .table(let table): return isEqual(table, expected)
        case .void:
            guard case .null = expected else { return false }
            return true
        }
    }
}
