import AMQPPoll
import Foundation

func onConnected(_ connection: Connection) {
    print("connected, waiting for messages in queue \"test\"; Ctrl-C ends")
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

let url = ProcessInfo.processInfo.environment["AMQP_URL"] ?? "amqp://localhost"
let loop = PollLoop()
try loop.stopOnInterrupt()
let connection = Connection(
    try ConnectionParameters(url: url), on: loop, onOpen: onConnected,
    onOpenError: { _, error in
        print(error); loop.stop()
    })
connection.ioLoop.start()
connection.close { _ in loop.stop() }
connection.ioLoop.start()
