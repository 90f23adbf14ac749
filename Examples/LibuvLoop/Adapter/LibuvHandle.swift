import CLibuv

/// A libuv handle and the closure that its callback runs.
///
/// libuv uses a handle's memory until the callback of `uv_close`, so it holds this object until then.
final class LibuvHandle<Native> {
    let native = UnsafeMutablePointer<Native>.allocate(capacity: 1)
    let handler: (_ status: Int32, _ events: Int32) -> Void

    /// - Parameter start: calls the `uv_…_init` function of the handle; `nil` is returned if that fails.
    init?(_ handler: @escaping (Int32, Int32) -> Void, _ start: (UnsafeMutablePointer<Native>) -> Int32) {
        self.handler = handler
        guard start(native) == 0 else { return nil }
        // SAFETY: retained here, and released exactly once, in the callback of `uv_close`.
        base.pointee.data = Unmanaged.passRetained(self).toOpaque()
    }

    deinit { native.deallocate() }

    // SAFETY: all handles of libuv begin with the fields of `uv_handle_t`.
    private var base: UnsafeMutablePointer<uv_handle_t> {
        UnsafeMutableRawPointer(native).assumingMemoryBound(to: uv_handle_t.self)
    }

    /// Runs the handler of the handle with this `data`, from the handle's callback.
    static func run(_ data: UnsafeMutableRawPointer?, status: Int32 = 0, events: Int32 = 0) {
        // SAFETY: `data` is set in `init` and retained until the handle is closed, after its last callback.
        if let data { Unmanaged<LibuvHandle>.fromOpaque(data).takeUnretainedValue().handler(status, events) }
    }

    /// Ends the handle; its callback does not run any more. Called once.
    func close() {
        uv_close(base) { if let data = $0?.pointee.data { Unmanaged<AnyObject>.fromOpaque(data).release() } }
    }
}
