// AMQP next to a program's own sources in one GLib main context: a timeout writes lines into a pipe, what comes out of
// the pipe is published, and what is consumed is printed. GLib's main loop runs it all; Ctrl-C closes the connection.

import CGLib
import Foundation
import GLibAdapter

func onConnected(_ connection: Connection) {
    print("connected, waiting for messages in queue \"test\"; Ctrl-C ends")
    connection.channel(onOpen: onChannelOpen)
}

func onChannelOpen(_ channel: Channel) {
    channel.queueDeclare("test", durable: true) { result in onQueueDeclared(channel, result) }
}

func onQueueDeclared(_ channel: Channel, _ result: Result<QueueDeclareOK, AMQPError>) {
    channel.basicConsume("test", onMessage: handleDelivery)
    Ticker.start(every: 500) { line in _ = try? channel.basicPublish(line, routingKey: "test") }
}

func handleDelivery(_ channel: Channel, _ delivery: Delivery) {
    print(delivery.text)
    channel.basicAck(delivery.tag)
}

func closeOnInterrupt(_ connection: Connection) {
    // SAFETY: the connection is retained for the one call that takes it back.
    let data = Unmanaged.passRetained(connection).toOpaque()
    g_unix_signal_add(
        SIGINT,
        { data in
            if let data { Unmanaged<Connection>.fromOpaque(data).takeRetainedValue().close() }
            return gboolean(0)
        }, data)
}

let mainLoop = g_main_loop_new(nil, 0)
let url = ProcessInfo.processInfo.environment["AMQP_URL"] ?? "amqp://localhost"
let connection = Connection(
    try ConnectionParameters(url: url), on: GLibLoop(), onOpen: onConnected,
    onOpenError: { _, error in
        print(error)
        g_main_loop_quit(mainLoop)
    },
    onClose: { _, _ in g_main_loop_quit(mainLoop) })
closeOnInterrupt(connection)
g_main_loop_run(mainLoop)
