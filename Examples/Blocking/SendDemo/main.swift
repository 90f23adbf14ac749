import AMQPBlocking
import Foundation

// Sends the words of its command line to everybody who runs ReceiveDemo; "quit" ends them.
let words = CommandLine.arguments.dropFirst().joined(separator: " ")
let address = ProcessInfo.processInfo.environment["AMQP_URL"] ?? "amqp://localhost"
let connection = try BlockingConnection(ConnectionParameters(url: address))
let channel = try connection.channel()
try channel.accessRequest("/data", active: true, write: true)
try channel.exchangeDeclare("myfan", type: .fanout, autoDelete: true)

var message = Message(words.isEmpty ? "Grüße" : words)
message.contentType = "text/plain"
message.headers = ["foo": 7, "bar": "baz"]
try channel.basicPublish(message, exchange: "myfan")

try channel.close()
try connection.close()
