import AMQPBlocking
import AMQPPosix
import BrokerSupport
import Foundation
import Testing

/// Consumers whose handlers run on other threads.
@Suite(.timeLimit(.minutes(2))) struct OffLoopTests {
    @Test func `a handler that sleeps for three heartbeats keeps the connection`() async throws {
        try await onOwnThread {
            var parameters = try TestBroker.parameters()
            parameters.heartbeat = 4
            try BlockingConnection.withConnection(parameters) { connection in
                #expect(connection.tuned?.heartbeat == 4)
                let channel = try connection.channel()
                let queue = try channel.queueDeclare(exclusive: true).queue
                try channel.fill(queue, ["a", "b"])
                let notes = Notes<String>()
                let mailbox = channel.mailbox
                try channel.consume(queue, on: WorkerPool(threadCount: 2), maxInFlight: 2) { delivery in
                    Thread.sleep(forTimeInterval: 12.5)
                    notes.add(delivery.text)
                    guard notes.all.count == 2 else { return }
                    try mailbox.addCallbackThreadsafe { try $0.stopConsuming() }
                }
                try channel.startConsuming()
                #expect(notes.all.sorted() == ["a", "b"])
                try channel.close()
                #expect(try connection.left(in: queue).isEmpty, "both were acknowledged")
            }
        }
    }

    @Test func `a message whose handler throws goes back to the queue`() async throws {
        try await queue { channel, queue in
            let notes = Notes<Bool>()
            try channel.consume(queue, on: WorkerPool(threadCount: 1)) { delivery in
                notes.add(delivery.isRedelivered)
                if !delivery.isRedelivered { throw Mishap() }
            }
            try channel.fill(queue, ["a"])
            try channel.connection.serve { notes.all.count == 2 }
            #expect(notes.all == [false, true])
            try channel.close()
            #expect(try channel.connection.left(in: queue).isEmpty)
        }
    }

    @Test func `a handler's error closes the channel if that is the policy`() async throws {
        try await queue { channel, queue in
            try channel.consume(queue, on: WorkerPool(threadCount: 1), onFailure: .closeChannel) { _ in throw Mishap() }
            try channel.fill(queue, ["a"])
            try channel.connection.serve { channel.isClosed }
            #expect(try channel.connection.left(in: queue) == ["a"])
        }
    }

    @Test(arguments: [false, true]) func `a close lets the handlers end and acknowledge`(ofConnection: Bool)
        async throws
    {
        let name = uniqueName()
        try await connected { connection in
            let channel = try connection.channel()
            try channel.queueDeclare(name, arguments: ["x-expires": 60_000])
            try channel.fill(name, (0 ..< 20).map(String.init))
            let notes = Notes<String>()
            try channel.consume(name, on: WorkerPool(threadCount: 4), maxInFlight: 4) { delivery in
                Thread.sleep(forTimeInterval: 0.05)
                notes.add(delivery.text)
            }
            try connection.serve { notes.all.count > 4 }
            if ofConnection { try connection.close() } else { try channel.close() }
            try BlockingConnection.withConnection(try TestBroker.parameters()) { other in
                let left = try other.left(in: name)
                #expect((left + notes.all).sorted() == (0 ..< 20).map(String.init).sorted())
            }
        }
    }

    @Test func `a consumer that is cancelled lets its handlers go on`() async throws {
        try await queue { channel, queue in
            let (begun, ended) = (Notes<String>(), Notes<String>())
            let tag = try channel.consume(queue, on: WorkerPool(threadCount: 1), consumerTag: "c") { delivery in
                begun.add(delivery.text)
                Thread.sleep(forTimeInterval: 0.1)
                ended.add(delivery.text)
            }
            #expect(tag == "c" && channel.consumerTags == ["c"])
            try channel.fill(queue, ["a", "b"])
            try channel.connection.serve { begun.all == ["a"] }
            #expect(try channel.basicCancel(tag).isEmpty)
            #expect(channel.consumerTags.isEmpty)
            try channel.close()
            #expect(ended.all == ["a"])
            #expect(try channel.connection.left(in: queue) == ["b"])
        }
    }

    @Test func `a consumer without place for a message, or with a tag in use, is refused`() async throws {
        try await queue { channel, queue in
            let pool = WorkerPool(threadCount: 1)
            #expect(failure { try channel.consume(queue, on: pool, maxInFlight: 0) { _ in } }?.code == .invalidArgument)
            #expect(channel.consumerTags.isEmpty)
            try channel.consume(queue, on: pool, consumerTag: "c") { _ in }
            let error = failure { try channel.consume(queue, on: pool, consumerTag: "c") { _ in } }
            #expect(error?.code == .duplicateConsumerTag)
            #expect(channel.isOpen && channel.consumerTags == ["c"])
        }
    }

    @Test func `startConsuming returns when the broker cancels the consumer`() async throws {
        try await queue { channel, queue in
            try channel.consume(queue, on: WorkerPool(threadCount: 1), consumerTag: "c") { _ in }
            let notes = Notes<String>()
            channel.onCancel { _, tag in notes.add(tag) }
            try channel.connection.withChannel { try $0.queueDelete(queue) }
            try channel.startConsuming()
            #expect(notes.all == ["c"])
        }
    }
}
