public import AMQPConnection

/// The broker's side of one AMQP stream: it answers like a small broker, unless its script says otherwise.
///
/// It knows queues, direct and fanout exchanges, consumers, confirms and returns, keeps everything in memory, and
/// records what the client did. It takes bytes and gives bytes: ``attach(to:script:record:)`` puts it at the end of a
/// transport, a ``BrokerServer`` at a TCP port. It belongs to the thread that feeds it.
///
/// - What a script calls: ``send(_:channel:)``, ``deliver(_:tag:channel:)``, ``sendHeartbeat()``, ``sendBytes(_:)``,
///   ``closeChannel(_:_:_:channel:)``, ``closeConnection(_:_:)``, ``end(_:)``.
/// - What feeds it: ``receive(_:)``.
public final class ScriptedBroker {
    /// How the broker behaves; may be changed while it runs.
    public var script: BrokerScript
    /// What the broker has seen.
    public let record: BrokerRecord
    /// Whether the broker has ended the stream.
    public private(set) var isOver = false
    /// What the client has agreed to; `nil` before.
    public private(set) var tuned: ConnectionTuneOK?

    var channels: [UInt16: BrokerChannel] = [:]
    var queues: [String: [BrokerMessage]] = [:]
    var exchanges: [String: String] = ["": "direct", "amq.direct": "direct", "amq.fanout": "fanout"]
    var bindings: [QueueBind] = []
    var generatedNames = 0

    private var decoder = FrameDecoder()
    private var header: [UInt8] = []
    private var sentFrames = 0
    private var isClosing = false
    private let write: ([UInt8]) -> Void
    private let finish: (StreamCut?) -> Void

    /// Makes the broker's side of a stream.
    ///
    /// - Parameters:
    ///   - script: how the broker behaves.
    ///   - record: where it records; several streams may share one.
    ///   - write: sends bytes to the client.
    ///   - finish: ends the stream: orderly behind what was written (`nil`), or by a fault.
    public init(
        _ script: BrokerScript, record: BrokerRecord, write: @escaping ([UInt8]) -> Void,
        finish: @escaping (StreamCut?) -> Void
    ) {
        self.script = script
        self.record = record
        self.write = write
        self.finish = finish
        record.addStream()
    }

    // MARK: - Receiving

    /// Takes bytes that the client sent.
    public func receive(_ bytes: UnsafeRawBufferPointer) {
        record.addRead()
        var bytes = bytes[...]
        if header.count < 8 {
            let part = bytes.prefix(8 - header.count)
            header += part
            bytes = bytes.dropFirst(part.count)
            guard header.count == 8, !isOver else { return }
            receivedHeader()
        }
        decoder.append(UnsafeRawBufferPointer(rebasing: bytes))
        do {
            while !isOver, let frame = try decoder.next() { try received(frame) }
        } catch {
            record.addProblem("\(error)")
            end(.endOfStream)
        }
    }

    private func receivedHeader() {
        if let greeting = script.greeting {
            sendBytes(greeting)
            return end(nil)
        }
        guard header == Framing.protocolHeader else {
            record.addProblem("a protocol header \(header)")
            sendBytes(Framing.protocolHeader)
            return end(nil)
        }
        send(
            .connectionStart(
                ConnectionStart(
                    versionMajor: 0, versionMinor: 9, serverProperties: script.serverProperties,
                    mechanisms: ByteSlice(utf8: script.mechanisms), locales: ByteSlice(utf8: "en_US"))), channel: 0)
    }

    private func received(_ frame: Frame) throws {
        switch frame.type {
        case .method: received(ReceivedMethod(channel: frame.channel, method: try Method(frame)))
        case .header: try receivedContentHeader(frame)
        case .body: receivedBody(frame)
        case .heartbeat: record.addHeartbeat()
        }
    }

    private func received(_ received: ReceivedMethod) {
        record.add(received)
        if case .connectionTuneOK(let tuneOK) = received.method {
            tuned = tuneOK
            decoder.frameLimit = tuneOK.frameMax == 0 ? Int(Int32.max) : Int(tuneOK.frameMax)
        }
        if case .basicPublish(let publish) = received.method {
            channels[received.channel, default: BrokerChannel()].incoming = BrokerChannel.Incoming(method: publish)
        }
        if isClosing {
            if case .connectionCloseOK = received.method { end(nil) }
            if case .connectionClose = received.method { send(.connectionCloseOK(ConnectionCloseOK()), channel: 0) }
            return
        }
        if !script.onMethod(self, received), !isOver { answer(received.method, channel: received.channel) }
    }

    private func receivedContentHeader(_ frame: Frame) throws {
        guard var incoming = channels[frame.channel]?.incoming else {
            return record.addProblem("a content header without a method on channel \(frame.channel)")
        }
        try frame.payload.withReader { (reader) throws(ProtocolError) in
            _ = try reader.readUInt32()
            incoming.missing = try reader.readUInt64()
            incoming.properties = try MessageProperties(from: &reader)
        }
        channels[frame.channel]?.incoming = incoming
        publishIfComplete(frame.channel)
    }

    private func receivedBody(_ frame: Frame) {
        guard var incoming = channels[frame.channel]?.incoming, let missing = incoming.missing,
            UInt64(frame.count) <= missing
        else { return record.addProblem("a body frame that is too much on channel \(frame.channel)") }
        incoming.body.append(copying: frame.payload)
        incoming.missing = missing - UInt64(frame.count)
        channels[frame.channel]?.incoming = incoming
        publishIfComplete(frame.channel)
    }

    private func publishIfComplete(_ channel: UInt16) {
        guard let incoming = channels[channel]?.incoming, incoming.missing == 0 else { return }
        channels[channel]?.incoming = nil
        let message = BrokerMessage(
            exchange: incoming.method.exchange, routingKey: incoming.method.routingKey,
            properties: incoming.properties, body: ByteSlice(incoming.body))
        record.add(message)
        publish(message, isMandatory: incoming.method.mandatory, channel: channel)
    }

    // MARK: - Sending

    /// Sends a method.
    public func send(_ method: Method, channel: UInt16) {
        var output = OutputBuffer()
        do {
            try output.append(method, channel: channel, frameMax: Int(Int32.max))
            emit(&output)
        } catch {
            record.addProblem("the script sends what cannot be encoded: \(error)")
        }
    }

    /// Sends a method that carries a message, the message's header, and its body in frames of the negotiated size.
    public func send(_ method: some AMQPMethod, _ message: BrokerMessage, channel: UInt16) {
        var output = OutputBuffer()
        do {
            try message.body.withUnsafeBytes { (body) throws(EncodingError) in
                try output.append(
                    method, properties: message.properties, body: body, channel: channel,
                    frameMax: Int(tuned?.frameMax ?? 131_072))
            }
            emit(&output)
        } catch {
            record.addProblem("the script sends what cannot be encoded: \(error)")
        }
    }

    /// Delivers a message to a consumer, under the channel's next delivery tag.
    public func deliver(_ message: BrokerMessage, tag: String, channel: UInt16) {
        channels[channel, default: BrokerChannel()].deliveryCount += 1
        let deliver = BasicDeliver(
            consumerTag: tag, deliveryTag: channels[channel]?.deliveryCount ?? 1, redelivered: false,
            exchange: message.exchange, routingKey: message.routingKey)
        send(deliver, message, channel: channel)
    }

    /// Sends a heartbeat.
    public func sendHeartbeat() {
        var output = OutputBuffer()
        output.appendHeartbeat()
        emit(&output)
    }

    /// Sends any bytes, which need not be frames.
    public func sendBytes(_ bytes: [UInt8]) {
        if !isOver { write(bytes) }
    }

    /// Raises a channel exception.
    public func closeChannel(_ code: UInt16, _ text: String, _ method: MethodID, channel: UInt16) {
        channels[channel] = nil
        send(
            .channelClose(
                ChannelClose(replyCode: code, replyText: text, classID: method.classID, methodID: method.methodID)),
            channel: channel)
    }

    /// Raises a connection exception; the stream ends when the client has confirmed it.
    public func closeConnection(_ code: UInt16, _ text: String) {
        isClosing = true
        send(.connectionClose(ConnectionClose(replyCode: code, replyText: text)), channel: 0)
    }

    /// Ends the stream: orderly behind what was sent, or by a fault.
    public func end(_ cut: StreamCut? = nil) {
        guard !isOver else { return }
        isOver = true
        finish(cut)
    }

    /// Writes whole frames, one by one, so that the stream can be lost at each border.
    private func emit(_ output: inout OutputBuffer) {
        var bytes: [UInt8] = []
        output.takeAll { bytes.append(copying: $0) }
        guard let limit = script.cutAfterFrames else { return sendBytes(bytes) }
        while bytes.count >= Framing.overhead, !isOver {
            guard sentFrames < limit else { return end(script.cut) }
            let size = bytes[3 ..< 7].reduce(0) { $0 << 8 | Int($1) } + Framing.overhead
            sendBytes(Array(bytes.prefix(size)))
            bytes.removeFirst(min(size, bytes.count))
            sentFrames += 1
            if sentFrames == limit { end(script.cut) }
        }
    }
}

@available(*, unavailable)
extension ScriptedBroker: Sendable {}
