/// An adapter that the kit certifies: its name, what it offers, and how to make a loop of it.
///
/// ```swift
/// let mine = AdapterUnderTest("MyLoop", features: [.descriptors, .sockets, .wholeTurns, .closing]) {
///     let loop = MyLoop()
///     return LoopHost(loop: loop, close: { loop.close() })
/// }
/// ```
public struct AdapterUnderTest: Sendable {
    /// The name in results and in the matrix; unique among the adapters of a matrix.
    public let name: String
    /// What the adapter offers; a check that needs more is reported as not applicable.
    public let features: AdapterFeatures
    /// Makes a fresh loop; called once for each check, on the check's thread.
    public let makeHost: @Sendable () throws -> LoopHost

    /// Describes an adapter; the parameters are the properties of the same names.
    public init(
        _ name: String, features: AdapterFeatures, makeHost: @escaping @Sendable () throws -> LoopHost
    ) {
        self.name = name
        self.features = features
        self.makeHost = makeHost
    }
}

extension AdapterUnderTest: CustomStringConvertible {
    public var description: String { name }
}
