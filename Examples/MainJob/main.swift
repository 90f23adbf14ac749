// The main job: publishes messages with confirms and consumes them in order, all on one select loop.
//
//     MainJob [COUNT]        1,000 messages if not said otherwise; the broker of AMQP_URL
//
// The exit status is 0 only if every message was confirmed and came back once, in order.

import AMQPSelect
import Foundation

func fail(_ reason: String) -> Never {
    FileHandle.standardError.write(Data("MainJob: \(reason)\n".utf8))
    exit(1)
}

/// One run of the job: what was published, confirmed and consumed so far.
final class Job {
    let count: Int
    private var confirmed = 0
    private var consumed = 0

    init(count: Int) {
        self.count = count
    }

    func onConnected(_ connection: Connection) {
        connection.channel(onOpen: onChannelOpen)
    }

    func onChannelOpen(_ channel: Channel) {
        channel.onClose { [self] _, error in
            if !isDone { fail("the channel was closed: \(error)") }
        }
        channel.queueDeclare(exclusive: true) { [self] result in
            switch result {
            case .success(let declared): onQueueDeclared(channel, declared.queue)
            case .failure(let error): fail("no queue: \(error)")
            }
        }
    }

    func onQueueDeclared(_ channel: Channel, _ queue: String) {
        channel.basicConsume(queue, onMessage: onDelivery)
        channel.confirmSelect(completion: { [self] result in
            if case .failure(let error) = result { fail("no confirms: \(error)") }
            publishAll(channel, queue)
        })
    }

    func publishAll(_ channel: Channel, _ queue: String) {
        for number in 0 ..< count {
            do {
                try channel.basicPublish("message \(number)", routingKey: queue, mandatory: true) { [self] outcome in
                    onOutcome(channel, number, outcome)
                }
            } catch {
                fail("message \(number) could not be published: \(error)")
            }
        }
    }

    func onOutcome(_ channel: Channel, _ number: Int, _ outcome: PublishOutcome) {
        guard case .confirmed = outcome else { fail("message \(number) was not confirmed: \(outcome)") }
        confirmed += 1
        finishIfDone(channel)
    }

    func onDelivery(_ channel: Channel, _ delivery: Delivery) {
        guard delivery.text == "message \(consumed)" else {
            fail("message \(consumed) was expected, \(delivery.text) came")
        }
        consumed += 1
        channel.basicAck(delivery.tag)
        finishIfDone(channel)
    }

    var isDone: Bool { confirmed == count && consumed == count }

    func finishIfDone(_ channel: Channel) {
        if isDone { channel.connection.close() }
    }

    var summary: String { "\(count) published, \(confirmed) confirmed, \(consumed) consumed in order" }
}

guard let count = Int(CommandLine.arguments.dropFirst().first ?? "1000"), count > 0 else {
    fail("usage: MainJob [COUNT]")
}
let job = Job(count: count)
let loop = SelectLoop()
let url = ProcessInfo.processInfo.environment["AMQP_URL"] ?? "amqp://localhost"
let connection = Connection(try ConnectionParameters(url: url), on: loop, onOpen: job.onConnected)
connection.onOpenError { _, error in fail("no connection: \(error)") }
connection.onClose { _, _ in loop.stop() }
loop.callLater(.seconds(60)) { fail("not done after 60 s: \(job.summary)") }
loop.start()
print(job.summary)
exit(job.isDone ? 0 : 1)
