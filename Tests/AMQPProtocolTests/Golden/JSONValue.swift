/// Any JSON value, numbers without loss.
enum JSONValue: Decodable, Sendable {
    case null
    case flag(Bool)
    case signed(Int64)
    case unsigned(UInt64)
    case real(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? value.decode(Int64.self) {
            self = .signed(number)
        } else if let number = try? value.decode(UInt64.self) {
            self = .unsigned(number)
        } else if let number = try? value.decode(Double.self) {
            self = .real(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([JSONValue].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: JSONValue].self))
        }
    }

    /// The number, if it is one that `Number` holds.
    func number<Number: FixedWidthInteger>(_: Number.Type) -> Number? {
        switch self {
        case .signed(let number): Number(exactly: number)
        case .unsigned(let number): Number(exactly: number)
        case .null, .flag, .real, .text, .list, .object: nil
        }
    }

    var real: Double? {
        switch self {
        case .real(let number): number
        case .signed(let number): Double(number)
        case .text("nan"): .nan
        case .text("inf"): .infinity
        case .text("-inf"): -.infinity
        case .null, .flag, .unsigned, .text, .list, .object: nil
        }
    }

    var flag: Bool? {
        guard case .flag(let flag) = self else { return nil }
        return flag
    }

    var text: String? {
        guard case .text(let text) = self else { return nil }
        return text
    }

    var list: [JSONValue]? {
        guard case .list(let list) = self else { return nil }
        return list
    }

    /// The bytes of `{"hex": "00ff"}` or of the text `00ff`.
    var bytes: [UInt8]? {
        let digits: [UInt8]
        switch self {
        case .text(let text): digits = Array(text.utf8)
        case .object(let object): return object["hex"]?.bytes
        case .null, .flag, .signed, .unsigned, .real, .list: return nil
        }
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for position in stride(from: 0, to: digits.count, by: 2) {
            let pair = String(decoding: digits[position ..< position + 2], as: UTF8.self)
            guard let byte = UInt8(pair, radix: 16) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}
