import AMQPConnection

/// The loop's side of a sequence of deliveries: collects what comes in a turn, hands it over when the turn ends, and stops
/// the stream when too much waits. It belongs to the loop's thread.
final class DeliveryFeed: TurnObserver {
    let channel: Channel
    let isAutoAck: Bool
    /// The consumer's name, as soon as it has one.
    var consumerTag = ""
    private var isOver = false
    private let buffer: DeliveryBuffer
    private var batch = DeliveryBatch()
    private var pause: ReadingPause?

    init(_ buffer: DeliveryBuffer, on channel: Channel, isAutoAck: Bool) {
        self.buffer = buffer
        self.channel = channel
        self.isAutoAck = isAutoAck
    }

    func received(_ delivery: Delivery) {
        guard !isOver else { return giveBack(delivery) }
        if batch.isEmpty { channel.connection.ioLoop.callAtEndOfTurn(self) }
        batch.append(delivery)
    }

    func turnEnded() {
        guard !batch.isEmpty else { return }
        let full = batch
        batch = DeliveryBatch()
        if buffer.put(full), pause == nil { pause = channel.connection.pauseReading() }
    }

    /// The reader has caught up.
    func resume() {
        // It may have fallen behind again while this was on its way.
        guard let pause, !buffer.isHeld else { return }
        self.pause = nil
        pause.end()
    }

    /// The consumer is over. What has come before can still be read, unless it belongs to the broker again.
    func ended(_ error: AMQPError?) {
        isOver = true
        turnEnded()
        let keepsUnread = isAutoAck || error == nil || error?.code == .consumerCancelled
        buffer.end(error.flatMap { $0.isOrderlyEnd ? nil : $0 }, dropsUnread: !keepsUnread)
        pause?.end()
        pause = nil
    }

    /// Nobody reads any more: the consumer ends, and what was not read goes back to the queue.
    func abandoned() {
        // When it is over, another consumer may have the name.
        if !isOver, channel.consumerTags.contains(consumerTag) { channel.basicCancel(consumerTag) }
        discard()
    }

    /// Nobody reads any more, but the cancel could not be sent. Given back alone, the messages would come again and again.
    private func giveBack(_ delivery: Delivery) {
        if !isAutoAck { channel.basicReject(delivery.tag, requeue: true) }
        channel.basicCancel(consumerTag) { _ in }
    }

    /// What has come goes back to the queue: nobody will read it.
    func discard() {
        ended(nil)
        for delivery in buffer.takeAll() where !isAutoAck { channel.basicReject(delivery.tag, requeue: true) }
    }
}
