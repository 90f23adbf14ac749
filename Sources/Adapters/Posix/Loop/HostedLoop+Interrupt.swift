public import AMQPConnection

extension HostedLoop {
    /// Makes Ctrl-C (SIGINT) stop this loop instead of ending the program: ``start()`` returns, so that the program can
    /// close its connections and start the loop again until that is done. A second Ctrl-C ends the program as usual.
    ///
    /// Signals belong to the whole program, so no loop does this unless it is asked to, and one loop of a program at
    /// a time. Call it again to catch the next one.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/systemCallFailed``.
    public func stopOnInterrupt() throws(AMQPError) {
        let reader: Int32
        do {
            reader = try System.interruptReader()
        } catch {
            throw AMQPError(.systemCallFailed, blame: .transport, "Ctrl-C cannot be caught", underlying: error)
        }
        // What came for another loop, which has ended since, is not for this one.
        System.discardInterrupts()
        try setReader(reader) { [unowned self] in
            System.discardInterrupts()
            removeReader(reader)
            interruptRequest = nil
            stop()
        }
        // Last: a signal that is caught while nobody reads would be lost.
        interruptRequest = System.notifyInterrupt()
    }

    /// The loop has ended: Ctrl-C ends the program again, unless another loop has asked for it since.
    func forgetInterrupt() {
        guard let request = interruptRequest else { return }
        interruptRequest = nil
        System.forgetInterrupt(request)
    }
}
