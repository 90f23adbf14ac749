import AMQPConnection
import AdapterKit
import TLSSupport
import Testing

@testable import AMQPTLS

@Suite struct TLSEndTests {
    @Test func closeSendsWhatIsQueuedAndSaysThatNothingFollows() throws {
        let pair = try TLSPair()
        pair.pipe.toServer.capacity = 5000
        pair.open()
        let bytes = TLSPair.pattern(1_000_000)
        pair.client.send(ByteSlice(bytes))
        pair.client.close()
        #expect(pair.clientProbe.ends.isEmpty)
        pair.loop.settle()
        #expect(pair.serverProbe.received == bytes)
        #expect(pair.clientProbe.ends.count == 1 && pair.clientProbe.ends[0] == nil)
        #expect(pair.serverProbe.ends.count == 1)
        #expect(pair.serverProbe.ends.first??.code == .streamLost)
        #expect(pair.serverProbe.ends.first??.reason == "the peer closed the stream")
    }

    @Test func endWithoutACloseNotifyIsAnErrorThatSaysSo() throws {
        let pair = try TLSPair()
        pair.open()
        pair.send([1, 2, 3], from: pair.server)
        pair.pipe.server.close()
        pair.loop.settle()
        #expect(pair.clientProbe.received == [1, 2, 3])
        #expect(pair.clientProbe.ends.count == 1)
        #expect(pair.clientProbe.ends.first??.code == .streamLost)
        #expect(pair.clientProbe.ends.first??.reason.contains("close_notify") == true)
    }

    @Test func damagedRecordEndsTheStreamAndThePeerIsTold() throws {
        let pair = try TLSPair()
        pair.open()
        pair.pipe.server.send(ByteSlice([23, 3, 3, 0, 32] + [UInt8](repeating: 7, count: 32)))
        pair.pipe.server.flush()
        pair.loop.settle()
        let error = pair.clientProbe.ends.first ?? nil
        #expect(error?.code == .tlsFailed && pair.clientProbe.ends.count == 1)
        #expect((error?.underlying as? TLSError)?.problem == .recordInvalid, "\(String(describing: error))")
        #expect(pair.clientProbe.received.isEmpty)
        let told = pair.serverProbe.ends.first??.underlying as? TLSError
        #expect(told?.problem == .refusedByPeer && told?.alert == 20, "\(String(describing: told))")
    }

    @Test(arguments: ["AMQP\u{0}\u{0}\u{9}\u{1}", "HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n"])
    func plainTextBeforeTheServersHelloIsRefused(text: String) throws {
        let pair = try TLSPair()
        var outcomes: [AMQPError?] = []
        pair.client.shakeHands { outcomes.append($0) }
        pair.pipe.server.send(ByteSlice(utf8: text))
        pair.pipe.server.flush()
        pair.loop.settle()
        #expect(outcomes.count == 1 && outcomes.first??.code == .tlsFailed)
        #expect((outcomes.first??.underlying as? TLSError)?.problem == .notTLS, "\(outcomes)")
        #expect(pair.pipe.client.isEnded)
    }

    @Test func plainTextBetweenTheServersRecordsIsRefused() throws {
        let pair = try TLSPair()
        pair.pipe.toClient.isStalled = true
        pair.open()
        // Behind the server's first flight, before its last words of the handshake.
        pair.pipe.server.send(ByteSlice(utf8: "AMQP\u{0}\u{0}\u{9}\u{1}"))
        pair.pipe.server.flush()
        pair.pipe.toClient.isStalled = false
        pair.loop.settle()
        let errors = pair.clientOutcomes.compactMap { $0 } + pair.clientProbe.ends.compactMap { $0 }
        #expect(errors.count == 1 && errors.first?.code == .tlsFailed, "\(errors)")
        #expect(pair.clientProbe.received.isEmpty)
    }

    @Test func abortedHandshakeIsNeverHeardOfAgain() throws {
        let pair = try TLSPair()
        pair.begin()
        pair.client.abort()
        pair.loop.settle()
        #expect(pair.clientOutcomes.isEmpty)
        #expect(pair.serverOutcomes.count == 1 && pair.serverOutcomes[0]?.code == .streamLost)
    }

    /// Cuts the stream behind every byte of the server's part of a whole session.
    @Test func cutAnywhereEndsTheClientExactlyOnce() throws {
        let whole = try TLSPair()
        whole.open()
        whole.send(TLSPair.pattern(500), from: whole.server)
        whole.server.close()
        whole.loop.settle()
        let length = whole.pipe.toClient.transcript.count
        var handshakes = 0
        for position in stride(from: 0, to: length, by: 3) {
            let pair = try TLSPair()
            pair.pipe.toClient.cut(after: position)
            pair.open()
            pair.send(TLSPair.pattern(500), from: pair.server)
            pair.server.close()
            pair.loop.settle()
            guard pair.clientOutcomes.count == 1, let outcome = pair.clientOutcomes.first else {
                Issue.record("cut at \(position): \(pair.clientOutcomes.count) outcomes")
                return
            }
            if outcome == nil { handshakes += 1 }
            #expect(pair.clientProbe.ends.count == (outcome == nil ? 1 : 0), "cut at \(position)")
            #expect(TLSPair.pattern(500).starts(with: pair.clientProbe.received), "cut at \(position)")
        }
        #expect(handshakes > 0 && handshakes < length / 3)
    }
}
