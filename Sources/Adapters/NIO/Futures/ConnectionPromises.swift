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

    func failed(_ connection: Connection, _ error: AMQPError) {
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
