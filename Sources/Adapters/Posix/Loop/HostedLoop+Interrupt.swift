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
        try setReader(reader) { [unowned self] in
            withUnsafeTemporaryAllocation(byteCount: 16, alignment: 1) { memory in
                while let count = try? System.read(reader, memory), count > 0 {}
            }
            removeReader(reader)
            stop()
        }
        // Last: a signal that is caught while nobody reads would be lost.
        System.notifyInterrupt()
    }
}
