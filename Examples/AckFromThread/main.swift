// Work that takes long, done on another thread: the loop goes on meanwhile, and the acknowledgement comes back to it
// through `addCallbackThreadsafe`. (`channel.consume(_:on:maxInFlight:)` does all of this by itself.)

import AMQPSelect
import Foundation

func onConnected(_ connection: Connection) {
    print("connected, waiting for messages in queue \"test\"; Ctrl-C ends")
    connection.channel(onOpen: onChannelOpen)
}

func onChannelOpen(_ channel: Channel) {
    channel.queueDeclare("test", durable: true) { _ in
        channel.basicQos(prefetchCount: 1)
        channel.basicConsume("test", onMessage: handleDelivery)
    }
}

func handleDelivery(_ channel: Channel, _ delivery: Delivery) {
    // A channel must not leave its loop's thread. What goes along is the loop's mailbox, and the channel in a box that
    // opens on that thread only.
    let mailbox = channel.connection.ioLoop.mailbox
    let bound = LoopBound(channel)
    Thread.detachNewThread {
        work(delivery.text)
        do {
            // `bound.execute { channel in … }` is short for both.
            try mailbox.addCallbackThreadsafe {
                try? bound.withValue { channel in channel.basicAck(delivery.tag) }
            }
        } catch {
            print("the loop has gone, and with it the connection: the message is delivered again later")
        }
    }
}

func work(_ text: String) {
    Thread.sleep(forTimeInterval: 0.2)
    print(text)
}

let url = ProcessInfo.processInfo.environment["AMQP_URL"] ?? "amqp://localhost"
let loop = SelectLoop()
try loop.stopOnInterrupt()
let connection = Connection(
    try ConnectionParameters(url: url), on: loop, onOpen: onConnected,
    onOpenError: { _, error in
        print(error)
        loop.stop()
    })
connection.ioLoop.start()
connection.close { _ in loop.stop() }
connection.ioLoop.start()
