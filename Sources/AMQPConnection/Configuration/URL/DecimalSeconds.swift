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
