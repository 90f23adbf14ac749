internal import AMQPSelect
internal import AdapterKit

/// The good loops that mutants are made of.
extension AdapterUnderTest {
    /// A loop that passes everything on.
    static let forwarding = AdapterUnderTest.forwarding("Forwarding") { ForwardingLoop() }

    /// A loop with a mailbox of its own.
    static let ownMailbox = AdapterUnderTest.forwarding("WakesForPosts") { WakesForPosts() }

    /// A loop whose streams pass everything on.
    static let forwardingStreams = AdapterUnderTest.forwarding("ForwardingTransport") {
        TransportMutantLoop<ForwardingTransport>()
    }

    /// A loop that is borrowed as it should be.
    static let borrowing = AdapterUnderTest.borrowing("Borrowing") { host in
        let loop = LeavesTheHostAlone(host)
        return LoopHost(loop: loop, close: { loop.close() })
    }

    /// An adapter that forwards to a loop of ours.
    static func forwarding(_ name: String, _ make: @escaping @Sendable () -> ForwardingLoop) -> AdapterUnderTest {
        AdapterUnderTest(name, features: [.descriptors, .wholeTurns, .closing, .sockets]) {
            let loop = make()
            return LoopHost(loop: loop, close: { loop.close() }, turnCount: { loop.base.turnNumber })
        }
    }

    /// An adapter that borrows a loop of ours, which plays the host's.
    static func borrowing(_ name: String, _ make: @escaping @Sendable (HostedLoop) -> LoopHost) -> AdapterUnderTest {
        AdapterUnderTest(name, features: [.borrowed, .closing]) {
            let host = SelectLoop()
            var made = make(host)
            made.foreign = LoopHost.Foreign(
                callLater: { host.callLater($0, $1) }, run: { host.start() }, stop: { host.stop() })
            return made
        }
    }
}
