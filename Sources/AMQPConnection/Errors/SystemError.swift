/// A system call that failed.
public struct SystemError: Error, Sendable, Hashable {
    /// The name of the call, for example `connect`.
    public var call: String
    /// The value of `errno`.
    public var number: Int32
    /// The system's text for the number.
    public var text: String

    /// A call that failed with this `errno`, and the system's text for it.
    public init(call: String, number: Int32, text: String) {
        self.call = call
        self.number = number
        self.text = text
    }
}

extension SystemError: CustomStringConvertible {
    /// For example `connect: Connection refused (errno 111)`.
    public var description: String { "\(call): \(text) (errno \(number))" }
}
