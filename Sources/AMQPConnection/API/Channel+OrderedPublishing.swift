import AMQPProtocol

/// A publish that waits for the requests before it.
struct HeldPublish {
    let properties: MessageProperties
    let body: ByteSlice
    let onOutcome: ((PublishOutcome) throws -> Void)?
}

/// Publishes that keep their place behind requests (``Channel/publishesAfterRequests``).
///
/// Such a publish is a request without a reply, so that the order of the calls is the order on the wire. The sequence
/// number of a publish is its place among the publishes, which keep their order: those that wait come next.
extension Channel {
    /// Whether a publish has to wait: for requests, if that is wanted, or for publishes that do.
    var holdsPublishes: Bool { !heldPublishes.isEmpty || (ordersPublishes && requests.count > 0) }

    /// Queues a publish behind the requests.
    ///
    /// - Throws: why the publish cannot be encoded; nothing is queued then.
    /// - Returns: its sequence number, if confirm mode is on already.
    func hold(
        _ method: BasicPublish, _ properties: MessageProperties, _ bytes: UnsafeRawBufferPointer, _ slice: ByteSlice?,
        _ onOutcome: ((PublishOutcome) throws -> Void)?
    ) throws(AMQPError) -> UInt64? {
        let size: Int
        do {
            size = try OutputBuffer.size(
                of: method, properties: properties, bodySize: bytes.count, frameMax: connection.frameMax)
        } catch {
            throw AMQPError(error, method: .basicPublish)
        }
        let whole = slice.flatMap { $0.count == bytes.count ? $0 : nil } ?? ByteSlice(copying: bytes)
        let sequence = isConfirming ? confirms.nextSequence + UInt64(heldPublishes.count) : nil
        heldPublishes.append(HeldPublish(properties: properties, body: whole, onOutcome: onOutcome))
        nextRequestID += 1
        submit(
            RPCQueue.Request(
                id: nextRequestID, method: .basicPublish(method), replies: [], size: size,
                submitted: connection.ioLoop.now))
        return sequence
    }

    /// The turn of a publish that waited has come.
    func writeHeldPublish(_ method: BasicPublish) {
        guard let publish = heldPublishes.popFirst() else { return }
        publish.body.withUnsafeBytes { bytes in
            do {
                try connection.output.append(
                    method, properties: publish.properties, body: bytes, slice: publish.body, channel: number,
                    frameMax: connection.frameMax)
                if isConfirming {
                    track(publish.onOutcome, PublishFingerprint.of(method, publish.properties, bytes))
                }
            } catch {
                assertionFailure("what waits has been checked: \(error)")
            }
        }
        connection.outputGrew()
        guard !isConfirming, let onOutcome = publish.onOutcome else { return }
        // confirm.select was dropped, because it had to wait beyond its deadline.
        let error = AMQPError(.channelWrongState, blame: .application, "the channel is not in confirm mode")
        connection.runLater { [self] in tell(onOutcome, .lost(error)) }
    }

    /// The channel is over.
    func loseHeldPublishes(_ error: AMQPError) {
        var sequence = confirms.nextSequence
        for publish in heldPublishes.removeAll() {
            if let onOutcome = publish.onOutcome { tell(onOutcome, .lost(error)) }
            if isConfirming { emit((self, sequence, .lost(error)), to: outcomeListeners, "onPublishOutcome") }
            sequence += 1
        }
    }
}
