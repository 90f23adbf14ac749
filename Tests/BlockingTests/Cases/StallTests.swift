import AMQPBlocking
import BrokerSupport
import Foundation
import Testing

/// Callbacks that keep the connection from sending and receiving are reported, by name and duration.
@Suite(.timeLimit(.minutes(2))) struct StallTests {
    @Test func `a handler that blocks is named`() async throws {
        try await queue { channel, queue in
            let notes = Notes<CallbackStall>()
            channel.connection.stallThreshold = .milliseconds(50)
            channel.connection.onStall { _, stall in notes.add(stall) }
            try channel.basicConsume(queue, consumerTag: "slow", autoAck: true) { _, _ in
                Thread.sleep(forTimeInterval: 0.1)
            }
            try channel.fill(queue, ["a"])
            let name = "the handler of consumer \"slow\" on channel \(channel.channelNumber)"
            // A busy machine may keep the loop waiting as well; no callback is named for that.
            try channel.connection.serve { notes.all.contains { $0.callbacks == [name] } }
            let stall = try #require(notes.all.first { $0.callbacks == [name] })
            #expect(stall.duration >= .milliseconds(100))
        }
    }

    @Test func `a timer that blocks is named`() async throws {
        try await connected { connection in
            let notes = Notes<[String]>()
            connection.stallThreshold = .milliseconds(50)
            connection.onStall { _, stall in notes.add(stall.callbacks) }
            connection.callLater(.zero) { _ in Thread.sleep(forTimeInterval: 0.1) }
            try connection.serve { notes.all.contains(["the timer callback"]) }
        }
    }

    @Test func `a callback that lets the connection work meanwhile blocks nothing`() async throws {
        try await connected { connection in
            let notes = Notes<String>()
            connection.stallThreshold = .seconds(2)
            connection.onStall { _, stall in notes.add("\(stall)") }
            connection.callLater(.zero) { connection in
                try connection.sleep(.seconds(3))
                notes.add("done")
            }
            try connection.serve { !notes.all.isEmpty }
            try connection.processDataEvents()
            #expect(notes.all == ["done"])
        }
    }
}
