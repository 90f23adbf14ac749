import AMQPPosix
import CLibuv

/// Handles in a `uv_loop_t`: one for each descriptor, one timer, and one that other threads send.
final class LibuvBackend: LoopBackend {
    private weak var host: HostedLoop?
    private let loop: UnsafeMutablePointer<uv_loop_t>
    private let waker = LibuvWaker()
    private var timer: LibuvHandle<uv_timer_t>?
    private var deadline: LoopInstant?
    private var isRunningOnce = false
    private var watches: [Int32: (handle: LibuvHandle<uv_poll_t>, interest: Readiness)] = [:]

    init(_ loop: UnsafeMutablePointer<uv_loop_t>) { self.loop = loop }

    func attach(to host: HostedLoop) {
        self.host = host
        timer = LibuvHandle({ [weak self] _, _ in self?.deadlineCame() }, { [loop] in uv_timer_init(loop, $0) })
        waker.start(on: loop) { [weak host] in host?.wakeUp() }
    }

    // Duty 1.
    func watch(_ descriptor: Int32, for interest: Readiness) throws(AMQPError) {
        let handle = watches[descriptor]?.handle ?? (interest.isEmpty ? nil : makeHandle(descriptor))
        watches[descriptor] = handle.map { ($0, interest) }
        // Also if nothing changes: to start again is what makes libuv look at a number's new file.
        if !interest.isEmpty && start(descriptor) { return }
        watches[descriptor] = nil
        handle?.close()
        guard interest.isEmpty else {
            throw AMQPError(
                .descriptorNotWatchable, blame: .application, "libuv cannot watch descriptor \(descriptor)")
        }
    }

    private func makeHandle(_ descriptor: Int32) -> LibuvHandle<uv_poll_t>? {
        LibuvHandle(
            { [weak self] in self?.happened(to: descriptor, $0, $1) }, { [loop] in uv_poll_init(loop, $0, descriptor) })
    }

    /// libuv's events have the same bits as `Readiness`: `UV_READABLE` is 1, `UV_WRITABLE` is 2.
    private func start(_ descriptor: Int32) -> Bool {
        guard let (handle, interest) = watches[descriptor] else { return false }
        let result = uv_poll_start(handle.native, Int32(interest.rawValue)) {
            LibuvHandle<uv_poll_t>.run($0?.pointee.data, status: $1, events: $2)
        }
        return result == 0
    }

    private func happened(to descriptor: Int32, _ status: Int32, _ events: Int32) {
        let readiness = status < 0 ? [.readable, .writable] : Readiness(rawValue: UInt8(truncatingIfNeeded: events))
        host?.turn { host?.ready(descriptor, readiness) }
        // After an error libuv stops the handle; whoever still watches is to be told again.
        if status < 0 { _ = start(descriptor) }
    }

    // Duty 2.
    func setDeadline(_ instant: LoopInstant?) {
        deadline = instant
        arm(instant)
    }

    private func arm(_ instant: LoopInstant?) {
        guard let host, let timer else { return }
        uv_timer_stop(timer.native)
        guard let instant else { return }
        let wait = min(host.now.duration(to: instant), .seconds(86400))
        // Not a timer of no delay: libuv before 1.45 would run that again and again and nothing else.
        guard wait > .zero else { return waker.wake() }
        // The loop's own clock stands still during callbacks.
        uv_update_time(loop)
        let milliseconds = UInt64((wait / .milliseconds(1)).rounded(.up))
        uv_timer_start(timer.native, { LibuvHandle<uv_timer_t>.run($0?.pointee.data) }, milliseconds, 0)
    }

    private func deadlineCame() {
        host?.wakeUp()
        // After its timers UV_RUN_ONCE goes on to wait for something else; but something has happened.
        if isRunningOnce { waker.wake() }
    }

    // Duty 3.
    func makeWaker() -> @Sendable () -> Void {
        { [waker] in waker.wake() }
    }

    // Duty 4.
    func runOnce(until limit: LoopInstant?) -> Bool {
        if let limit { arm(min(limit, deadline ?? .distantFuture)) }
        isRunningOnce = true
        uv_run(loop, UV_RUN_ONCE)
        isRunningOnce = false
        return true
    }

    func close() {
        for watch in watches.values { watch.handle.close() }
        watches = [:]
        timer?.close()
        timer = nil
        waker.close()
    }
}
