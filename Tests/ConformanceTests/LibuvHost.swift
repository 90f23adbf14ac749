internal import AdapterKit
internal import CLibuv
internal import LibuvAdapter

/// A `uv_loop_t` of its own for each check, and the loop on it.
final class LibuvHost {
    private let native = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
    private var loop: LibuvLoop?

    private init() {
        uv_loop_init(native)
        loop = LibuvLoop(native)
    }

    deinit {
        loop = nil
        // libuv gives handles back in its next iterations. What is not given back then still has a user: it is leaked.
        for _ in 1 ... 10 {
            guard uv_loop_close(native) != 0 else { return native.deallocate() }
            uv_run(native, UV_RUN_NOWAIT)
        }
    }

    private func callLater(_ delay: Duration, _ callback: @escaping () -> Void) {
        let timer = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: 1)
        uv_timer_init(native, timer)
        // SAFETY: the box is retained here and released exactly once, when the timer has run.
        timer.pointee.data = Unmanaged.passRetained(Box(callback)).toOpaque()
        uv_update_time(native)
        let run: uv_timer_cb = { timer in
            guard let timer, let data = timer.pointee.data else { return }
            Unmanaged<Box>.fromOpaque(data).takeRetainedValue().callback()
            UnsafeMutableRawPointer(timer).withMemoryRebound(to: uv_handle_t.self, capacity: 1) {
                uv_close($0) { UnsafeMutableRawPointer($0)?.deallocate() }
            }
        }
        uv_timer_start(timer, run, UInt64(delay / .milliseconds(1)), 0)
    }

    private final class Box {
        let callback: () -> Void

        init(_ callback: @escaping () -> Void) { self.callback = callback }
    }

    static func make() throws -> LoopHost {
        let host = LibuvHost()
        guard let loop = host.loop else {
            throw AMQPError(.systemCallFailed, blame: .transport, "no uv_loop_t could be made")
        }
        var described = LoopHost(hosted: loop)
        described.foreign = LoopHost.Foreign(
            callLater: host.callLater, run: { uv_run(host.native, UV_RUN_DEFAULT) }, stop: { uv_stop(host.native) })
        return described
    }
}
