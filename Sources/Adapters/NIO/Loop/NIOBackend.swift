#if NIO
import AMQPConnection
import AMQPPosix
import NIOCore
import NIOPosix

/// Runs a hosted loop's turns on an event loop. It watches no descriptors: streams are channels.
final class NIOBackend: LoopBackend {
    /// SwiftNIO runs all tasks that are due before it looks at its channels. So that turns that ask for turns do not keep
    /// it from that, one in this many comes a little later.
    private static let turnsInARow = 32
    private static let pause = TimeAmount.microseconds(20)

    private let eventLoop: any EventLoop
    private let gate: StopGate
    private let waker: NIOWaker
    /// Whether this is an event loop of SwiftNIO's own, with channels that could be kept waiting.
    private let isSelecting: Bool
    private weak var host: HostedLoop?
    private var timer: Scheduled<Void>?
    /// Fails when the event loop is shut down.
    private var watchman: Scheduled<Void>?
    private var isTurnDue = false
    private var turnCount = 0
    private var isClosed = false

    init(on eventLoop: any EventLoop, _ gate: StopGate) {
        self.eventLoop = eventLoop
        self.gate = gate
        self.waker = NIOWaker(eventLoop)
        self.isSelecting = ClientBootstrap(validatingGroup: eventLoop) != nil
        waker.backend = self
    }

    var currentCheck: (@Sendable () -> Bool)? {
        { [eventLoop] in eventLoop.inEventLoop }
    }

    var clock: (() -> LoopInstant)? {
        { [eventLoop] in LoopInstant(nanoseconds: eventLoop.now.uptimeNanoseconds) }
    }

    func attach(to host: HostedLoop) {
        self.host = host
        let watchman = eventLoop.assumeIsolated().scheduleTask(deadline: .distantFuture) {}
        self.watchman = watchman
        watchman.futureResult.assumeIsolated().whenFailure { [weak self] _ in
            guard let self, !isClosed else { return }
            self.host?.close()
        }
    }

    func watch(_ descriptor: Int32, for interest: Readiness) throws(AMQPError) {
        guard !interest.isEmpty else { return }
        throw AMQPError(
            .descriptorNotWatchable, blame: .application, "an event loop of SwiftNIO watches no descriptors")
    }

    func setDeadline(_ instant: LoopInstant?) {
        timer?.cancel()
        timer = nil
        guard let host, let instant, !isClosed else { return }
        let now = host.now
        guard instant > now else { return wakeNext() }
        // A deadline beyond a day is looked at again each day, so that no sum can overflow.
        let wait = Int64(min(now.duration(to: instant), .seconds(86400)) / .nanoseconds(1))
        timer = eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(wait)) { [weak self] in self?.host?.wakeUp() }
    }

    /// Wakes the host after what the event loop does now.
    private func wakeNext() {
        guard !isTurnDue else { return }
        isTurnDue = true
        turnCount &+= 1
        if isSelecting && turnCount % NIOBackend.turnsInARow == 0 {
            eventLoop.assumeIsolated().scheduleTask(in: NIOBackend.pause) { [weak self] in self?.turnIsDue() }
        } else {
            eventLoop.assumeIsolated().execute { [weak self] in self?.turnIsDue() }
        }
    }

    private func turnIsDue() {
        isTurnDue = false
        host?.wakeUp()
    }

    /// Another thread asked for a turn.
    func woken() {
        host?.wakeUp()
    }

    func makeWaker() -> @Sendable () -> Void {
        { [waker] in waker.wake() }
    }

    func close() {
        isClosed = true
        waker.end()
        timer?.cancel()
        timer = nil
        watchman?.cancel()
        watchman = nil
        gate.open()
    }
}
#endif
