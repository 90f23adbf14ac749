import AMQPProtocol

extension Channel {
    /// A frame of this channel came.
    func received(_ frame: Frame) throws {
        defer { takesFramesSingly = assembler.isAssembling || methodListeners?.isEmpty == false }
        switch frame.type {
        case .method:
            if let methodListeners, !methodListeners.isEmpty {
                emit((self, try Method(frame)), to: methodListeners, "onMethod")
                // A listener may have ended the channel; nothing is done about its frames then.
                guard isRegistered else { return }
            }
            try receivedMethod(frame)
        case .header:
            if let message = try assembler.receivedHeader(frame) { received(message) }
        case .body:
            if let message = try assembler.receivedBody(frame) { received(message) }
        case .heartbeat:
            return
        }
    }

    /// Takes the deliveries that come next and have been received whole, and hands them to their consumers.
    ///
    /// - Returns: whether there was one.
    func receiveDeliveries(from decoder: inout FrameDecoder) -> Bool {
        // What happens between two of these deliveries happens in their callbacks, where nobody can make the channel
        // forget a consumer but by its end; so the consumer of the last one is held here, not looked up each time.
        var consumer = lastConsumer
        var hasTaken = false
        while !takesFramesSingly, isRegistered,
            let whole = decoder.takeDelivery(channel: number, limit: messageSizeLimit)
        {
            hasTaken = true
            connection.frameCount &+= whole.frameCount
            let delivery = Delivery(whole, in: decoder.chunk)
            if takesMessages, let consumer, consumer.matches(delivery) {
                deliver(delivery, to: consumer)
            } else {
                deliver(delivery)
                consumer = lastConsumer
            }
        }
        return hasTaken
    }

    private func receivedMethod(_ frame: Frame) throws {
        let id = frame.wireMethod
        switch id {
        case MethodID.basicDeliver.wireValue:
            try assembler.receivedMethod(.deliver, frame)
            return
        case MethodID.basicReturn.wireValue:
            try assembler.receivedMethod(.returned, frame)
            return
        case MethodID.basicGetOK.wireValue:
            try assembler.receivedMethod(.getOK, frame)
            return
        default:
            guard !assembler.isAssembling else {
                throw ProtocolError(
                    .unexpectedFrame, method: frame.methodID, channel: number,
                    reason: "a method between the frames of a message")
            }
            try received(try Method(frame))
        }
    }

    private func received(_ method: Method) throws {
        switch method {
        case .basicAck(let ack):
            answered(ack.deliveryTag, multiple: ack.multiple, isAck: true)
        case .basicNack(let nack):
            answered(nack.deliveryTag, multiple: nack.multiple, isAck: false)
        case .channelOpenOK:
            if machine.receivedOpenOK() {
                toldGate = isGateOpen
                // Whoever asked while it was opening was told no.
                if wasGateSeenClosed { connection.gateChanged() }
            }
            try received(.method(method), .channelOpenOK)
        case .channelClose(let close):
            receivedClose(close)
        case .channelCloseOK:
            try receivedCloseOK(method)
        case .channelFlow(let flow):
            isFlowActive = flow.active
            connection.send(.channelFlowOK(ChannelFlowOK(active: flow.active)), channel: number)
            connection.gateChanged()
            emit((self, flow.active), to: flowListeners, "onFlow")
        case .basicCancel(let cancel):
            receivedCancel(cancel)
        default:
            try received(.method(method), method.id)
        }
    }

    /// The last byte of a message came.
    private func received(_ message: ContentAssembler.Message) {
        switch message.head.kind {
        case .deliver:
            deliver(Delivery(message))
        case .getOK:
            do {
                try received(.message(Delivery(message)), .basicGetOK)
            } catch {
                connection.protocolFailed(AMQPError(error))
            }
        case .returned:
            receivedReturn(ReturnedMessage(message))
        }
    }

    private func receivedClose(_ close: ChannelClose) {
        connection.send(.channelCloseOK(ChannelCloseOK()), channel: number)
        assembler.reset()
        switch machine.receivedClose(close) {
        case .end(let error, let isFree):
            if isFree { connection.channels.remove(number) }
            finish(error)
            connection.closeIfChannelsClosed()
        case .none:
            break
        }
    }

    private func receivedCloseOK(_ method: Method) throws {
        switch machine.state {
        case .closing(_, isSent: true), .lingering:
            break
        case .opening, .open, .closing, .closed:
            throw ProtocolError(
                .unexpectedFrame, replyCode: 503, method: .channelCloseOK, channel: number,
                reason: "channel.close-ok came, and no close was sent")
        }
        let error = machine.receivedCloseOK()
        connection.channels.remove(number)
        if let error { finish(error) }
        connection.closeIfChannelsClosed()
    }
}

extension Frame {
    /// The class and method number of a method frame as one number; the decoder has checked that they are there.
    fileprivate var wireMethod: UInt32 {
        payload.withUnsafeBytes { UInt32(bigEndian: $0.loadUnaligned(as: UInt32.self)) }
    }
}
