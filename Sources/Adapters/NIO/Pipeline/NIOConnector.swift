#if NIO
import AMQPConnection
import AMQPPosix
import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A channel that is being connected for a loop.
final class NIOConnector: Cancellable, LoopResident {
    typealias Outcome = Result<any StreamTransport, AMQPError>

    private let loop: NIOLoop
    private let address: AMQPConnection.SocketAddress
    private let end: PipelineEnd
    private var completion: ((Outcome) -> Void)?

    init(_ loop: NIOLoop, _ address: AMQPConnection.SocketAddress, _ completion: @escaping (Outcome) -> Void) {
        self.loop = loop
        self.address = address
        self.completion = completion
        self.end = PipelineEnd(loop.host, peerAddress: address)
    }

    func begin(_ options: SocketOptions) {
        loop.host.add(self)
        let native: NIOCore.SocketAddress
        do {
            native = try address.native()
        } catch {
            return completeLater(.failure(failure(error)))
        }
        guard let bootstrap = ClientBootstrap(validatingGroup: loop.eventLoop) else {
            let reason = "\(type(of: loop.eventLoop)) opens no sockets; put an AMQPConnectionHandler into its channel"
            return completeLater(.failure(AMQPError(.connectFailed, blame: .application, reason)))
        }
        let end = NIOLoopBound(self.end, eventLoop: loop.eventLoop)
        configure(bootstrap, options)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(end.value) }
            }
            .connect(to: native).assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success(let channel): self.connected(channel)
                case .failure(let error): self.completeLater(.failure(self.failure(error)))
                }
            }
    }

    /// The loop's own timers end attempts that take too long.
    private func configure(_ bootstrap: ClientBootstrap, _ options: SocketOptions) -> ClientBootstrap {
        let bootstrap = bootstrap.connectTimeout(.hours(24))
        if case .unix = address { return bootstrap }
        var configured = bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1)
        if options.probesPeer { configured = configured.channelOption(.socketOption(.so_keepalive), value: 1) }
        func set(_ name: Int32, _ value: Int?) {
            guard let value else { return }
            let option = ChannelOptions.Types.SocketOption(level: .tcp, name: .init(rawValue: name))
            configured = configured.channelOption(option, value: value)
        }
        #if canImport(Darwin)
        set(TCP_KEEPALIVE, options.keepAliveIdle)
        #else
        set(TCP_KEEPIDLE, options.keepAliveIdle)
        set(TCP_USER_TIMEOUT, options.userTimeout)
        #endif
        set(TCP_KEEPINTVL, options.keepAliveInterval)
        set(TCP_KEEPCNT, options.keepAliveCount)
        return configured
    }

    private func connected(_ channel: any NIOCore.Channel) {
        guard completion != nil else { return end.abandon() }
        if let local = channel.localAddress, local == channel.remoteAddress, local.port != nil {
            end.abandon()
            let reason = "nobody listens on \(address); the socket was connected to itself"
            return completeLater(.failure(AMQPError(.connectFailed, blame: .transport, reason)))
        }
        completeLater(.success(NIOTransport(end)))
    }

    func cancel() {
        guard completion != nil else { return }
        release()
        end.abandon()
    }

    func loopClosed(_ error: AMQPError) {
        end.abandon()
        finish(.failure(error))
    }

    private func failure(_ error: any Error) -> AMQPError {
        AMQPError(
            .connectFailed, blame: .transport, "no stream to \(address) could be opened",
            underlying: PipelineEnd.systemError(error, "connect"))
    }

    private func completeLater(_ outcome: Outcome) {
        loop.host.callLater(.zero) { self.finish(outcome) }
    }

    private func finish(_ outcome: Outcome) {
        guard let completion else { return }
        release()
        completion(outcome)
    }

    private func release() {
        completion = nil
        loop.host.remove(self)
    }
}
#endif
