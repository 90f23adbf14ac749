/// The class and method number that name an AMQP method on the wire (specification 2.3.5.1).
public struct MethodID: Sendable, Hashable {
    /// The class number, for example 50 for `queue`.
    public let classID: UInt16
    /// The number of the method within its class, for example 10 for `declare`.
    public let methodID: UInt16

    /// The method with these two numbers.
    @inlinable
    public init(classID: UInt16, methodID: UInt16) {
        self.classID = classID
        self.methodID = methodID
    }

    /// Both numbers as the four bytes that open a method frame's payload.
    @inlinable
    public var wireValue: UInt32 { UInt32(classID) << 16 | UInt32(methodID) }
}

extension MethodID: CustomStringConvertible {
    /// The method's name, for example `queue.declare`, or its numbers if it is unknown.
    public var description: String { name ?? "\(classID).\(methodID)" }
}
