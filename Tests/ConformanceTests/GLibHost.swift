internal import AdapterKit
internal import CGLib
internal import GLibAdapter

/// A `GMainContext` of its own for each check, and the loop on it.
final class GLibHost {
    private let context: OpaquePointer
    private let mainLoop: OpaquePointer
    private let loop: GLibLoop
    private var timers: [UnsafeMutablePointer<GSource>] = []

    private init() throws {
        guard let context = g_main_context_new(), let mainLoop = g_main_loop_new(context, 0) else {
            throw AMQPError(.systemCallFailed, blame: .transport, "no GMainContext could be made")
        }
        self.context = context
        self.mainLoop = mainLoop
        loop = GLibLoop(context)
    }

    deinit {
        g_main_loop_unref(mainLoop)
        g_main_context_unref(context)
    }

    private func callLater(_ delay: Duration, _ callback: @escaping () -> Void) {
        let source = g_timeout_source_new(guint(delay / .milliseconds(1)))
        // SAFETY: the box is retained here and released by GLib exactly once.
        let box = Unmanaged.passRetained(Box(callback))
        g_source_set_callback(
            source,
            { data in
                if let data { Unmanaged<Box>.fromOpaque(data).takeUnretainedValue().callback() }
                return 0
            }, box.toOpaque(), { data in if let data { Unmanaged<Box>.fromOpaque(data).release() } })
        g_source_attach(source, context)
        if let source { timers.append(source) }
    }

    /// Forgets what a check has left on the context, which holds this host.
    private func dropTimers() {
        for timer in timers {
            g_source_destroy(timer)
            g_source_unref(timer)
        }
        timers = []
    }

    private final class Box {
        let callback: () -> Void

        init(_ callback: @escaping () -> Void) { self.callback = callback }
    }

    static func make() throws -> LoopHost {
        let host = try GLibHost()
        var described = LoopHost(hosted: host.loop)
        described.close = {
            // In a callback a check closes the loop to see whether its host goes on; outside it ends.
            let isEnd = !host.loop.isInTurn
            host.loop.close()
            if isEnd { host.dropTimers() }
        }
        described.foreign = LoopHost.Foreign(
            callLater: host.callLater, run: { g_main_loop_run(host.mainLoop) },
            stop: { g_main_loop_quit(host.mainLoop) })
        return described
    }
}
