internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// Credentials of the user's that use the connection while it asks them.
@Suite struct CredentialsCallbackTests {
    /// Calls back in each of its calls.
    private struct Curious: Credentials {
        let step: String
        let call: Guarded<LoopBound<() -> Void>?>
        var mechanism: String { "PLAIN" }

        private func reached(_ name: String) {
            if name == step { try? call.withLock { $0 }?.withValue { $0() } }
        }

        func credentials(for mechanisms: [String]) throws(AMQPError) -> (any Credentials)? {
            reached("credentials")
            return self
        }

        func initialResponse() throws(AMQPError) -> ByteSlice {
            reached("initialResponse")
            return try PlainCredentials().initialResponse()
        }

        func accepted() { reached("accepted") }
    }

    private static let steps = ["credentials", "initialResponse", "accepted"]

    @Test(arguments: steps) func theConnectionCanBeAskedForItsState(step: String) {
        let rig = Rig()
        let credentials = Curious(step: step, call: Guarded(nil))
        let connection = rig.connect(ConnectionParameters(credentials: credentials))
        var states: [String] = []
        let call: () -> Void = { states.append("\(connection.state) \(connection.isOpen)") }
        credentials.call.withLock { $0 = LoopBound(call, on: rig.loop) }
        rig.loop.settle()
        #expect(states == ["handshaking false"])
        #expect(rig.log.lines == ["open"])
    }

    @Test(arguments: steps) func theConnectionCanBeClosed(step: String) {
        let rig = Rig()
        let credentials = Curious(step: step, call: Guarded(nil))
        let connection = rig.connect(ConnectionParameters(credentials: credentials))
        let call: () -> Void = { connection.close(completion: rig.log.completion("close")) }
        credentials.call.withLock { $0 = LoopBound(call, on: rig.loop) }
        rig.loop.settle()
        #expect(rig.log.lines == ["open error: connectionOpenAborted 200", "close: ok"])
        #expect(connection.isClosed)
    }
}
