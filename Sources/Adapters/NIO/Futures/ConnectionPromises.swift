#if NIO
import AMQPConnection
import NIOCore

/// What is promised of a connection that is being opened: its listeners complete both promises, each once.
struct ConnectionPromises {
    private let eventLoop: any EventLoop
    private let ready: EventLoopPromise<FutureConnection>
    private let closed: EventLoopPromise<AMQPError>
    private let isOver = Flag()

    init(
        _ eventLoop: any EventLoop, ready: EventLoopPromise<FutureConnection>, closed: EventLoopPromise<AMQPError>
    ) {
        self.eventLoop = eventLoop
        self.ready = ready
        self.closed = closed
    }

    func opened(_ connection: Connection) {
        ready.succeed(FutureConnection(connection, eventLoop, closed: closed.futureResult, isOver))
    }

    /// The event loop was shut down before the connection could be made.
    func neverBegun() {
        let reason = "the event loop was shut down before the connection could be opened"
        failed(AMQPError(.loopClosed, blame: .application, reason))
    }

    func failed(_ error: AMQPError) {
        isOver.set()
        ready.fail(error)
        closed.succeed(error)
    }

    func ended(_ connection: Connection, _ error: AMQPError) {
        isOver.set()
        closed.succeed(error)
    }
}
#endif
