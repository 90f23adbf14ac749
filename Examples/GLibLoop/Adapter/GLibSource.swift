import CGLib

// SAFETY: a GSource may be used from any thread, and both properties never change. The closure is set once, before
// other threads know the source, and runs in the context's iterations only.
/// A `GSource` of our own with a Swift closure.
final class GLibSource: @unchecked Sendable {
    private let source: UnsafeMutablePointer<GSource>
    private let context: OpaquePointer

    /// The functions of all our sources; GLib keeps a pointer to them. With neither `prepare` nor `check`, a source
    /// is dispatched when its ready time came or one of its descriptors is ready.
    // SAFETY: written once, before any source exists, and only read from then on.
    private nonisolated(unsafe) static let functions = {
        let functions = UnsafeMutablePointer<GSourceFuncs>.allocate(capacity: 1)
        functions.initialize(to: GSourceFuncs())
        functions.pointee.dispatch = { _, callback, data in callback?(data) ?? gboolean(0) }
        return functions
    }()

    /// Makes a source in a context, which it keeps.
    init(in context: OpaquePointer) {
        self.context = g_main_context_ref(context)
        source = g_source_new(Self.functions, guint(MemoryLayout<GSource>.size))
        g_source_set_ready_time(source, -1)
    }

    deinit {
        g_source_destroy(source)
        g_source_unref(source)
        g_main_context_unref(context)
    }

    /// Calls `handler` in each iteration in which the source is ready, until it is destroyed.
    func start(_ handler: @escaping () -> Void) {
        // SAFETY: the box is retained here and released by GLib exactly once, when the source needs it no more.
        let box = Unmanaged.passRetained(Box(handler))
        g_source_set_callback(
            source,
            { data in
                if let data { Unmanaged<Box>.fromOpaque(data).takeUnretainedValue().handler() }
                return gboolean(1)
            }, box.toOpaque(),
            { data in if let data { Unmanaged<Box>.fromOpaque(data).release() } })
        g_source_attach(source, context)
    }

    /// When to be dispatched, on the clock of `g_get_monotonic_time`: 0 at once, -1 never. Any thread may set it.
    func setReadyTime(_ time: gint64) { g_source_set_ready_time(source, time) }

    var readyTime: gint64 { g_source_get_ready_time(source) }

    func add(_ descriptor: Int32, _ condition: GIOCondition) -> gpointer? {
        g_source_add_unix_fd(source, descriptor, condition)
    }

    func modify(_ tag: gpointer, _ condition: GIOCondition) { g_source_modify_unix_fd(source, tag, condition) }

    func remove(_ tag: gpointer) { g_source_remove_unix_fd(source, tag) }

    func query(_ tag: gpointer) -> GIOCondition { g_source_query_unix_fd(source, tag) }

    func destroy() { g_source_destroy(source) }

    private final class Box {
        let handler: () -> Void

        init(_ handler: @escaping () -> Void) { self.handler = handler }
    }
}
