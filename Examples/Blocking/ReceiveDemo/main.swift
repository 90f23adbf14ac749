import AMQPBlocking
import Dispatch
import Foundation

/// Shows a message with all that came with it, and acknowledges it; "quit" ends the program.
func show(_ channel: BlockingChannel, _ message: Message) throws {
    guard let info = message.deliveryInfo else { return }
    print("properties: \(message.properties)")
    print("delivery: \(info)")
    switch message.body {
    case .text(let text): print(text)
    case .bytes(let bytes): print(String(decoding: bytes, as: UTF8.self))
    }
    try channel.basicAck(info.deliveryTag)
    if message.text == "quit" { try channel.stopConsuming() }
}

let address = ProcessInfo.processInfo.environment["AMQP_URL"] ?? "amqp://localhost"
let connection = try BlockingConnection(ConnectionParameters(url: address))
let channel = try connection.channel()
try channel.accessRequest("/data", active: true, read: true)
try channel.exchangeDeclare("myfan", type: .fanout, autoDelete: true)
try channel.queueDeclare("test", durable: true)
try channel.queueBind("test", exchange: "myfan")
try channel.consumeMessages("test", callback: show)

// Ctrl-C comes on another thread: the mailbox wakes the wait and has the consumer cancelled.
signal(SIGINT, SIG_IGN)
let interrupt = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
interrupt.setEventHandler { @Sendable [mailbox = channel.mailbox] in
    try? mailbox.addCallbackThreadsafe { channel in try channel.stopConsuming() }
}
interrupt.resume()

print("waiting for messages; \"quit\" or Ctrl-C ends")
while !channel.callbacks.isEmpty { try connection.processDataEvents(timeLimit: nil) }

try channel.close()
try connection.close()
