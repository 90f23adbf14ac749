import AMQPConnection

/// A delivery for an `async` handler, and how to tell what became of it.
struct HandlerJob: Sendable {
    let delivery: Delivery
    let ended: @Sendable (Result<Void, any Error>) -> Void

    func run(_ handler: (Delivery) async throws -> Void) async {
        do {
            try await handler(delivery)
            ended(.success(()))
        } catch {
            ended(.failure(error))
        }
    }
}
