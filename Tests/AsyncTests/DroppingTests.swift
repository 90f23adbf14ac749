import AMQPAsync
import AMQPConnection
import AdapterKit
import BrokerSupport
import Foundation
import Testing

/// Connections that nobody holds any more.
@Suite(.timeLimit(.minutes(2))) struct DroppingTests {
    @Test func `a connection that is closing when it is dropped is closed in order`() async throws {
        // The broker does not answer before it may.
        let mayAnswer = Guarded(false)
        let server = try BrokerServer(
            BrokerScript { _, received in
                guard case .connectionClose = received.method else { return false }
                while !mayAnswer.withLock({ $0 }) { Thread.sleep(forTimeInterval: 0.001) }
                return false
            })
        defer { server.close() }
        defer { mayAnswer.withLock { $0 = true } }
        let end = Guarded<AMQPError.Code?>(nil)
        let mailbox: Mailbox
        do {
            let connection = try await AMQP.connect(ConnectionParameters(host: "127.0.0.1", port: server.port))
            mailbox = connection.executor.mailbox
            try await connection.run { connection in
                connection.onClose { _, error in end.withLock { $0 = error.code } }
                connection.close()
            }
        }
        try await waitUntil("the broker is asked") { server.record.methodNames.last == "connection.close" }
        // As many turns as a loop that nobody keeps would need to end, and more.
        for number in 0 ..< 5 {
            let hasRun = Guarded(false)
            try mailbox.addCallbackThreadsafe { hasRun.withLock { $0 = true } }
            try await waitUntil("callback \(number) runs") { hasRun.withLock { $0 } }
        }
        mayAnswer.withLock { $0 = true }
        try await waitUntil("the connection is closed") { end.withLock { $0 } != nil }
        #expect(end.withLock { $0 } == .connectionClosedByClient)
        try await waitUntil("its loop is closed, too") { mailbox.isClosed }
    }
}
