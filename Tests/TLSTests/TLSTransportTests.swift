import AMQPConnection
import AdapterKit
import COpenSSL
import TLSSupport
import Testing

@testable import AMQPTLS

@Suite struct TLSTransportTests {
    @Test(arguments: [TLSVersion.tls12, .tls13], [MemoryDelivery.whole, .pieces(of: 1), .pieces(of: 977)])
    func bytesArriveAsTheyWereSentInAnyPieces(version: TLSVersion, delivery: MemoryDelivery) throws {
        for style in [MemoryReadStyle.received, .readable] {
            let pair = try TLSPair(server: TLSServerOptions(version: version))
            (pair.pipe.toClient.delivery, pair.pipe.toServer.delivery) = (delivery, delivery)
            (pair.pipe.client.readStyle, pair.pipe.server.readStyle) = (style, style)
            pair.open()
            let (up, down) = (TLSPair.pattern(20_000), TLSPair.pattern(33_333))
            pair.send(up, from: pair.client)
            pair.send(down, from: pair.server)
            pair.loop.settle()
            #expect(pair.clientOutcomes.count == 1 && pair.clientOutcomes[0] == nil)
            #expect(pair.serverProbe.received == up)
            #expect(pair.clientProbe.received == down)
            #expect(pair.clientProbe.sentByteCount == up.count && pair.serverProbe.sentByteCount == down.count)
            #expect(pair.client.unsentByteCount == 0 && pair.server.unsentByteCount == 0)
        }
    }

    @Test func nothingIsSentInPlainText() throws {
        let pair = try TLSPair()
        pair.open()
        pair.send(Array("a secret that everybody may see".utf8), from: pair.client)
        pair.loop.settle()
        #expect(pair.serverProbe.received == Array("a secret that everybody may see".utf8))
        #expect(!String(decoding: pair.pipe.toServer.transcript, as: UTF8.self).contains("secret"))
    }

    @Test func pausedReadingHoldsThePeerBackAndKeepsEveryByte() throws {
        let pair = try TLSPair()
        pair.pipe.toClient.capacity = 100_000
        pair.open()
        pair.client.pauseReading()
        let bytes = TLSPair.pattern(4_000_000)
        pair.send(bytes, from: pair.server)
        pair.loop.settle()
        #expect(pair.clientProbe.received.isEmpty)
        #expect(pair.server.unsentByteCount > 3_500_000)
        pair.client.resumeReading()
        pair.loop.settle()
        #expect(pair.clientProbe.received == bytes)
    }

    @Test(arguments: [MemoryReadStyle.received, .readable])
    func whatWasReceivedBeforeAPauseIsHandedOverAfterIt(style: MemoryReadStyle) throws {
        let pair = try TLSPair()
        pair.pipe.client.readStyle = style
        pair.open()
        let probe = pair.clientProbe
        probe.memorySize = 100
        probe.onReceive = { pair.client.pauseReading() }
        let bytes = TLSPair.pattern(200_000)
        pair.send(bytes, from: pair.server)
        pair.loop.settle()
        #expect(probe.received.count == 100)
        pair.client.resumeReading()
        pair.loop.settle()
        #expect(probe.received.count == 200)
        probe.onReceive = {}
        pair.client.resumeReading()
        pair.loop.settle()
        #expect(probe.received == bytes)
    }

    @Test func outputWaitsInPlainTextAndLittleOfItAsCiphertext() throws {
        let pair = try TLSPair()
        pair.open()
        pair.pipe.toServer.capacity = 1000
        pair.pipe.toServer.isStalled = true
        let bytes = TLSPair.pattern(8_000_000)
        pair.send(bytes, from: pair.client)
        pair.loop.settle()
        #expect(pair.pipe.client.unsentByteCount <= 256 * 1024 + 17 * 1024)
        #expect(pair.client.unsentByteCount >= bytes.count - 1000)
        pair.pipe.toServer.capacity = .max
        pair.pipe.toServer.isStalled = false
        pair.loop.settle()
        #expect(pair.serverProbe.received == bytes)
        #expect(pair.clientProbe.sentByteCount == bytes.count)
        #expect(pair.client.unsentByteCount == 0)
    }

    @Test func smallPiecesShareRecords() throws {
        let pair = try TLSPair()
        pair.open()
        let before = pair.pipe.toServer.transcript.count
        for _ in 0 ..< 1000 { pair.client.send(ByteSlice([1, 2, 3, 4, 5, 6, 7, 8])) }
        pair.client.flush()
        pair.loop.settle()
        #expect(pair.serverProbe.received.count == 8000)
        #expect(pair.pipe.toServer.transcript.count - before < 8100)
    }

    @Test func whatIsNotFlushedIsNotSent() throws {
        let pair = try TLSPair()
        pair.open()
        let before = pair.pipe.toServer.transcript.count
        pair.client.send(ByteSlice([1]))
        pair.loop.settle()
        #expect(pair.pipe.toServer.transcript.count == before)
        #expect(pair.client.unsentByteCount == 1)
    }

    @Test func newKeysMayComeAtAnyTime() throws {
        let pair = try TLSPair(server: TLSServerOptions(version: .tls13))
        pair.open()
        #expect(SSL_key_update(pair.serverSSL, SSL_KEY_UPDATE_REQUESTED) == 1)
        pair.send([1, 2, 3], from: pair.server)
        pair.loop.settle()
        pair.send([4, 5, 6], from: pair.client)
        pair.loop.settle()
        #expect(pair.clientProbe.received == [1, 2, 3])
        #expect(pair.serverProbe.received == [4, 5, 6])
    }

    @Test func manyNewKeysLeaveNothingUnread() throws {
        let pair = try TLSPair(server: TLSServerOptions(version: .tls13))
        pair.open()
        // As many as fit into what may wait to be decrypted; the answers take more room than there is for output.
        var asked = 0
        let bytes = TLSPair.pattern(10)
        pair.pipe.toClient.isStalled = true
        while pair.pipe.toClient.waitingByteCount < 60_000 {
            #expect(SSL_key_update(pair.serverSSL, SSL_KEY_UPDATE_REQUESTED) == 1)
            pair.send([UInt8(truncatingIfNeeded: asked)], from: pair.server)
            asked += 1
        }
        pair.send(bytes, from: pair.server)
        pair.pipe.toClient.isStalled = false
        pair.loop.settle()
        #expect(pair.clientProbe.received.count == asked + bytes.count)
        pair.send(bytes, from: pair.client)
        pair.loop.settle()
        #expect(pair.serverProbe.received == bytes)
        print("key updates in one piece: \(asked)")
    }

    /// A ticket in several records: while only a part of it has come, OpenSSL writes nothing.
    @Test func whatCouldNotBeWrittenInTheMiddleOfAMessageOfTLSGoesOutBehindIt() throws {
        var configuration = try TLSPair.trusting()
        configuration.certificateFile = try TestCertificates.path("client-all.pem")
        let options = TLSServerOptions(wantsCertificate: true, version: .tls13)
        var heldUp = 0
        for place in stride(from: 0, to: 4000, by: 20) {
            let pair = try TLSPair(configuration, server: options)
            SSL_ctrl(pair.serverSSL, SSL_CTRL_SET_MAX_SEND_FRAGMENT, 512, nil)
            pair.onClientReady = { pair.pipe.toClient.isStalled = true }
            pair.open()
            let link = pair.pipe.toClient
            guard place < link.waitingByteCount else { break }
            link.delivery = .splits(at: [link.deliveredByteCount + place])
            link.latency = .seconds(1)
            link.isStalled = false
            pair.loop.advance(by: .seconds(1))
            pair.send([1, 2, 3], from: pair.client)
            pair.loop.settle()
            if pair.serverProbe.received.isEmpty { heldUp += 1 }
            pair.loop.advance(by: .seconds(1))
            pair.loop.settle()
            #expect(pair.serverProbe.received == [1, 2, 3], "\(place) bytes of the tickets came first")
        }
        #expect(heldUp > 0)
    }

    @Test func handlerMayDoAnythingInItsCall() throws {
        let pair = try TLSPair()
        pair.open()
        let probe = pair.clientProbe
        probe.memorySize = 10
        probe.onReceive = {
            pair.send([9], from: pair.client)
            pair.client.pauseReading()
            pair.client.resumeReading()
            if probe.received.count >= 50 { pair.client.abort() }
        }
        pair.send(TLSPair.pattern(1000), from: pair.server)
        pair.loop.settle()
        #expect(probe.received.count == 50)
        #expect(probe.ends.count == 1 && probe.ends[0] == nil)
        #expect(pair.serverProbe.received == [9, 9, 9, 9, 9])
        #expect(pair.serverProbe.ends.count == 1)
    }
}
