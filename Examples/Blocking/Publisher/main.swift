import AMQPBlocking
import Foundation

// Publishes one message and ends.
let url = ProcessInfo.processInfo.environment["AMQP_URL"] ?? "amqp://localhost"
let connection = try BlockingConnection(ConnectionParameters(url: url))
let channel = try connection.channel()
try channel.exchangeDeclare("test", autoDelete: true)
try channel.basicPublish("Test message.", exchange: "test", routingKey: "test")
try connection.close()
