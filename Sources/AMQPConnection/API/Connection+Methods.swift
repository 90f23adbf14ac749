public import AMQPProtocol

extension Connection {
    /// Calls `listener` for methods that the broker sends on channel 0, before the connection acts on them: the raw
    /// events behind the other listeners.
    ///
    /// - Parameters:
    ///   - ids: which methods, for example `.connectionBlocked`.
    ///   - oneShot: whether the listener is removed with the first of them.
    ///   - listener: called on the loop's thread, for each such method, with all its arguments.
    @discardableResult
    public func onMethod(
        _ ids: MethodID..., oneShot: Bool = false, _ listener: @escaping (Connection, Method) throws -> Void
    ) -> ListenerToken {
        let wanted = Set(ids)
        return methodListeners.add(isOneShot: oneShot, where: { wanted.contains($0.1.id) }) { try listener($0.0, $0.1) }
    }
}

extension Channel {
    /// Calls `listener` for methods that the broker sends on this channel, before the channel acts on them: the raw
    /// events behind the completions and the other listeners (Pika's `add_callback`).
    ///
    /// Of a method that carries a message (`basic.deliver`, `basic.return`, `basic.get-ok`) it gets the method alone, when
    /// that has come. While there is such a listener, every message takes a slower way.
    ///
    /// - Parameters:
    ///   - ids: which methods, for example `.queueDeclareOK` or `.basicAck`.
    ///   - oneShot: whether the listener is removed with the first of them; that is done before any listener is called.
    ///   - listener: called on the loop's thread, for each such method, with all its arguments.
    @discardableResult
    public func onMethod(
        _ ids: MethodID..., oneShot: Bool = false, _ listener: @escaping (Channel, Method) throws -> Void
    ) -> ListenerToken {
        let wanted = Set(ids)
        let listeners = methodListeners ?? Listeners<(Channel, Method)>()
        if !isClosed { methodListeners = listeners }
        takesFramesSingly = true
        return listeners.add(isOneShot: oneShot, where: { wanted.contains($0.1.id) }) { try listener($0.0, $0.1) }
    }
}
