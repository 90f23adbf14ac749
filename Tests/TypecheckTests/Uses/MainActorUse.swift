import AMQPSelect

/// A window that shows messages: everything in it, callbacks included, is on the main actor without saying so.
@MainActor
final class Window {
    private var lines: [String] = []
    private var connection: Connection?
    private var channel: Channel?

    func open() {
        let connection = Connection(
            ConnectionParameters(), on: SelectLoop(),
            onOpen: { connection in connection.channel(onOpen: self.opened) },
            onClose: { _, error in self.lines.append("\(error)") })
        connection.onBlocked { _, reason in self.lines.append(reason) }
        self.connection = connection
    }

    private func opened(_ channel: Channel) {
        self.channel = channel
        channel.basicConsume("lines") { channel, delivery in
            self.lines.append(delivery.text)
            channel.basicAck(delivery.tag)
        }
    }

    func say(_ text: String) throws {
        _ = try channel?.basicPublish(text, routingKey: "lines") { outcome in self.lines.append("\(outcome)") }
    }
}
