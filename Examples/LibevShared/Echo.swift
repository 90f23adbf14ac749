import AMQPLibev

/// The AMQP side: publishes lines to a queue of its own and prints what comes back.
final class Echo {
    /// The AMQP side is over, or has failed; may be called more than once, and the first error counts.
    var onEnd: ((AMQPError?) -> Void)?
    private var published = 0
    private var received = 0
    private var channel: Channel?
    private var queue = ""
    private var pending: [String] = []
    private var isInputOver = false

    // 2: the connection is open.
    func onConnected(_ connection: Connection) {
        connection.channel { [self] channel in onChannelOpen(channel) }
    }

    // 3: the channel is open.
    private func onChannelOpen(_ channel: Channel) {
        channel.queueDeclare(exclusive: true) { [self] result in
            switch result {
            case .success(let declared): onQueueDeclared(channel, declared.queue)
            case .failure(let error): onEnd?(error)
            }
        }
    }

    // 4: the queue exists.
    private func onQueueDeclared(_ channel: Channel, _ name: String) {
        channel.basicConsume(name) { [self] channel, delivery in onDelivery(channel, delivery) }
        queue = name
        self.channel = channel
        publishPending()
    }

    // 5: a message came.
    private func onDelivery(_ channel: Channel, _ delivery: Delivery) {
        print(delivery.text)
        channel.basicAck(delivery.tag)
        received += 1
        closeWhenDone()
    }

    /// Lines of the program's input. It is called from the program's own libev callback, which is no turn of ours: what
    /// is published here is sent before libev waits again.
    func publish(_ lines: [String]) {
        pending += lines
        publishPending()
    }

    /// No more lines will come.
    func end() {
        isInputOver = true
        closeWhenDone()
    }

    private func publishPending() {
        guard let channel else { return }
        for line in pending {
            do {
                _ = try channel.basicPublish(line, routingKey: queue)
                published += 1
            } catch {
                onEnd?(error)
            }
        }
        pending = []
        closeWhenDone()
    }

    private func closeWhenDone() {
        guard let channel, isInputOver, pending.isEmpty, received == published, channel.isOpen else { return }
        channel.connection.close()
    }
}
