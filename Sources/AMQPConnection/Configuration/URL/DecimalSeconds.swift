/// Durations as URLs write them: seconds as a decimal number, or `none` for no limit.
enum DecimalSeconds {
    /// What stands for a limit that is `nil`.
    static let none = "none"

    /// The duration of a text such as `10`, `0.25`; `nil` if it is anything else.
    static func parse(_ text: String) -> Duration? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first.flatMap(WholeNumber.parse) else { return nil }
        guard let digits = parts.dropFirst().first else { return .seconds(whole) }
        guard digits.count <= 18, let fraction = WholeNumber.parse(digits) else { return nil }
        let unit = (digits.count ..< 18).reduce(Int64(1)) { unit, _ in unit * 10 }
        return Duration(secondsComponent: whole, attosecondsComponent: fraction * unit)
    }

    /// The text of a duration of zero or more, without a digit lost.
    static func text(_ duration: Duration?) -> String {
        guard let (seconds, attoseconds) = duration?.components else { return none }
        guard attoseconds > 0 else { return "\(seconds)" }
        var digits = String(attoseconds)
        digits = String(repeating: "0", count: 18 - digits.count) + digits
        while digits.last == "0" { digits.removeLast() }
        return "\(seconds).\(digits)"
    }
}

/// Numbers of decimal digits only.
enum WholeNumber {
    /// The number, or `nil` if there is anything but digits, or more than 64 bits of them.
    static func parse(_ digits: some Collection<UInt8>) -> Int64? {
        guard !digits.isEmpty else { return nil }
        var number: Int64 = 0
        for byte in digits {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
            guard !overflow, !carry else { return nil }
            number = sum
        }
        return number
    }
}
