/// Durations as URLs write them: seconds as a decimal number, or `none` for no limit.
enum DecimalSeconds {
    /// What stands for a limit that is `nil`.
    static let none = "none"

    /// The longest that can be read back: 64 bits of seconds, and all that comes behind the point.
    private static let longest = Duration(secondsComponent: .max, attosecondsComponent: 999_999_999_999_999_999)

    /// The duration of a text such as `10`, `0.25`; `nil` if it is anything else.
    static func parse(_ text: String) -> Duration? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first.flatMap(WholeNumber.parse) else { return nil }
        guard let digits = parts.dropFirst().first else { return .seconds(whole) }
        guard digits.count <= 18, let fraction = WholeNumber.parse(digits) else { return nil }
        let unit = (digits.count ..< 18).reduce(Int64(1)) { unit, _ in unit * 10 }
        return Duration(secondsComponent: whole, attosecondsComponent: fraction * unit)
    }

    /// The text of a duration of zero or more, without a digit lost, but not beyond ``longest``.
    static func text(_ duration: Duration?) -> String {
        guard let duration else { return none }
        let (seconds, attoseconds) = min(duration, longest).components
        guard attoseconds > 0 else { return "\(seconds)" }
        var digits = String(attoseconds)
        digits = String(repeating: "0", count: 18 - digits.count) + digits
        while digits.last == "0" { digits.removeLast() }
        return "\(seconds).\(digits)"
    }
}
