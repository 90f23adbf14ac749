public import AMQPConnection

extension HostedLoop {
    /// Calls `callback` in each turn in which reading from `descriptor` would not block; from the next turn on.
    ///
    /// - Throws: an error of code `descriptorNotWatchable` if the backend cannot watch it, `loopClosed` after ``close()``.
    public func setReader(_ descriptor: Int32, _ callback: @escaping () -> Void) throws(AMQPError) {
        try set(descriptor, .readable, callback)
    }

    /// Calls `callback` in each turn in which writing to `descriptor` would not block; from the next turn on.
    ///
    /// - Throws: an error of code `descriptorNotWatchable` if the backend cannot watch it, `loopClosed` after ``close()``.
    public func setWriter(_ descriptor: Int32, _ callback: @escaping () -> Void) throws(AMQPError) {
        try set(descriptor, .writable, callback)
    }

    /// Stops watching for reading; call it before the descriptor is closed.
    ///
    /// - Returns: whether there was a reader.
    @discardableResult
    public func removeReader(_ descriptor: Int32) -> Bool {
        remove(descriptor, .readable)
    }

    /// Stops watching for writing; call it before the descriptor is closed.
    ///
    /// - Returns: whether there was a writer.
    @discardableResult
    public func removeWriter(_ descriptor: Int32) -> Bool {
        remove(descriptor, .writable)
    }

    private func set(
        _ descriptor: Int32, _ direction: Readiness, _ callback: @escaping () -> Void
    ) throws(AMQPError) {
        assertCurrent()
        guard !isClosed else {
            throw AMQPError(.loopClosed, blame: .application, "a descriptor was given to a loop that is closed")
        }
        guard descriptor >= 0 else {
            throw AMQPError(
                .descriptorNotWatchable, blame: .application, "\(descriptor) is not a descriptor; they start at 0")
        }
        let watch = descriptorWatches[descriptor] ?? DescriptorWatch()
        // Also when the interest is the same: the number may belong to another file by now.
        try backend.watch(descriptor, for: watch.interest.union(direction))
        descriptorWatches[descriptor] = watch
        let registration = DescriptorWatch.Registration(callback: callback, turn: isInTurn ? turnNumber : 0)
        if direction == .readable { watch.reader = registration } else { watch.writer = registration }
    }

    private func remove(_ descriptor: Int32, _ direction: Readiness) -> Bool {
        assertCurrent()
        guard let watch = descriptorWatches[descriptor], watch.interest.contains(direction) else { return false }
        let old = direction == .readable ? watch.reader : watch.writer
        if direction == .readable { watch.reader = nil } else { watch.writer = nil }
        let interest = watch.interest
        if interest.isEmpty { descriptorWatches[descriptor] = nil }
        // To watch for less cannot fail, but for a descriptor that is closed already, which is watched no more anyway.
        try? backend.watch(descriptor, for: interest)
        // The callback goes last: its release may run user code that comes back here.
        withExtendedLifetime(old) {}
        return true
    }
}
