public import AMQPConnection
import AMQPPosix

#if os(Linux)
import AMQPEpoll
#else
import AMQPPoll
#endif

/// The core's own form: continuations, on a loop that has a thread to itself (epoll(7) on Linux, poll(2) elsewhere).
public final class CallbackFace: Face {
    public let name = "Callbacks"
    public let closesDroppedConnections = false
    private let loop = Task { await CallbackFace.startLoop() }

    public init() {}

    public func connect(_ candidates: [ConnectionParameters]) async throws(AMQPError) -> any FaceConnection {
        try await loop.value.get().reply { loop, completion in
            _ = Connection(
                candidates, on: loop, onOpen: { completion(.success(CallbackConnection($0))) },
                onOpenError: { completion(.failure($1)) })
        }
    }

    /// Starts the thread, which runs as long as the process.
    private static func startLoop() async -> Result<LoopBound<any IOLoop>, AMQPError> {
        await withCheckedContinuation { continuation in
            do throws(SystemError) {
                try System.detachThread {
                    do throws(AMQPError) {
                        let loop: any IOLoop = try makeLoop()
                        continuation.resume(returning: .success(LoopBound(loop, on: loop)))
                        loop.start()
                    } catch {
                        continuation.resume(returning: .failure(error))
                    }
                }
            } catch {
                continuation.resume(
                    returning: .failure(AMQPError(.systemCallFailed, blame: .transport, "no thread: \(error)")))
            }
        }
    }

    private static func makeLoop() throws(AMQPError) -> HostedLoop {
        #if os(Linux)
        try EpollLoop()
        #else
        PollLoop()
        #endif
    }
}

extension LoopBound {
    /// Makes a call with a completion on the loop's thread, and waits for it.
    func reply<Reply: Sendable>(
        _ call: @escaping @Sendable (Value, @escaping (Result<Reply, AMQPError>) -> Void) -> Void
    ) async throws(AMQPError) -> Reply {
        let result: Result<Reply, AMQPError> = await withCheckedContinuation { continuation in
            do throws(AMQPError) {
                try execute { value in call(value) { continuation.resume(returning: $0) } }
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }

    /// Runs something on the loop's thread, and waits for that.
    func run<Reply: Sendable>(
        _ body: @escaping @Sendable (Value) throws(AMQPError) -> Reply
    ) async throws(AMQPError) -> Reply {
        try await reply { value, completion in
            completion(Result { () throws(AMQPError) in try body(value) })
        }
    }
}
