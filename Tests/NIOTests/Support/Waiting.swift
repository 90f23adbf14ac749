#if NIO
internal import AMQPNIO
internal import NIOCore
internal import NIOPosix
internal import Testing

/// An event loop of the process's own, which nobody shuts down.
let sharedEventLoop = MultiThreadedEventLoopGroup.singleton.next()

/// Waits until `condition`, which is asked on an event loop, holds; gives up after a minute.
func waitUntil(
    _ what: String, on eventLoop: any EventLoop = sharedEventLoop, _ condition: @escaping @Sendable () -> Bool
) async throws {
    let deadline = ContinuousClock.now.advanced(by: .seconds(60))
    while try await !eventLoop.submit(condition).get() {
        guard ContinuousClock.now < deadline else { throw Unexpected("no end of waiting until \(what)") }
        try await Task.sleep(for: .milliseconds(1))
    }
}

/// The error of one of the library's that a future fails with.
func failure<Value: Sendable>(of future: EventLoopFuture<Value>) async throws -> AMQPError {
    do {
        let value = try await future.get()
        throw Unexpected("the value \(value)")
    } catch let error as AMQPError {
        return error
    }
}
#endif
