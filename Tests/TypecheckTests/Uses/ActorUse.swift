import AMQPSelect

/// An actor that owns a loop and a connection: its callbacks change its state as if they were its methods.
actor Collector {
    private var received: [Delivery] = []
    private var connection: Connection?

    func open() {
        connection = Connection(
            ConnectionParameters(), on: SelectLoop(),
            onOpen: { connection in
                connection.channel { channel in self.consume(channel) }
            })
    }

    private func consume(_ channel: Channel) {
        channel.basicConsume("all", autoAck: true) { _, delivery in self.received.append(delivery) }
    }

    func takeAll() -> [Delivery] {
        defer { received = [] }
        return received
    }
}
