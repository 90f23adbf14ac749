#if NIO
import AMQPConnection

extension Connection {
    /// Why no promise of an answer can be made: a loop that is closed has no turns left in which to keep it; `nil` if it can.
    var loopRefusal: AMQPError? {
        guard ioLoop.mailbox.isClosed else { return nil }
        return AMQPError(.loopClosed, blame: .application, "the loop is closed, and answers nothing")
    }
}
#endif
