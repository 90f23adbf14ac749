/// One behaviour that every face must have against the real broker, with a name.
public struct FaceScenario: Sendable {
    /// The name, unique among all scenarios: `face/behaviour`.
    public let name: String
    /// How long it may take; a scenario that takes longer has hung.
    let limit: Duration
    let body: @Sendable (FaceRun) async throws -> Void

    init(_ name: String, limit: Duration = .seconds(30), _ body: @escaping @Sendable (FaceRun) async throws -> Void) {
        self.name = "face/\(name)"
        self.limit = limit
        self.body = body
    }
}

extension FaceScenario: CustomStringConvertible {
    public var description: String { name }
}
