/// Percent-encoding of the parts of a URL (RFC 3986, section 2).
enum PercentCoding {
    /// Undoes the percent-encoding of one part.
    ///
    /// - Parameters:
    ///   - bytes: the part as it stands in the URL.
    ///   - part: what it is; errors name it, and never show its value.
    ///   - plusIsSpace: whether `+` stands for a space, as in a query.
    static func decode(
        _ bytes: ArraySlice<UInt8>, part: String, plusIsSpace: Bool = false
    ) throws(AMQPError) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "%") {
                guard bytes.endIndex - index >= 2, let high = digit(bytes[index]), let low = digit(bytes[index + 1])
                else {
                    throw AMQPError(invalidURL: "\(part): % is not followed by two hexadecimal digits")
                }
                decoded.append(high << 4 | low)
                index += 2
            } else {
                decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        guard let text = String(validating: decoded, as: UTF8.self) else {
            throw AMQPError(invalidURL: "\(part): it is not UTF-8 when decoded")
        }
        return text
    }

    /// Encodes everything but letters, digits and `-._~`, which no part of a URL gives a meaning to.
    static func encode(_ text: String) -> String {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a") ... UInt8(ascii: "z"), UInt8(ascii: "A") ... UInt8(ascii: "Z"),
                UInt8(ascii: "0") ... UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.append(byte)
            default:
                encoded.append(UInt8(ascii: "%"))
                encoded.append(hexadecimal(byte >> 4))
                encoded.append(hexadecimal(byte & 15))
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10
    }

    /// Encodes an IPv6 address, whose colons stay as they are.
    static func encodeAddress(_ address: String) -> String {
        address.split(separator: ":", omittingEmptySubsequences: false).map { encode(String($0)) }
            .joined(separator: ":")
    }

    /// The value of a hexadecimal digit.
    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0") ... UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a") ... UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A") ... UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension AMQPError {
    /// The error for a URL that cannot be taken; the reason names the part and never shows what stands there, since a
    /// slip of the pen can put the password into any part.
    init(invalidURL reason: String, file: String = #fileID, line: Int = #line) {
        self.init(.invalidArgument, blame: .application, "URL: \(reason)", file: file, line: line)
    }
}
