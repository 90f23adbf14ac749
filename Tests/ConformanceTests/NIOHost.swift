#if NIO
internal import AMQPNIO
internal import AMQPPosix
internal import AdapterKit
internal import Dispatch
internal import NIOCore
internal import NIOPosix

/// Runs the kit's checks, which belong to one thread, on an event loop with a thread of its own.
///
/// While the check's own thread is at work the event loop is parked in a task that waits, so that nothing runs on both at
/// once.
final class NIOHost {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let eventLoop: any EventLoop
    private let loop: NIOLoop
    private let parked = DispatchSemaphore(value: 0)
    private let leave = DispatchSemaphore(value: 0)
    private let hostStopped = DispatchSemaphore(value: 0)
    private var isParked = false

    private init() throws {
        eventLoop = group.next()
        let made = OnEventLoop<NIOLoop?>(nil)
        try eventLoop.submit { [eventLoop] in made.value = NIOLoop(on: eventLoop) }.wait()
        guard let loop = made.value else {
            throw AMQPError(.systemCallFailed, blame: .transport, "no loop could be made")
        }
        self.loop = loop
        park()
    }

    deinit {
        unpark()
        group.shutdownGracefully { _ in }
    }

    private func park() {
        eventLoop.execute { [parked, leave] in
            parked.signal()
            leave.wait()
        }
        parked.wait()
        isParked = true
        // What the check left on its event loop holds this host, so one that is needed no more goes on.
        if loop.mailbox.isClosed { unpark() }
    }

    private func unpark() {
        guard isParked else { return }
        isParked = false
        leave.signal()
    }

    /// Lets the event loop run while the calling thread is in `body`.
    private func letRun(_ body: () -> Void) {
        unpark()
        body()
        park()
    }

    private func enter(_ body: () -> Void) {
        if loop.mailbox.isCurrent { return body() }
        withoutActuallyEscaping(body) { body in
            let body = OnEventLoop(body)
            letRun { try? eventLoop.submit { body.value() }.wait() }
        }
    }

    private func callLater(_ delay: Duration, _ callback: @escaping () -> Void) {
        let callback = OnEventLoop(callback)
        eventLoop.scheduleTask(in: .nanoseconds(Int64(delay / .nanoseconds(1)))) { callback.value() }
    }

    /// What the kit drives for a loop on an event loop of its own.
    static func make() throws -> LoopHost {
        let host = try NIOHost()
        let loop = host.loop
        return LoopHost(
            loop: loop, enter: host.enter, run: { host.letRun { loop.start() } }, close: { loop.close() },
            observeStalls: { threshold, observer in
                loop.stallThreshold = threshold
                loop.onStall = observer
            },
            foreign: LoopHost.Foreign(
                callLater: host.callLater, run: { host.letRun { host.hostStopped.wait() } },
                stop: { [hostStopped = host.hostStopped, eventLoop = host.eventLoop] in
                    eventLoop.execute { hostStopped.signal() }
                }))
    }
}

// SAFETY: what is inside is used on the event loop, or while the thread that made it waits for the event loop.
/// Carries something of a check's to its event loop.
private final class OnEventLoop<Value>: @unchecked Sendable {
    var value: Value

    init(_ value: Value) { self.value = value }
}

extension AdapterUnderTest {
    /// A loop on a SwiftNIO event loop.
    static let nio = AdapterUnderTest("NIO", features: [.closing, .stallReports, .borrowed, .sockets]) {
        try NIOHost.make()
    }
}
#endif
