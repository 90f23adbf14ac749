import AMQPSelect

func onConnected(_ connection: Connection) {
    connection.channel(onOpen: onChannelOpen)
}

func onChannelOpen(_ channel: Channel) {
    channel.queueDeclare("test", durable: true) { result in onQueueDeclared(channel, result) }
}

func onQueueDeclared(_ channel: Channel, _ result: Result<QueueDeclareOK, AMQPError>) {
    channel.basicConsume("test", onMessage: handleDelivery)
}

func handleDelivery(_ channel: Channel, _ delivery: Delivery) {
    print(delivery.text)
    channel.basicAck(delivery.tag)
}

func run() {
    let connection = Connection(ConnectionParameters(), on: SelectLoop(), onOpen: onConnected)
    connection.ioLoop.start()
}

/// Acknowledges from a task that runs anywhere.
func acknowledgeLater(_ channel: Channel, _ delivery: Delivery) {
    let bound = LoopBound(channel)
    Task.detached {
        try bound.execute { channel in channel.basicAck(delivery.tag) }
    }
}
