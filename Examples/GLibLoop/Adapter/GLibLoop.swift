@_exported public import AMQPPosix
import CGLib

/// An event loop on a `GMainContext` of the program's, which may be the default one.
///
/// Everything runs in the context's iterations, between the program's own sources: whoever runs the context
/// (`g_main_loop_run`, `g_application_run`, `gtk_main`) runs this loop too, and it belongs to that thread. `start()`
/// and `step(timeLimit:)` iterate the context themselves, for programs without a `GMainLoop`; neither they nor
/// `stop()` end a `GMainLoop` of the program's.
public final class GLibLoop: HostedLoop {
    /// Makes a loop on a context, which it keeps.
    ///
    /// - Parameter context: the context, or `nil` for the default one; no other thread may be running it now.
    public init(_ context: OpaquePointer? = nil) {
        super.init(backend: GLibBackend(context ?? g_main_context_default()))
    }
}
