import CLibuv

// SAFETY: `handle` is touched under the mutex only, and the mutex lives as long as this object.
/// A `uv_async_t` that may be sent at any time, also when the loop is no more.
final class LibuvWaker: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<uv_mutex_t>.allocate(capacity: 1)
    private var handle: LibuvHandle<uv_async_t>?

    init() { uv_mutex_init(mutex) }

    deinit {
        uv_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Lets `handler` run on the loop after each ``wake()``.
    func start(on loop: UnsafeMutablePointer<uv_loop_t>, _ handler: @escaping () -> Void) {
        set(
            LibuvHandle({ _, _ in handler() }) { native in
                uv_async_init(loop, native) { LibuvHandle<uv_async_t>.run($0?.pointee.data) }
            })
    }

    /// Wakes the loop, from any thread; does nothing after ``close()``.
    func wake() {
        uv_mutex_lock(mutex)
        if let handle { uv_async_send(handle.native) }
        uv_mutex_unlock(mutex)
    }

    /// Ends it, on the loop's thread.
    func close() { set(nil)?.close() }

    @discardableResult
    private func set(_ new: LibuvHandle<uv_async_t>?) -> LibuvHandle<uv_async_t>? {
        uv_mutex_lock(mutex)
        defer { uv_mutex_unlock(mutex) }
        defer { handle = new }
        return handle
    }
}
