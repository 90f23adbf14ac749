import AMQPDispatch
import Dispatch
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
let connection = Connection(
    try ConnectionParameters(url: url), on: DispatchLoop(on: .main), onOpen: onConnected,
    onOpenError: { _, error in
        print(error)
        exit(1)
    },
    onClose: { _, _ in exit(0) })
let interrupt = DispatchSource.makeSignalSource(signal: SIGINT, queue: .main)
signal(SIGINT, SIG_IGN)
interrupt.setEventHandler { connection.close() }
interrupt.activate()
dispatchMain()
