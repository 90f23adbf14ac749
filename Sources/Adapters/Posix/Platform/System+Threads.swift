package import AMQPConnection

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension System {
    private final class ThreadBody {
        let run: @Sendable () -> Void

        init(run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    /// Runs `body` on a new thread that nobody waits for.
    package static func detachThread(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
        var attributes = pthread_attr_t()
        guard pthread_attr_init(&attributes) == 0 else { throw lastError("pthread_attr_init") }
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // Musl's own default of 128 KiB is little for a resolver with plug-ins.
        pthread_attr_setstacksize(&attributes, 1 << 20)
        // SAFETY: the box is retained here and released exactly once: by the thread, or below if there is none.
        let box = Unmanaged.passRetained(ThreadBody(run: body))
        #if canImport(Darwin)
        var thread: pthread_t?
        #else
        var thread = pthread_t()
        #endif
        let result = pthread_create(
            &thread, &attributes,
            { pointer in
                #if canImport(Darwin)
                let raw: UnsafeMutableRawPointer? = pointer
                #else
                let raw = pointer
                #endif
                if let raw { Unmanaged<ThreadBody>.fromOpaque(raw).takeRetainedValue().run() }
                return nil
            }, box.toOpaque())
        guard result == 0 else {
            box.release()
            throw error(result, of: "pthread_create")
        }
    }
}
