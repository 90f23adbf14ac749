@testable import AMQPAsync
import AMQPConnection
import AMQPSelect
import BrokerSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct LoopEndTests {
    /// Never answers, but notes that it was asked.
    private struct SilentProvider: CredentialsProvider {
        let asked: Guarded<Bool>

        func provideCredentials(_ completion: @escaping @Sendable (Result<any Credentials, any Error>) -> Void) {
            asked.withLock { $0 = true }
        }
    }

    @Test func `a call on the thread of a loop that is closed throws, and what is known is told`() async throws {
        // Nothing here leaves the thread that the loop belongs to.
        let loop = SelectLoop()
        let connection = AsyncConnection(Connection(on: loop))
        let executor = IOLoopExecutor(loop)
        loop.close()
        var codes: [AMQPError.Code] = []
        do throws(AMQPError) {
            _ = try await connection.channel()
        } catch {
            codes.append(error.code)
        }
        do throws(AMQPError) {
            try await connection.updateSecret("guest", reason: "test")
        } catch {
            codes.append(error.code)
        }
        do throws(AMQPError) {
            _ = try await AMQP.connect(ConnectionParameters(), on: executor)
        } catch {
            codes.append(error.code)
        }
        let isCurrent = executor.mailbox.isCurrent
        let isClosed = try await connection.run { $0.isClosed }
        let reason = try await connection.closed()
        try await connection.close()
        #expect(isCurrent)
        #expect(codes == [.loopClosed, .loopClosed, .loopClosed])
        #expect(isClosed)
        #expect(reason.code == .loopClosed)
    }

    @Test func `a loop that is closed while a connection is opened ends the call`() async throws {
        let ready = Guarded<IOLoopExecutor?>(nil)
        async let ended: Void = onOwnThread {
            let loop = SelectLoop()
            ready.withLock { $0 = IOLoopExecutor(loop) }
            loop.start()
            loop.close()
        }
        try await waitUntil("the loop runs") { ready.withLock { $0 != nil } }
        let executor = try #require(ready.withLock { $0.take() })
        let asked = Guarded(false)
        var parameters = ConnectionParameters()
        parameters.credentialsProvider = SilentProvider(asked: asked)
        let opening = Task { [parameters] () -> AMQPError.Code? in
            do throws(AMQPError) {
                _ = try await AMQP.connect(parameters, on: executor)
                return nil
            } catch {
                return error.code
            }
        }
        try await waitUntil("the attempt has begun") { asked.withLock { $0 } }
        try executor.loop.execute { $0.stop() }
        try await ended
        #expect(await opening.value == .loopClosed)
    }
}
