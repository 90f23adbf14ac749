// Consumes from a topic exchange with futures: one message at a time, read every ten milliseconds, acknowledged when it
// has been printed. It publishes the messages itself, and ends after the last.
#if NIO
import AMQPNIO
import Foundation
import NIOCore
import NIOPosix

let messageCount = 50
let exchange = "topic_link"
let routingKey = "hello.world"

/// Binds a queue of this connection's own to the exchange and consumes from it.
func consume(_ channel: FutureChannel) -> EventLoopFuture<FutureConsumer> {
    channel.exchangeDeclare(exchange, type: .topic)
        .flatMap { _ in channel.queueDeclare(exclusive: true, autoDelete: true) }
        .flatMap { declared in
            channel.queueBind(declared.queue, exchange: exchange, routingKey: routingKey).map { _ in declared.queue }
        }
        .flatMap { queue in channel.basicQos(prefetchCount: 1).map { _ in queue } }
        .flatMap { queue in channel.basicConsume(queue) }
}

/// Reads a message every ten milliseconds until `count` have come.
func read(_ count: Int, _ consumer: FutureConsumer, _ channel: FutureChannel) -> EventLoopFuture<Void> {
    let done = channel.eventLoop.makePromise(of: Void.self)
    let left = NIOLoopBoundBox.makeBoxSendingValue(count, eventLoop: channel.eventLoop)
    channel.eventLoop.scheduleRepeatedAsyncTask(initialDelay: .zero, delay: .milliseconds(10)) { task in
        let read = consumer.queue.get().flatMap { delivery in
            print(delivery.routingKey, delivery.text)
            left.value -= 1
            if left.value == 0 { task.cancel(promise: done) }
            return channel.basicAck(delivery.tag)
        }
        read.whenFailure { done.fail($0) }
        return read
    }
    return done.futureResult
}

let url = ProcessInfo.processInfo.environment["AMQP_URL"] ?? "amqp://localhost"
let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
let connection = try await FutureConnection.connect(try ConnectionParameters(url: url), on: eventLoop).get()
let channel = try await connection.channel().get()
let consumer = try await consume(channel).get()
for number in 1 ... messageCount {
    channel.basicPublish("message \(number)", exchange: exchange, routingKey: routingKey)
}
try await read(messageCount, consumer, channel).get()
try await connection.close().get()
print("\(messageCount) messages")
#endif
