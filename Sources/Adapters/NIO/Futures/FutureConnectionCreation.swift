#if NIO
import AMQPConnection
public import NIOCore

/// A connection that is being opened by ``FutureConnection/create(_:on:)``. Any thread may use it.
public struct FutureConnectionCreation: Sendable {
    /// The part that belongs to the event loop. The connection keeps itself until it is over.
    final class Opening {
        private(set) weak var connection: Connection?
        private var isAborted = false

        func begin(_ workflow: any ConnectionWorkflow, on loop: NIOLoop, _ promises: ConnectionPromises) {
            guard !loop.isClosed else { return promises.neverBegun() }
            let connection = Connection(
                workflow: workflow, on: loop, onOpen: promises.opened, onOpenError: { promises.failed($1) },
                onClose: promises.ended)
            self.connection = connection
            if isAborted { connection.close() }
        }

        func abort() {
            isAborted = true
            if let connection, connection.isOpening { connection.close() }
        }
    }

    /// The open connection, or the reason why there is none; completed exactly once.
    public let connection: EventLoopFuture<FutureConnection>
    let opening: NIOLoopBoundBox<Opening>
    private let eventLoop: any EventLoop

    init(_ workflow: sending any ConnectionWorkflow, on eventLoop: any EventLoop) {
        let ready = eventLoop.makePromise(of: FutureConnection.self)
        let promises = ConnectionPromises(eventLoop, ready: ready, closed: eventLoop.makePromise())
        let workflow = NIOLoopBoundBox.makeBoxSendingValue(workflow, eventLoop: eventLoop)
        self.eventLoop = eventLoop
        connection = ready.futureResult
        opening = NIOLoopBoundBox.makeBoxSendingValue(Opening(), eventLoop: eventLoop)
        eventLoop.execute { [opening] in
            opening.value.begin(workflow.value, on: NIOLoop(on: eventLoop), promises)
        }
    }

    /// Gives up: ``connection`` fails with ``AMQPConnection/AMQPError/Code/connectionOpenAborted``, and nothing is tried
    /// any more. Once the connection is open, or could not be opened, this does nothing.
    public func abort() {
        let opening = opening
        if eventLoop.inEventLoop { opening.value.abort() } else { eventLoop.execute { opening.value.abort() } }
    }
}
#endif
