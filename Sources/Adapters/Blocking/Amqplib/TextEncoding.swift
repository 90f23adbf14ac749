import AMQPConnection

/// The ways of writing text that a content encoding may name.
enum TextEncoding {
    case utf8
    case latin1
    case ascii
    case utf16(isBigEndian: Bool)

    /// The encoding of a name, in any case and with or without hyphens; `nil` if it is none of text (`gzip`, say).
    init?(_ name: String) {
        switch name.lowercased().filter({ $0 != "-" && $0 != "_" }) {
        case "utf8": self = .utf8
        case "iso88591", "latin1": self = .latin1
        case "ascii", "usascii": self = .ascii
        case "utf16be": self = .utf16(isBigEndian: true)
        case "utf16le": self = .utf16(isBigEndian: false)
        default: return nil
        }
    }

    /// The bytes of a text; `nil` if a character of it cannot be expressed.
    func encode(_ text: String) -> ByteSlice? {
        switch self {
        case .utf8: return ByteSlice(utf8: text)
        case .latin1: return narrow(text, below: 256)
        case .ascii: return narrow(text, below: 128)
        case .utf16(let isBigEndian):
            return ByteSlice(
                text.utf16.flatMap { unit in
                    let (high, low) = (UInt8(unit >> 8), UInt8(unit & 0xFF))
                    return isBigEndian ? [high, low] : [low, high]
                })
        }
    }

    /// The text of bytes; `nil` if they are not in this encoding.
    func decode(_ bytes: ByteSlice) -> String? {
        switch self {
        case .utf8: return bytes.validText
        case .latin1: return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
        case .ascii: return bytes.allSatisfy { $0 < 128 } ? bytes.validText : nil
        case .utf16(let isBigEndian):
            guard bytes.count.isMultiple(of: 2) else { return nil }
            let units = stride(from: 0, to: bytes.count, by: 2).map { at in
                let (first, second) = (UInt16(bytes[at]), UInt16(bytes[at + 1]))
                return isBigEndian ? first << 8 | second : second << 8 | first
            }
            return String(validating: units, as: UTF16.self)
        }
    }

    private func narrow(_ text: String, below limit: UInt32) -> ByteSlice? {
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            guard scalar.value < limit else { return nil }
            bytes.append(UInt8(scalar.value))
        }
        return ByteSlice(bytes)
    }
}
