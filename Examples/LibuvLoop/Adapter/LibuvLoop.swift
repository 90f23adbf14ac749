@_exported public import AMQPPosix
public import CLibuv

/// An event loop on a `uv_loop_t` of the program's, which may be the default one.
///
/// Everything runs in the loop's callbacks, between the program's own: whoever calls `uv_run` runs this loop too, and it
/// belongs to that thread. `start()` and `step(timeLimit:)` call `uv_run` themselves, so they are not for the program's
/// own libuv callbacks. Nothing here ever calls `uv_stop`.
///
/// While it is open it keeps `uv_run` going. After `close()` let `uv_run` go on until it returns, and only then close
/// the `uv_loop_t`: libuv gives handles back in its own time. libuv makes every descriptor that it watches non-blocking.
public final class LibuvLoop: HostedLoop {
    /// Makes a loop on a libuv loop, which must outlive it; `nil` is the default loop.
    public init(_ loop: UnsafeMutablePointer<uv_loop_t>? = nil) {
        super.init(backend: LibuvBackend(loop ?? uv_default_loop()))
    }
}
