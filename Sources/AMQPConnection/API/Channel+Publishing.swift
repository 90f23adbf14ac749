public import AMQPProtocol

extension Channel {
    /// Publishes a message (`basic.publish`).
    ///
    /// The broker does not answer unless the channel is in confirm mode (``confirmSelect(completion:)``).
    /// Without it a message to an exchange that does not exist closes the channel (404) later.
    ///
    /// - Parameters:
    ///   - body: the message's bytes; a text is sent as UTF-8. A `ByteSlice` of 16 KiB or more is not copied.
    ///   - exchange: the exchange; empty is the default exchange, which routes to the queue named by the routing key.
    ///   - routingKey: the routing key, at most 255 bytes.
    ///   - properties: the message's properties.
    ///   - mandatory: whether the broker gives the message back if no queue is bound for it.
    ///   - onOutcome: called exactly once if the call does not throw, with how the publish ended. Needs confirm mode.
    /// - Returns: the publish's sequence number on the channel, from 1, in confirm mode; `nil` otherwise, and for a publish
    ///   that waits behind `confirm.select` itself.
    /// - Throws: ``AMQPError`` if nothing was published: ``AMQPError/Code/channelWrongState`` (not open, or an outcome is
    ///   asked for outside confirm mode), ``AMQPError/Code/invalidArgument``, ``AMQPError/Code/outputBufferFull``.
    @discardableResult
    @inlinable
    public func basicPublish(
        _ body: some MessageBody, exchange: String = "", routingKey: String,
        properties: MessageProperties = MessageProperties(), mandatory: Bool = false,
        onOutcome: ((PublishOutcome) throws -> Void)? = nil
    ) throws(AMQPError) -> UInt64? {
        let method = BasicPublish(
            ticket: accessTicket, exchange: exchange, routingKey: routingKey, mandatory: mandatory)
        return try body.withMessageBytes { (bytes, slice) throws(AMQPError) in
            try publish(method, properties, bytes, slice, onOutcome)
        }
    }

    @usableFromInline
    func publish(
        _ method: BasicPublish, _ properties: MessageProperties, _ bytes: UnsafeRawBufferPointer, _ slice: ByteSlice?,
        _ onOutcome: ((PublishOutcome) throws -> Void)?
    ) throws(AMQPError) -> UInt64? {
        try checkPublish(bytes.count, onOutcome)
        if holdsPublishes { return try hold(method, properties, bytes, slice, onOutcome) }
        do {
            try connection.output.appendPublish(
                method, properties: properties, body: bytes, slice: slice, channel: number,
                frameMax: connection.frameMax)
        } catch {
            throw AMQPError(error, method: .basicPublish)
        }
        connection.outputGrew()
        guard isInConfirmMode else { return nil }
        return track(onOutcome, PublishFingerprint.of(method, properties, bytes))
    }

    /// Whether a message of `count` bytes can be published now.
    @inline(__always)
    func checkPublish(_ count: Int, _ onOutcome: ((PublishOutcome) throws -> Void)?) throws(AMQPError) {
        connection.mailbox.assertCurrent()
        let isRoom =
            connection.output.byteCount + connection.transportBacklog + connection.heldByteCount
            <= connection.outputLimits.limit - count
        guard isOpen, isRoom, isInConfirmMode || onOutcome == nil else {
            if let refusal = publishRefusal(count, onOutcome) { throw refusal }
            return
        }
    }

    /// Why a message of `count` bytes cannot be published now; `nil` if a closer look shows that it can.
    private func publishRefusal(_ count: Int, _ onOutcome: ((PublishOutcome) throws -> Void)?) -> AMQPError? {
        guard isOpen else {
            return machine.refusal
                ?? AMQPError(
                    .channelWrongState, blame: .application, "the channel is not open yet", method: .basicPublish)
        }
        guard isInConfirmMode || onOutcome == nil || (holdsPublishes && requests.isWaiting(.confirmSelect)) else {
            return AMQPError(
                .channelWrongState, blame: .application,
                "the outcome of a publish is known in confirm mode only; call confirmSelect and wait for its completion",
                method: .basicPublish)
        }
        return connection.outputRefusal(of: count, .basicPublish)
    }

    /// Waits for the broker's answer to the publish that was made just now, and gives it its number.
    ///
    /// - Parameter fingerprint: tells a mandatory publish apart.
    @discardableResult
    func track(_ onOutcome: ((PublishOutcome) throws -> Void)?, _ fingerprint: PublishFingerprint) -> UInt64 {
        let sequence = confirms.published(onOutcome.map(OutcomeContinuation.init), fingerprint: fingerprint)
        if confirms.openCount == unconfirmedMaximum { connection.gateChanged() }
        if unconfirmedTime != nil, confirmWatch == nil { watchConfirms() }
        return sequence
    }

    /// Puts the channel into confirm mode (`confirm.select`): the broker answers every publish from now on.
    ///
    /// The mode cannot be left again, and excludes transactions (406).
    ///
    /// - Parameter completion: called exactly once, with the broker's answer or the reason for failure. Without it, the
    ///   broker is asked not to answer.
    public func confirmSelect(completion: ((Result<ConfirmSelectOK, AMQPError>) throws -> Void)? = nil) {
        guard connection.serverCapabilities["publisher_confirms"] == .boolean(true) else {
            let reason = "the broker does not offer publisher confirms"
            connection.refuse(AMQPError(.notSupported, blame: .peer, reason, method: .confirmSelect), completion)
            return
        }
        requestOrTell(.confirmSelect(ConfirmSelect(noWait: completion == nil)), completion)
    }

    /// Calls `listener` for each publish in confirm mode that has ended, after its own continuation, with its sequence
    /// number.
    @discardableResult
    public func onPublishOutcome(_ listener: @escaping (Channel, UInt64, PublishOutcome) throws -> Void)
        -> ListenerToken
    {
        outcomeListeners.add { try listener($0.0, $0.1, $0.2) }
    }

    // MARK: Receiving

    /// The broker answered publishes.
    func answered(_ tag: UInt64, multiple: Bool, isAck: Bool) {
        var ended = resolved
        resolved = []
        confirms.answered(tag, multiple: multiple, isAck: isAck, into: &ended)
        tellOutcomes(&ended)
    }

    /// Calls the continuation of a publish that has ended.
    func tell(_ onOutcome: (PublishOutcome) throws -> Void, _ outcome: PublishOutcome) {
        attempt("the onOutcome callback of a publish") { try onOutcome(outcome) }
    }

    /// Calls the continuations of publishes that have ended; the array's memory is used again.
    func tellOutcomes(_ ended: inout [ConfirmTracker<OutcomeContinuation>.Resolved]) {
        for publish in ended {
            if let continuation = publish.continuation { tell(continuation.call, publish.outcome) }
            if !outcomeListeners.isEmpty {
                emit((self, publish.sequence, publish.outcome), to: outcomeListeners, "onPublishOutcome")
            }
        }
        if let unconfirmedMaximum, !ended.isEmpty, confirms.openCount < unconfirmedMaximum,
            !toldGate || wasGateSeenClosed
        {
            connection.gateChanged()
        }
        ended.removeAll(keepingCapacity: true)
        resolved = ended
    }

    /// The broker gave a message back.
    func receivedReturn(_ message: ReturnedMessage) {
        if isInConfirmMode { confirms.received(message, fingerprint: PublishFingerprint(message)) }
        emit((self, message), to: returnListeners, "onReturn")
    }
}
