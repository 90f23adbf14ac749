import AMQPBlocking
import Foundation

// Consumes ten messages and gives the rest back.
let url = ProcessInfo.processInfo.environment["AMQP_URL"] ?? "amqp://localhost"
let connection = try BlockingConnection(ConnectionParameters(url: url))
let channel = try connection.channel()

// A queue of this program's own, so that there is something to consume wherever it runs.
let queue = try channel.queueDeclare(exclusive: true).queue
for number in 1 ... 12 { try channel.basicPublish("message \(number)", routingKey: queue) }

for delivery in try channel.consume(queue) {
    print(delivery, delivery.text)
    try channel.basicAck(delivery.tag)
    // Out of the loop after ten messages.
    if delivery.tag == 10 { break }
}

// Cancels the consumer; what came and was not taken goes back to the queue.
try channel.cancel()
print("given back: \(try channel.queueDeclare(queue, passive: true).messageCount) messages")
try connection.close()
