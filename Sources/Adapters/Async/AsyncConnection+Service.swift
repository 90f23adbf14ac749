#if ServiceLifecycle
internal import AMQPConnection
public import ServiceLifecycle

/// A connection as a service of a `ServiceGroup`; with the package trait `ServiceLifecycle`, which is off by default.
///
/// ```swift
/// let connection = try await AMQP.connect("amqp://localhost")
/// let group = ServiceGroup(services: [connection, consumer], gracefulShutdownSignals: [.sigterm], logger: logger)
/// try await group.run()
/// ```
///
/// Name the connection before the services that use it: a group shuts down in reverse order, so they end first.
extension AsyncConnection: Service {
    /// Waits for the connection's end, and closes it in order when the group shuts down: handlers that are running on
    /// other threads come to their end first, and acknowledge.
    ///
    /// - Throws: ``AMQPError``: what ended the connection, if that was not a close of the program's; or
    ///   ``AMQPError/Code/cancelled`` if the task was cancelled, when the connection is closed.
    public func run() async throws {
        let reason: AMQPError
        do {
            reason = try await withGracefulShutdownHandler {
                try await closed()
            } onGracefulShutdown: { [bound] in
                // A loop that has gone has no connections.
                try? bound.execute { connection in
                    if connection.isOpen { connection.close { _ in } }
                }
            }
        } catch {
            // The error that led here is the one to know of.
            try? await close()
            throw error
        }
        guard reason.isOrderlyEnd else { throw reason }
    }
}
#endif
