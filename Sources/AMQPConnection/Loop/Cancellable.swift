/// Something under way on a loop that can be called off.
///
/// It belongs to its loop's thread, like everything that is not `Sendable` here.
public protocol Cancellable: AnyObject {
    /// Calls it off: its callback does not run any more.
    ///
    /// Cancelling twice, from the callback itself, or after it ran does nothing.
    func cancel()
}

/// A timer that ``IOLoop/callLater(_:_:)`` made; dropping the handle does not cancel the timer.
public typealias TimerHandle = any Cancellable
