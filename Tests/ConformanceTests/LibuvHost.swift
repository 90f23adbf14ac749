internal import AdapterKit
internal import CLibuv
internal import LibuvAdapter

/// A `uv_loop_t` of its own for each check, and the loop on it.
final class LibuvHost {
    private let native = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
    private var loop: LibuvLoop?
    private var timers: [LibuvHostTimer] = []

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
        timers.append(LibuvHostTimer(on: native, delay, callback))
    }

    /// Forgets what a check has left on the loop, which holds this host.
    private func dropTimers() {
        for timer in timers { timer.end() }
        timers = []
    }

    static func make() throws -> LoopHost {
        let host = LibuvHost()
        guard let loop = host.loop else {
            throw AMQPError(.systemCallFailed, blame: .transport, "no uv_loop_t could be made")
        }
        var described = LoopHost(hosted: loop)
        described.close = {
            // In a callback a check closes the loop to see whether its host goes on; outside it ends.
            let isEnd = !loop.isInTurn
            loop.close()
            if isEnd { host.dropTimers() }
        }
        described.foreign = LoopHost.Foreign(
            callLater: host.callLater, run: { uv_run(host.native, UV_RUN_DEFAULT) }, stop: { uv_stop(host.native) })
        return described
    }
}
