import AMQPPosix
import Foundation
import Testing

@Suite struct TransportTests {
    /// A stream over one end of a socket pair, and the other end.
    private func makePair(
        _ loop: HostedLoop, _ handler: RecordingHandler
    ) throws -> (transport: SocketTransport, peer: Int32) {
        let (near, far) = try System.socketPair()
        let transport = try SocketTransport(adopting: near, on: loop)
        transport.start(handler)
        return (transport, far)
    }

    private func connect(
        _ loop: HostedLoop, _ address: SocketAddress
    ) -> Result<any StreamTransport, AMQPError>? {
        var outcome: Result<any StreamTransport, AMQPError>?
        var isInside = true
        _ = loop.connect(to: address) { result in
            #expect(!isInside)
            #expect(outcome == nil)
            outcome = result
        }
        isInside = false
        _ = loop.run { outcome != nil }
        return outcome
    }

    private func readAll(_ descriptor: Int32, _ loop: HostedLoop) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        let end = loop.now.advanced(by: .seconds(10))
        while loop.now < end {
            loop.step()
            do {
                let count = try buffer.withUnsafeMutableBytes { try System.read(descriptor, $0) }
                if count == 0 { break }
                if let count { bytes += buffer[..<count] }
            } catch {
                break
            }
            _ = System.wait(for: .readable, of: descriptor, atMost: .milliseconds(5))
        }
        return bytes
    }

    @Test(arguments: LoopKind.allCases, ["ipv4", "ipv6", "unix"])
    func `bytes travel both ways over every family`(kind: LoopKind, family: String) async throws {
        try await onThread {
            let loop = try kind.make()
            let path = "/tmp/ochotona-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
            defer { unlink(path) }
            let listener = try family == "unix" ? Listener(path: path) : Listener(ipv6: family == "ipv6")
            let transport = try #require(try connect(loop, listener.address)?.get())
            #expect(transport.peerAddress == listener.address)
            let peer = try #require(listener.accept())
            let handler = RecordingHandler()
            transport.start(handler)
            transport.send(ByteSlice(utf8: "hello, "))
            transport.send(ByteSlice(utf8: "peer"))
            #expect(transport.unsentByteCount == 11)
            transport.flush()
            #expect(transport.unsentByteCount == 0)
            #expect(handler.sentByteCount == 0)
            _ = try System.send(peer, ByteSlice(utf8: "hello, client"))
            #expect(loop.run { handler.received.count == 13 })
            #expect(String(decoding: handler.received, as: UTF8.self) == "hello, client")
            #expect(handler.sentByteCount == 11)
            transport.close()
            #expect(!handler.isClosed)
            #expect(String(decoding: readAll(peer, loop), as: UTF8.self) == "hello, peer")
            #expect(loop.run { handler.isClosed })
            #expect(handler.closings.count == 1 && handler.closings[0] == nil)
            System.close(peer)
            loop.close()
            #expect(handler.closings.count == 1)
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `a refused connect fails later, with the system's error`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let address = try Listener().address
            for address in [address, .unix(path: "/nowhere/at/all"), .unix(path: String(repeating: "x", count: 300))] {
                guard case .failure(let error)? = connect(loop, address) else {
                    Issue.record("connected to \(address)")
                    continue
                }
                #expect(error.code == .connectFailed)
                #expect(error.underlying is SystemError)
            }
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `a cancelled connect says nothing`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let listener = try Listener()
            var calls = 0
            let before = loop.connect(to: listener.address) { _ in calls += 1 }
            before.cancel()
            before.cancel()
            let refused = try Listener().address
            loop.connect(to: refused) { _ in calls += 1 }.cancel()
            loop.step(timeLimit: .milliseconds(20))
            #expect(calls == 0)
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `closing the loop ends what is under way`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let listener = try Listener()
            var codes: [AMQPError.Code?] = []
            _ = loop.connect(to: listener.address) { result in
                if case .failure(let error) = result { codes.append(error.code) }
            }
            _ = loop.resolve("a-name-that.invalid", port: 1) { result in
                if case .failure(let error) = result { codes.append(error.code) }
            }
            let handler = RecordingHandler()
            let (_, peer) = try makePair(loop, handler)
            loop.close()
            // The resolver may have answered before the loop was closed; then that answer is delivered.
            #expect(codes.count == 2)
            #expect(codes.contains(.loopClosed))
            #expect(codes.allSatisfy { $0 == .loopClosed || $0 == .resolutionFailed })
            #expect(handler.closings.map { $0?.code } == [.loopClosed])
            System.close(peer)
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `a partial write goes on when there is room, in order`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let handler = RecordingHandler()
            let (transport, peer) = try makePair(loop, handler)
            var sent: [UInt8] = []
            for index in 0 ..< 3000 {
                let piece = [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: index % 1500)
                sent += piece
                transport.send(ByteSlice(piece))
            }
            transport.flush()
            #expect(transport.unsentByteCount > 0)
            transport.flush()
            transport.close()
            #expect(readAll(peer, loop) == sent)
            #expect(loop.run { handler.isClosed })
            #expect(handler.sentByteCount == sent.count)
            #expect(handler.closings.count == 1 && handler.closings[0] == nil)
            #expect(handler.eventsAfterClose == 0)
            System.close(peer)
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `the peer's end is the stream's, after the bytes before it`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let handler = RecordingHandler()
            let (_, peer) = try makePair(loop, handler)
            _ = try System.send(peer, ByteSlice([1, 2, 3]))
            System.shutdownSending(peer)
            #expect(loop.run { handler.isClosed })
            #expect(handler.received == [1, 2, 3])
            #expect(handler.closings.map { $0?.code } == [.streamLost])
            System.close(peer)
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `a reset is a lost stream with the system's error`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let listener = try Listener()
            let transport = try #require(try connect(loop, listener.address)?.get())
            let peer = try #require(listener.accept())
            let handler = RecordingHandler()
            transport.start(handler)
            System.resetOnClose(peer)
            System.close(peer)
            #expect(loop.run { handler.isClosed })
            #expect(handler.closings.map { $0?.code } == [.streamLost])
            #expect(handler.closings[0]?.underlying is SystemError)
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `a broken pipe raises no signal, and what the peer said before it is heard`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let handler = RecordingHandler()
            let (transport, peer) = try makePair(loop, handler)
            _ = try System.send(peer, ByteSlice(utf8: "the reason"))
            System.close(peer)
            transport.send(ByteSlice(utf8: "too late"))
            transport.flush()
            #expect(!handler.isClosed)
            #expect(loop.run { handler.isClosed })
            #expect(String(decoding: handler.received, as: UTF8.self) == "the reason")
            #expect(handler.closings.map { $0?.code } == [.streamLost])
            transport.send(ByteSlice(utf8: "later still"))
            transport.flush()
            transport.close()
            transport.abort()
            loop.step()
            #expect(handler.closings.count == 1)
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `abort inside the handler drops the output and ends after the call`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let handler = RecordingHandler()
            let (transport, peer) = try makePair(loop, handler)
            handler.onReceive = {
                transport.send(ByteSlice(utf8: "never sent"))
                transport.abort()
                #expect(!handler.isClosed)
            }
            _ = try System.send(peer, ByteSlice([1]))
            #expect(loop.run { handler.isClosed })
            #expect(handler.readCount == 1)
            #expect(handler.closings.count == 1 && handler.closings[0] == nil)
            #expect(readAll(peer, loop).isEmpty)
            System.close(peer)
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `a paused stream reads nothing, and everything after it resumes`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let handler = RecordingHandler()
            let (transport, peer) = try makePair(loop, handler)
            transport.pauseReading()
            _ = try System.send(peer, ByteSlice([1, 2]))
            loop.step(timeLimit: .milliseconds(20))
            #expect(handler.received.isEmpty)
            transport.resumeReading()
            #expect(loop.run { handler.received == [1, 2] })
            transport.abort()
            System.close(peer)
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `a stream that never ends reads only its budget in a turn`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let handler = RecordingHandler(capacity: 1000)
            let (transport, peer) = try makePair(loop, handler)
            while let count = try System.send(peer, ByteSlice([UInt8](repeating: 7, count: 4096))), count > 0 {}
            loop.step(timeLimit: .seconds(5))
            #expect(handler.received.count == 4000)
            transport.abort()
            loop.step()
            System.close(peer)
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `close with unread input does not destroy the last bytes`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let listener = try Listener()
            let transport = try #require(try connect(loop, listener.address)?.get())
            let peer = try #require(listener.accept())
            let handler = RecordingHandler()
            transport.start(handler)
            transport.pauseReading()
            _ = try System.send(peer, ByteSlice([UInt8](repeating: 1, count: 100_000)))
            loop.step(timeLimit: .milliseconds(10))
            transport.send(ByteSlice(utf8: "last words"))
            transport.close()
            #expect(loop.run { handler.isClosed })
            _ = try System.send(peer, ByteSlice([1]))
            #expect(String(decoding: readAll(peer, loop), as: UTF8.self) == "last words")
            System.close(peer)
            loop.step(timeLimit: .milliseconds(10))
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `a stream lives until it is over, and not longer`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            weak var transport: SocketTransport?
            weak var handler: RecordingHandler?
            let peer: Int32
            do {
                let strong = RecordingHandler()
                handler = strong
                let pair = try makePair(loop, strong)
                transport = pair.transport
                peer = pair.peer
            }
            loop.step()
            #expect(handler != nil)
            System.close(peer)
            #expect(loop.run { handler == nil })
            #expect(transport == nil)
            loop.close()
        }
    }
}
