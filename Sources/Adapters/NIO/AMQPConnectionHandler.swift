#if NIO
public import AMQPConnection
public import NIOCore

/// The last handler of a pipeline of the program's own: an AMQP connection over whatever bytes come through it.
///
/// The program makes the channel, with its own bootstrap, TLS, proxy or tunnel, so host, port, TLS and socket options of the
/// parameters mean nothing here. The connection is opened when the channel is active, and the channel is closed when the
/// connection is over.
///
/// ```swift
/// ClientBootstrap(group: eventLoop)
///     .channelInitializer { channel in
///         channel.eventLoop.makeCompletedFuture {
///             try channel.pipeline.syncOperations.addHandler(AMQPConnectionHandler(on: channel.eventLoop))
///         }
///     }
///     .connect(host: "localhost", port: 5672)
///     .flatMap { channel in channel.pipeline.handler(type: AMQPConnectionHandler.self).flatMap { $0.ready } }
/// ```
///
/// In tests it works in an `EmbeddedChannel`, whose event loop has to be run (`run()`, `advanceTime(by:)`).
public final class AMQPConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    public typealias InboundIn = ByteBuffer
    public typealias OutboundIn = Never
    public typealias OutboundOut = ByteBuffer

    /// The open connection, or the reason why there is none. Completed exactly once.
    public let ready: EventLoopFuture<FutureConnection>
    /// Succeeds once, with the reason, when the connection is over, whether it ever was open or not.
    public let closed: EventLoopFuture<AMQPError>

    private let parameters: ConnectionParameters
    private let eventLoop: any EventLoop
    private let readyPromise: EventLoopPromise<FutureConnection>
    private let closedPromise: EventLoopPromise<AMQPError>
    private var loop: NIOLoop?
    private var end: PipelineEnd?
    private var hasBegun = false

    /// Makes a handler for one channel.
    ///
    /// - Parameters:
    ///   - parameters: what to log in with, limits and deadlines.
    ///   - eventLoop: the channel's event loop.
    public init(_ parameters: ConnectionParameters = ConnectionParameters(), on eventLoop: any EventLoop) {
        self.parameters = parameters
        self.eventLoop = eventLoop
        readyPromise = eventLoop.makePromise()
        closedPromise = eventLoop.makePromise()
        ready = readyPromise.futureResult
        closed = closedPromise.futureResult
    }

    deinit {
        if !hasBegun { neverBegun() }
    }

    /// Opens a channel on the connection as soon as that is open.
    ///
    /// - Parameter number: the channel's number; the lowest free one if `nil`.
    /// - Returns: the open channel, or the reason why there is none, which may be the connection's end.
    public func channel(number: UInt16? = nil) -> EventLoopFuture<FutureChannel> {
        ready.flatMap { $0.channel(number: number) }
    }

    /// Closes the connection as soon as it is open; see ``FutureConnection/close(replyCode:replyText:)``.
    @discardableResult
    public func close(replyCode: UInt16 = 200, replyText: String = "Normal shutdown") -> EventLoopFuture<Void> {
        ready.flatMap { $0.close(replyCode: replyCode, replyText: replyText) }
    }

    private func begin() {
        guard !hasBegun, let loop, let end else { return }
        hasBegun = true
        let opening = ConnectionPromises(eventLoop, ready: readyPromise, closed: closedPromise)
        guard !loop.isClosed else { return opening.neverBegun() }
        _ = Connection(
            parameters, over: NIOTransport(end), on: loop, onOpen: opening.opened, onOpenError: { opening.failed($1) },
            onClose: opening.ended)
    }

    private func neverBegun() {
        let reason = "the pipeline ended before the channel was active"
        let error = AMQPError(.connectionOpenAborted, blame: .application, reason)
        readyPromise.fail(error)
        closedPromise.succeed(error)
    }

    // MARK: ChannelDuplexHandler

    public func handlerAdded(context: ChannelHandlerContext) {
        let loop = NIOLoop(on: context.eventLoop)
        let end = PipelineEnd(loop.host)
        self.loop = loop
        self.end = end
        end.handlerAdded(context: context)
        if context.channel.isActive { begin() }
    }

    public func handlerRemoved(context: ChannelHandlerContext) {
        end?.handlerRemoved(context: context)
        if !hasBegun {
            hasBegun = true
            neverBegun()
        }
        end = nil
        loop = nil
    }

    public func channelActive(context: ChannelHandlerContext) {
        end?.channelActive(context: context)
        begin()
    }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        end?.channelRead(context: context, data: data)
    }

    public func channelReadComplete(context: ChannelHandlerContext) {
        end?.channelReadComplete(context: context)
    }

    public func read(context: ChannelHandlerContext) {
        if let end { end.read(context: context) } else { context.read() }
    }

    public func channelInactive(context: ChannelHandlerContext) {
        end?.channelInactive(context: context)
    }

    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        end?.userInboundEventTriggered(context: context, event: event)
    }

    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end?.errorCaught(context: context, error: error)
    }
}

@available(*, unavailable)
extension AMQPConnectionHandler: Sendable {}
#endif
