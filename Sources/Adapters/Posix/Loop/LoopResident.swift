package import AMQPConnection

/// Something under way on a loop that has to hear when the loop is closed, so that its completion still comes.
package protocol LoopResident: AnyObject {
    /// The loop is being closed; called once.
    func loopClosed(_ error: AMQPError)
}
