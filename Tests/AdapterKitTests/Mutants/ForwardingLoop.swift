internal import AMQPSelect

/// A good loop that passes everything on to another; mutants break one method each.
class ForwardingLoop: FileDescriptorLoop {
    let base: HostedLoop

    init(_ base: HostedLoop = SelectLoop()) { self.base = base }

    var mailbox: Mailbox { base.mailbox }
    var now: LoopInstant { base.now }

    func start() { base.start() }
    func stop() { base.stop() }
    func close() { base.close() }

    @discardableResult
    func callLater(_ delay: Duration, _ callback: @escaping () -> Void) -> TimerHandle {
        base.callLater(delay, callback)
    }

    func callAtEndOfTurn(_ observer: any TurnObserver) { base.callAtEndOfTurn(observer) }

    func setReader(_ descriptor: Int32, _ callback: @escaping () -> Void) throws(AMQPError) {
        try base.setReader(descriptor, callback)
    }

    func setWriter(_ descriptor: Int32, _ callback: @escaping () -> Void) throws(AMQPError) {
        try base.setWriter(descriptor, callback)
    }

    @discardableResult
    func removeReader(_ descriptor: Int32) -> Bool { base.removeReader(descriptor) }

    @discardableResult
    func removeWriter(_ descriptor: Int32) -> Bool { base.removeWriter(descriptor) }

    func resolve(
        _ host: String, port: UInt16, _ completion: @escaping (Result<[SocketAddress], AMQPError>) -> Void
    ) -> any Cancellable {
        base.resolve(host, port: port, completion)
    }

    func connect(
        to address: SocketAddress, options: SocketOptions,
        _ completion: @escaping (Result<any StreamTransport, AMQPError>) -> Void
    ) -> any Cancellable {
        base.connect(to: address, options: options, completion)
    }
}

/// A cancellable that does nothing.
final class Uncancellable: Cancellable {
    func cancel() {}
}

// SAFETY: the value is only used by callbacks that run on the loop's thread.
/// Carries a loop's object through a mailbox, which gives it back on the loop's thread.
struct LoopBox<Value>: @unchecked Sendable {
    let value: Value
}
