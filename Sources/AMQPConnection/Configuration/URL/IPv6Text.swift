/// How an IPv6 address in text is told from a host name.
enum IPv6Text {
    /// Whether the host reads as an IPv6 address, perhaps with a zone (`fe80::1%eth0`); the system has the last word.
    static func isAddress(_ host: String) -> Bool {
        let bytes = host.utf8
        let address = bytes.prefix { $0 != UInt8(ascii: "%") }
        if address.count + 1 == bytes.count { return false }
        var colons = 0
        for byte in address {
            if byte == UInt8(ascii: ":") {
                colons += 1
            } else if byte != UInt8(ascii: "."), PercentCoding.digit(byte) == nil {
                return false
            }
        }
        return colons >= 2
    }
}
