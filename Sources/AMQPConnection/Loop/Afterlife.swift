/// Runs what is left for a loop's thread when the loop has gone: one after the other, elsewhere, and not before the loop
/// has run its last callback.
package final class Afterlife: Sendable {
    private struct State: Sendable {
        var callbacks: [@Sendable () -> Void] = []
        /// Whether the loop has run its last callback.
        var isBegun = false
        var isRunning = false
        /// Where to run what waits for the beginning.
        var executor: (any WorkExecutor)?
    }

    /// While it lives, the loop may still run callbacks.
    final class Presence: Sendable {
        private let afterlife: Afterlife

        init(_ afterlife: Afterlife) {
            self.afterlife = afterlife
        }

        deinit {
            afterlife.begin()
        }
    }

    private let state = Guarded(State())

    /// Has `callback` run, after those that were added before it.
    ///
    /// - Parameter executor: where, if nothing is running yet.
    package func add(_ callback: @escaping @Sendable () -> Void, on executor: any WorkExecutor) {
        let isFirst = state.withLock { state in
            state.callbacks.append(callback)
            guard state.isBegun else {
                state.executor = executor
                return false
            }
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if isFirst { executor.submit { self.run() } }
    }

    private func begin() {
        let executor = state.withLock { state in
            state.isBegun = true
            state.isRunning = state.executor != nil
            return state.executor.take()
        }
        executor?.submit { self.run() }
    }

    private func run() {
        while let callbacks = takeAll() {
            for callback in callbacks { callback() }
        }
    }

    /// Takes what waits; `nil` if nothing does.
    private func takeAll() -> [@Sendable () -> Void]? {
        state.withLock { state in
            defer { state.callbacks = [] }
            guard state.callbacks.isEmpty else { return state.callbacks }
            state.isRunning = false
            return nil
        }
    }
}
