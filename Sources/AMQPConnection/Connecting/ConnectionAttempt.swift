/// What a ``ConnectionWorkflow`` wants to be tried next.
public struct ConnectionAttempt: Sendable {
    /// Where and how to connect.
    public var parameters: ConnectionParameters
    /// How long to wait before. Default: not at all.
    public var delay: Duration

    /// An attempt with these parameters.
    public init(_ parameters: ConnectionParameters, after delay: Duration = .zero) {
        self.parameters = parameters
        self.delay = delay
    }
}
