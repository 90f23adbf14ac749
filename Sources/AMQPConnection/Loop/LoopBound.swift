/// Carries an object of a loop's (a channel, a connection) across threads, and gives it back on the loop's thread only.
///
/// Channels and connections are not `Sendable`: other threads cannot use them. They can hold one of these, made on the
/// loop's thread, and have the object handed to a closure that runs there:
///
///     let bound = LoopBound(channel, on: connection.ioLoop)
///     Task.detached { try bound.execute { channel in channel.basicAck(tag) } }
///
/// The object is released on the loop's thread too, whichever thread drops the last copy, as long as the loop exists.
public struct LoopBound<Value>: Sendable {
    // SAFETY: `value` is set once and taken once, and touched on the loop's thread only: by closures in the loop's
    // mailbox, by `withValue`, which checks the thread, and at the end, when no thread but the last can see it.
    private final class Box: @unchecked Sendable {
        private(set) var value: Value?
        let mailbox: Mailbox

        init(_ value: Value, _ mailbox: Mailbox) {
            self.value = value
            self.mailbox = mailbox
        }

        deinit {
            guard !mailbox.isCurrent else { return }
            // The value is moved out, not copied: a copy left here would be released on this thread, perhaps as the last.
            let last = LastCopy()
            swap(&last.value, &value)
            // A loop that no longer exists has no thread to release it on; nobody else uses the value by then.
            try? mailbox.addCallbackThreadsafe { last.drop() }
        }
    }

    // SAFETY: made by the last owner of a value, which has no other use for it, and used once, on the loop's thread.
    /// Brings a value home to be released there.
    private final class LastCopy: @unchecked Sendable {
        var value: Value?

        func drop() {
            value = nil
        }
    }

    private let box: Box

    /// Binds an object to the loop that it belongs to. Call it on the loop's thread.
    public init(_ value: Value, on loop: any IOLoop) {
        loop.mailbox.assertCurrent()
        box = Box(value, loop.mailbox)
    }

    /// The thread-safe entrance of the loop that the object belongs to.
    public var mailbox: Mailbox { box.mailbox }

    /// Runs `body` with the object on the loop's thread, in a turn of its own: never inside this call. Closures of one
    /// calling thread run in order.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/loopClosed`` if the loop no longer exists; `body` does not
    ///   run then.
    public func execute(_ body: @escaping @Sendable (Value) -> Void) throws(AMQPError) {
        try box.mailbox.addCallbackThreadsafe { [box] in
            if let value = box.value { body(value) }
        }
    }

    /// Calls `body` with the object at once: for code that runs on the loop's thread and holds only this.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/loopWrongState`` if the calling thread is another one;
    ///   `body` does not run then. It is the object itself that must not be kept by others.
    public func withValue<Result>(_ body: (Value) -> Result) throws(AMQPError) -> Result {
        guard box.mailbox.isCurrent, let value = box.value else {
            throw AMQPError(.loopWrongState, blame: .application, "a loop's object was asked for on another thread")
        }
        return body(value)
    }
}

extension LoopBound where Value == Channel {
    /// Binds a channel to its connection's loop. Call it on the loop's thread.
    public init(_ channel: Channel) {
        self.init(channel, on: channel.connection.ioLoop)
    }
}

extension LoopBound where Value == Connection {
    /// Binds a connection to its loop. Call it on the loop's thread.
    public init(_ connection: Connection) {
        self.init(connection, on: connection.ioLoop)
    }
}
