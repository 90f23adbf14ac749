#if NIO
internal import AMQPNIO
internal import AMQPPosix
internal import AdapterKit
internal import NIOCore
internal import NIOPosix

/// An event loop with a thread of its own for each check, and the loop on it.
final class NIOHost {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let eventLoop: any EventLoop
    private let loop: NIOLoop
    private let parked: ParkedHost

    private init() throws {
        let eventLoop = group.next()
        let made = Guarded<OnQueue<NIOLoop>?>(nil)
        try eventLoop.submit { made.withLock { $0 = OnQueue(value: NIOLoop(on: eventLoop)) } }.wait()
        guard let loop = made.withLock({ $0 })?.value else {
            throw AMQPError(.systemCallFailed, blame: .transport, "no loop could be made")
        }
        self.eventLoop = eventLoop
        self.loop = loop
        parked = ParkedHost(loop.mailbox) { eventLoop.execute($0) }
    }

    deinit { group.shutdownGracefully { _ in } }

    private func callLater(_ delay: Duration, _ callback: @escaping () -> Void) {
        let callback = OnQueue(value: callback)
        eventLoop.scheduleTask(in: .nanoseconds(Int64(delay / .nanoseconds(1)))) { callback.value() }
    }

    /// What the kit drives for a loop on an event loop of its own.
    static func make() throws -> LoopHost {
        let host = try NIOHost()
        let (loop, parked) = (host.loop, host.parked)
        return LoopHost(
            loop: loop, enter: { parked.enter($0) }, run: { parked.letRun { loop.start() } }, close: { loop.close() },
            observeStalls: { threshold, observer in
                loop.stallThreshold = threshold
                loop.onStall = observer
            },
            foreign: LoopHost.Foreign(
                callLater: host.callLater, run: { parked.runHost() }, stop: { parked.stopHost() }))
    }
}

extension AdapterUnderTest {
    /// A loop on a SwiftNIO event loop.
    static let nio = AdapterUnderTest("NIO", features: [.closing, .stallReports, .borrowed, .sockets]) {
        try NIOHost.make()
    }
}
#endif
