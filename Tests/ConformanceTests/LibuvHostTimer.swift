internal import CLibuv

/// A timer of the host's own, next to the loop under test; it runs once.
final class LibuvHostTimer {
    private let native = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: 1)
    private var callback: (() -> Void)?

    init(on loop: UnsafeMutablePointer<uv_loop_t>, _ delay: Duration, _ callback: @escaping () -> Void) {
        self.callback = callback
        uv_timer_init(loop, native)
        // SAFETY: retained here, and released exactly once, in the callback of `uv_close`.
        native.pointee.data = Unmanaged.passRetained(self).toOpaque()
        uv_update_time(loop)
        let fire: uv_timer_cb = { timer in
            if let data = timer?.pointee.data {
                Unmanaged<LibuvHostTimer>.fromOpaque(data).takeUnretainedValue().fire()
            }
        }
        uv_timer_start(native, fire, UInt64(delay / .milliseconds(1)), 0)
    }

    deinit { native.deallocate() }

    private func fire() {
        let callback = self.callback
        end()
        callback?()
    }

    /// Calls it off, if it has not run.
    func end() {
        guard callback != nil else { return }
        callback = nil
        // SAFETY: all handles of libuv begin with the fields of `uv_handle_t`.
        uv_close(UnsafeMutableRawPointer(native).assumingMemoryBound(to: uv_handle_t.self)) { handle in
            if let data = handle?.pointee.data { Unmanaged<LibuvHostTimer>.fromOpaque(data).release() }
        }
    }
}
