import AMQPProtocol
import Logging

extension Connection {
    /// Output beyond this is written before the turn ends.
    private static let earlyFlush = 65_536

    // MARK: Receiving

    /// Bytes have come into the decoder: handles all frames that are complete.
    func received(_ byteCount: Int) {
        bytesReceived += UInt64(byteCount)
        lastReceived = ioLoop.now
        wasStallForgiven = false
        stallWatch.begin()
        // The decoder is used as a local value: nothing else touches it meanwhile, and frames are cut without a check
        // of exclusive access for each.
        var decoder = self.decoder
        defer { self.decoder = decoder }
        let start = decoder.position
        do {
            var channel: Channel?
            while true {
                if let number = decoder.nextChannel, channel?.number != number || channel?.isRegistered == false {
                    // The end of the connection takes all channels out of the table, so it is seen here.
                    // So is the end of an attempt, which has no channels: nothing of its stream counts any more.
                    guard !machine.isClosed, transport != nil else { break }
                    channel = channels[number]
                }
                if let channel, channel.receiveDeliveries(from: &decoder) { continue }
                guard let frame = try decoder.next() else { break }
                frameCount &+= 1
                if let channel {
                    try channel.received(frame)
                } else {
                    try receivedOutsideChannels(frame)
                    decoder.frameLimit = frameMax
                }
            }
            recentFrames.add(decoder.heads(from: start, limit: RecentFrames.perPiece), .received, at: lastReceived)
        } catch {
            let heads = decoder.lastHeads(from: start, count: RecentFrames.capacity / 2)
            recentFrames.add(heads, .received, at: lastReceived)
            switch error {
            case let error as ProtocolError: protocolFailed(AMQPError(error))
            case let error as AMQPError: protocolFailed(error)
            default: protocolFailed(AMQPError(.protocolViolation, blame: .peer, "\(error)", underlying: error))
            }
        }
        if isClosed || transport == nil { decoder.dropBuffered() }
        callbacksReturned()
        updateReading()
    }

    /// A frame came that belongs to no channel: it should be one of the connection's own.
    private func receivedOutsideChannels(_ frame: Frame) throws {
        guard frame.channel == 0 else {
            throw ProtocolError(
                .unexpectedFrame, replyCode: 504, method: frame.methodID, channel: frame.channel,
                reason: "a \(frame.type) frame on channel \(frame.channel), which is not open")
        }
        switch frame.type {
        case .heartbeat:
            return
        case .method:
            let method = try Method(frame)
            emit((self, method), to: methodListeners, "onMethod")
            guard !machine.isClosed else { return }
            if case .connectionStart(let start) = method { serverProperties = start.serverProperties }
            // Credentials are the user's code. What they call finds the machine in order, and may end it.
            var next = machine
            let action = try next.received(method)
            guard !machine.isClosed else { return }
            machine = next
            perform(action)
        case .header, .body:
            throw ProtocolError(
                .unexpectedFrame, replyCode: 504, channel: 0, reason: "a \(frame.type) frame on channel 0")
        }
    }

    // MARK: Sending

    /// Encodes a method whose arguments have been checked, and sends it with this turn's other output.
    ///
    /// What is known to be too large only now (client properties or credentials that do not fit into one frame) ends the
    /// connection: the broker would wait for it for ever.
    func send(_ method: Method, channel: UInt16) {
        do {
            try append(method, channel: channel)
        } catch {
            runLater { [attempt] in
                if attempt == self.attempt { self.abort(AMQPError(error, method: method.id)) }
            }
        }
    }

    /// Encodes a method and sends it with this turn's other output.
    func append(_ method: Method, channel: UInt16) throws(EncodingError) {
        try output.append(method, channel: channel, frameMax: frameMax)
        outputGrew()
        endIfOutputIsTooLarge()
    }

    /// Something was encoded: it leaves at the end of the turn, or now if there is much of it.
    func outputGrew() {
        outputChanged()
        if output.byteCount >= Connection.earlyFlush {
            flush()
        } else if !isFlushScheduled, let stream {
            isFlushScheduled = true
            ioLoop.callAtEndOfTurn(stream)
        }
    }

    /// Hands the output to the stream.
    func flush() {
        guard let transport, !output.isEmpty else { return }
        bytesSent += UInt64(output.byteCount)
        var walk = FrameHeadWalk(limit: RecentFrames.perPiece)
        // The transport is called when the output has been left: whatever it does, it finds it in order.
        if let run = output.takeRun() {
            run.withUnsafeBytes { walk.look(at: $0) }
            transport.send(run)
        } else {
            for segment in output.takeSegments() {
                segment.withUnsafeBytes { walk.look(at: $0) }
                transport.send(segment)
            }
        }
        transport.flush()
        transportBacklog = transport.unsentByteCount
        output.rewind()
        lastSent = ioLoop.now
        recentFrames.add(walk.heads, .sent, at: lastSent)
        if transportBacklog > 0 { watchOutput() }
        updateReading()
    }
}
