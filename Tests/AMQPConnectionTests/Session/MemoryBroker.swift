internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit

/// The broker's end of a ``MemoryPipe``: decodes what a connection sends and answers what a broker would.
///
/// A test changes single answers with ``onMethod`` and ``onPublish`` and sends what it wants with ``send(_:channel:)``
/// and ``deliver(_:properties:body:channel:)``; all that is sent during one received piece leaves together.
final class MemoryBroker: StreamHandler {
    /// A message that the connection published.
    struct Published {
        var channel: UInt16
        var method: BasicPublish
        var body: ByteSlice
        /// Its number on its channel, from 1.
        var number: UInt64
    }

    static let frameMax = 4096

    /// What the broker proposes.
    var tune = ConnectionTune(channelMax: 2047, frameMax: UInt32(MemoryBroker.frameMax), heartbeat: 0)
    /// Sees each method first; what it returns `true` for is not answered by the standard answer.
    var onMethod: (MemoryBroker, Method, UInt16) -> Bool = { _, _, _ in false }
    /// Sees each published message.
    var onPublish: (MemoryBroker, Published) -> Void = { _, _ in }

    /// What came, in order, with its channel.
    private(set) var methods: [(channel: UInt16, method: Method)] = []
    private(set) var heartbeatCount = 0
    /// How the stream ended; `nil` while it lives.
    private(set) var end: AMQPError??

    private let transport: MemoryTransport
    private var decoder = FrameDecoder(frameLimit: MemoryBroker.frameMax)
    private var output = OutputBuffer()
    private var header: [UInt8] = []
    private var publishing: [UInt16: (method: BasicPublish, size: Int, body: [UInt8])] = [:]
    private var publishCounts: [UInt16: UInt64] = [:]

    init(_ transport: MemoryTransport) {
        self.transport = transport
        transport.start(self)
    }

    // MARK: Commands

    func send(_ method: Method, channel: UInt16 = 0) {
        do {
            try output.append(method, channel: channel, frameMax: MemoryBroker.frameMax)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// Sends a method with its content.
    func deliver(
        _ method: some AMQPMethod, properties: MessageProperties = MessageProperties(), body: ByteSlice,
        channel: UInt16 = 1
    ) {
        do {
            try body.withUnsafeBytes { bytes in
                try output.append(
                    method, properties: properties, body: bytes, channel: channel, frameMax: MemoryBroker.frameMax)
            }
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// Sends any bytes.
    func send(raw bytes: [UInt8]) {
        output.append(ByteSlice(bytes))
    }

    func sendHeartbeat() {
        output.appendHeartbeat()
    }

    /// Gives all that was sent to the stream.
    func flush() {
        output.takeAll { transport.send($0) }
        transport.flush()
    }

    func closeStream() {
        flush()
        transport.close()
    }

    // MARK: The stream

    func streamReadable(_ read: (UnsafeMutableRawBufferPointer) -> Int) {
        decoder.withReceiveMemory(read)
        process()
    }

    func streamReceived(_ bytes: UnsafeRawBufferPointer) {
        let start = min(8 - header.count, bytes.count)
        header += bytes.prefix(start)
        decoder.append(UnsafeRawBufferPointer(rebasing: bytes[start...]))
        if header.count == 8, start > 0 { begin() }
        process()
    }

    func streamSent(_ byteCount: Int) {}

    func streamClosed(_ error: AMQPError?) {
        end = .some(error)
    }

    private func begin() {
        precondition(header == Framing.protocolHeader)
        let capabilities: FieldTable = [
            "publisher_confirms": true, "basic.nack": true, "consumer_cancel_notify": true, "connection.blocked": true,
        ]
        let start = Method.connectionStart(
            ConnectionStart(
                versionMajor: 0, versionMinor: 9,
                serverProperties: ["product": "MemoryBroker", "capabilities": .table(capabilities)],
                mechanisms: ByteSlice(utf8: "AMQPLAIN PLAIN"), locales: ByteSlice(utf8: "en_US")))
        if !onMethod(self, start, 0) { send(start) }
        flush()
    }

    private func process() {
        do {
            while let frame = try decoder.next() { try received(frame) }
        } catch {
            preconditionFailure("the connection broke the protocol: \(error)")
        }
        flush()
    }

    private func received(_ frame: Frame) throws {
        switch frame.type {
        case .heartbeat:
            heartbeatCount += 1
        case .method:
            let method = try Method(frame)
            methods.append((frame.channel, method))
            if case .basicPublish(let publish) = method { publishing[frame.channel] = (publish, -1, []) }
            if !onMethod(self, method, frame.channel) { answer(method, frame.channel) }
        case .header:
            let size = frame.payload[4 ..< 12].reduce(0) { $0 << 8 | Int($1) }
            publishing[frame.channel]?.size = size
            finishPublish(frame.channel)
        case .body:
            frame.payload.withUnsafeBytes { publishing[frame.channel]?.body.append(contentsOf: $0) }
            finishPublish(frame.channel)
        }
    }

    private func finishPublish(_ channel: UInt16) {
        guard let publish = publishing[channel], publish.body.count == publish.size else { return }
        publishing[channel] = nil
        publishCounts[channel, default: 0] += 1
        onPublish(
            self,
            Published(
                channel: channel, method: publish.method, body: ByteSlice(publish.body),
                number: publishCounts[channel] ?? 0))
    }

    private func answer(_ method: Method, _ channel: UInt16) {
        switch method {
        case .connectionStartOK: send(.connectionTune(tune))
        case .connectionOpen: send(.connectionOpenOK(ConnectionOpenOK()))
        case .connectionClose:
            send(.connectionCloseOK(ConnectionCloseOK()))
            closeStream()
        case .channelOpen: send(.channelOpenOK(ChannelOpenOK()), channel: channel)
        case .channelClose: send(.channelCloseOK(ChannelCloseOK()), channel: channel)
        case .exchangeDeclare(let declare) where !declare.noWait:
            send(.exchangeDeclareOK(ExchangeDeclareOK()), channel: channel)
        case .queueDeclare(let declare) where !declare.noWait:
            let name = declare.queue.isEmpty ? "amq.gen-1" : declare.queue
            send(.queueDeclareOK(QueueDeclareOK(queue: name, messageCount: 3, consumerCount: 0)), channel: channel)
        case .queueBind(let bind) where !bind.noWait: send(.queueBindOK(QueueBindOK()), channel: channel)
        case .basicQos: send(.basicQosOK(BasicQosOK()), channel: channel)
        case .basicConsume(let consume) where !consume.noWait:
            send(.basicConsumeOK(BasicConsumeOK(consumerTag: consume.consumerTag)), channel: channel)
        case .basicCancel(let cancel) where !cancel.noWait:
            send(.basicCancelOK(BasicCancelOK(consumerTag: cancel.consumerTag)), channel: channel)
        case .basicGet: send(.basicGetEmpty(BasicGetEmpty()), channel: channel)
        case .confirmSelect(let select) where !select.noWait:
            send(.confirmSelectOK(ConfirmSelectOK()), channel: channel)
        default: break
        }
    }
}
