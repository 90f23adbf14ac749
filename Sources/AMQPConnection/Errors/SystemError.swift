/// A system call that failed.
public struct SystemError: Error, Sendable, Hashable {
    /// The name of the call, for example `connect`.
    public var call: String
    /// The value of `errno`.
    public var number: Int32
    /// The system's text for the number.
    public var text: String

    public init(call: String, number: Int32, text: String) {
        self.call = call
        self.number = number
        self.text = text
    }
}

extension SystemError: CustomStringConvertible {
    public var description: String { "\(call): \(text) (errno \(number))" }
}
