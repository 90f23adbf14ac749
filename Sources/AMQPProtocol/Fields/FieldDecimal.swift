/// A decimal number of a field table (tag `D`): ``value`` divided by ten to the power of ``scale``.
public struct FieldDecimal: Sendable, Hashable {
    /// The number of decimal digits behind the point.
    public var scale: UInt8
    /// The digits, as a whole number.
    public var value: Int32

    /// The number `value / 10^scale`: scale 2 and value 1234 are 12.34.
    public init(scale: UInt8, value: Int32) {
        self.scale = scale
        self.value = value
    }
}

extension FieldDecimal: CustomStringConvertible {
    /// The number in digits, for example `-12.34`.
    public var description: String {
        let scale = Int(scale)
        guard scale > 0 else { return String(value) }
        var digits = String(value.magnitude)
        if digits.utf8.count <= scale {
            digits = String(repeating: "0", count: scale + 1 - digits.utf8.count) + digits
        }
        return "\(value < 0 ? "-" : "")\(digits.dropLast(scale)).\(digits.suffix(scale))"
    }
}
