/// A loop that also watches descriptors of the user's own.
///
/// At most one reader and one writer callback exist for a descriptor; setting one again replaces it. A callback runs
/// in each turn in which its descriptor is ready (level triggered) until it is removed. Removing is honoured at once,
/// also from inside a callback of the same turn. An error or hang-up on the descriptor counts as readable and writable.
public protocol FileDescriptorLoop: IOLoop {
    /// Calls `callback` whenever reading from `descriptor` would not block.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/descriptorNotWatchable`` if the loop cannot watch it.
    func setReader(_ descriptor: Int32, _ callback: @escaping () -> Void) throws(AMQPError)

    /// Calls `callback` whenever writing to `descriptor` would not block.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/descriptorNotWatchable`` if the loop cannot watch it.
    func setWriter(_ descriptor: Int32, _ callback: @escaping () -> Void) throws(AMQPError)

    /// Stops watching for reading; call it before the descriptor is closed.
    ///
    /// - Returns: whether there was a reader.
    @discardableResult
    func removeReader(_ descriptor: Int32) -> Bool

    /// Stops watching for writing; call it before the descriptor is closed.
    ///
    /// - Returns: whether there was a writer.
    @discardableResult
    func removeWriter(_ descriptor: Int32) -> Bool
}
