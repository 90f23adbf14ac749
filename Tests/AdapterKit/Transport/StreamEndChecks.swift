internal import AMQPConnection
internal import AMQPPosix

/// How streams end: exactly once, last, and telling why (law L5).
enum StreamEndChecks {
    static let all = [
        AdapterCheck(
            "end/peer-closes", .transport, covers: ["L5", "TestStreamConnectorEOFReceived"], needs: .sockets, peerCloses
        ),
        AdapterCheck("end/peer-half-closes", .transport, needs: .sockets, peerHalfCloses),
        AdapterCheck("end/peer-resets", .transport, needs: .sockets, peerResets),
        AdapterCheck(
            "end/broken-pipe", .transport, covers: ["TestStreamConnectorBrokenPipe"], needs: .sockets, brokenPipe),
        AdapterCheck("end/last-words-are-read", .transport, needs: .sockets, lastWords),
        AdapterCheck("end/last-words-behind-a-pause-are-read", .transport, needs: .sockets, lastWordsBehindAPause),
        AdapterCheck("end/close-sends-what-is-queued", .transport, needs: .sockets, closeSendsQueued),
        AdapterCheck(
            "end/close-drops-nothing-the-peer-still-sends-into", .transport, needs: .sockets, closeAgainstInput),
        AdapterCheck("end/close-waits-for-a-peer-until-abort", .transport, needs: .sockets, closeThenAbort),
        AdapterCheck(
            "end/abort-drops-what-is-queued", .transport, covers: ["TestStreamConnectorAbortTransport"],
            needs: .sockets,
            abortDrops),
        AdapterCheck("end/closing-again-is-one-event", .transport, covers: ["L5"], needs: .sockets, closingAgain),
        AdapterCheck(
            "end/closed-inside-a-handler", .transport, covers: ["L4", "TestStreamConnectorEOFReceivedFails"],
            needs: .sockets, closedInsideAHandler),
        AdapterCheck(
            "end/aborted-inside-a-handler", .transport, covers: ["L4", "TestStreamConnectorDataReceivedFails"],
            needs: .sockets, abortedInsideAHandler),
        AdapterCheck(
            "end/aborted-before-start", .transport, covers: ["TestStreamConnectorConnectionMadeFails"], needs: .sockets,
            abortedBeforeStart),
        AdapterCheck("end/calls-after-the-end-are-harmless", .transport, needs: .sockets, callsAfterTheEnd),
        AdapterCheck("end/handler-is-released", .transport, covers: ["L4"], needs: .sockets, handlerIsReleased),
        AdapterCheck(
            "end/closed-loop-ends-its-streams", .transport, covers: ["L5"], needs: [.sockets, .closing], closedLoop),
        AdapterCheck("end/hundred-streams-come-and-go", .transport, needs: .sockets, comeAndGo),
    ]

    @Sendable static func peerCloses(_ check: CheckRun) throws {
        check.run("the end of the stream") {
            try check.open { _, peer, probe in
                peer.writeAll([1, 2, 3])
                peer.close()
                probe.onClosed = {
                    check.expectEqual(probe.received, [1, 2, 3], "bytes before the end")
                    check.expectEqual(probe.endCode, .streamLost, "how the stream ended")
                    check.loop.callLater(.milliseconds(10)) { check.finish() }
                }
            }
        }
    }

    @Sendable static func peerHalfCloses(_ check: CheckRun) throws {
        check.run("the end of the stream") {
            try check.open { _, peer, probe in
                peer.shutDown(.writing)
                probe.onClosed = {
                    check.expectEqual(probe.endCode, .streamLost, "how the stream ended")
                    check.expectEqual(peer.readBytes(1), [], "what the peer read")
                    check.finish()
                }
            }
        }
    }

    @Sendable static func peerResets(_ check: CheckRun) throws {
        check.run("the end of the stream") {
            try check.open { _, peer, probe in
                check.loop.callLater(.milliseconds(5)) { peer.reset() }
                probe.onClosed = {
                    check.expectEqual(probe.endCode, .streamLost, "how the stream ended")
                    check.finish()
                }
            }
        }
    }

    @Sendable static func brokenPipe(_ check: CheckRun) throws {
        check.run("the end of the stream") {
            try check.open { stream, peer, probe in
                // Reading is paused, so that only writing can find out.
                stream.pauseReading()
                peer.reset()
                func next() {
                    guard probe.ends.isEmpty else { return }
                    stream.send(ByteSlice(Pattern.bytes(1000)))
                    check.duringCall("flush") { stream.flush() }
                    check.loop.callLater(.milliseconds(1)) { next() }
                }
                next()
                probe.onClosed = {
                    check.expectEqual(probe.endCode, .streamLost, "how the stream ended")
                    check.loop.callLater(.milliseconds(10)) { check.finish() }
                }
            }
        }
    }

    @Sendable static func lastWords(_ check: CheckRun) throws {
        check.run("the end of the stream") {
            try check.open { stream, peer, probe in
                peer.writeAll(Pattern.bytes(1000))
                peer.close()
                // The peer is gone, so this may fail; what it said before must be heard all the same.
                for _ in 0 ..< 10 {
                    stream.send(ByteSlice(Pattern.bytes(1000)))
                    stream.flush()
                }
                probe.onClosed = {
                    check.expectEqual(probe.receivedByteCount, 1000, "bytes that the peer sent before it closed")
                    check.expectEqual(probe.endCode, .streamLost, "how the stream ended")
                    check.finish()
                }
            }
        }
    }

    @Sendable static func lastWordsBehindAPause(_ check: CheckRun) throws {
        check.run("the end of the stream") {
            try check.open { stream, peer, probe in
                stream.pauseReading()
                peer.writeAll(Pattern.bytes(1000))
                peer.close()
                check.loop.callLater(.milliseconds(20)) {
                    check.expectEqual(probe.receivedByteCount, 0, "bytes that a paused stream handed over")
                    stream.resumeReading()
                }
                probe.onClosed = {
                    check.expectEqual(probe.receivedByteCount, 1000, "bytes that the peer sent before it closed")
                    check.finish()
                }
            }
        }
    }

    @Sendable static func closeSendsQueued(_ check: CheckRun) throws {
        let expected = Pattern.bytes(4 << 20)
        var found: [UInt8] = []
        check.run("the end of both sides") {
            try check.open { stream, peer, probe in
                stream.send(ByteSlice(expected))
                check.duringCall("close") { stream.close() }
                var hasEnded = false
                check.when({
                    while let bytes = try? peer.read(upTo: 1 << 18) {
                        if bytes.isEmpty {
                            hasEnded = true
                            break
                        }
                        found += bytes
                    }
                    return hasEnded && !probe.ends.isEmpty
                }) {
                    check.expect(probe.ends.first.flatMap { $0 } == nil, "close() ended with \(probe.ends)")
                    check.finish()
                }
            }
        }
        check.expect(
            Pattern.matches(found, count: expected.count),
            "\(found.count) of \(expected.count) bytes arrived before the end")
    }

    @Sendable static func closeAgainstInput(_ check: CheckRun) throws {
        let expected = Pattern.bytes(1 << 20)
        var found: [UInt8] = []
        check.run("what was queued before the close") {
            try check.open { stream, peer, probe in
                // Input that nobody reads any more turns a careless close into a reset, which destroys the output.
                peer.writeAll(Pattern.bytes(10_000))
                stream.send(ByteSlice(expected))
                stream.close()
                check.when({
                    while let bytes = try? peer.read(upTo: 1 << 18), !bytes.isEmpty { found += bytes }
                    _ = try? peer.write([1])
                    return found.count >= expected.count
                }) { check.finish() }
            }
        }
        check.expect(
            Pattern.matches(found, count: expected.count),
            "\(found.count) of \(expected.count) bytes arrived before the end")
    }

    @Sendable static func closeThenAbort(_ check: CheckRun) throws {
        check.run("the end of a stream whose peer does not read") {
            try check.open { stream, peer, probe in
                stream.send(ByteSlice(Pattern.bytes(16 << 20)))
                stream.close()
                check.loop.callLater(.milliseconds(30)) {
                    check.expect(probe.ends.isEmpty, "close() ended before its output was sent")
                    check.duringCall("abort") { stream.abort() }
                    probe.onClosed = {
                        check.expect(probe.ends.first.flatMap { $0 } == nil, "abort() ended with \(probe.ends)")
                        withExtendedLifetime(peer) {}
                        check.finish()
                    }
                }
            }
        }
    }

    @Sendable static func abortDrops(_ check: CheckRun) throws {
        check.run("the end of an aborted stream") {
            try check.open { stream, peer, probe in
                stream.send(ByteSlice(Pattern.bytes(1000)))
                check.duringCall("abort") { stream.abort() }
                check.expectEqual(stream.unsentByteCount, 0, "unsent bytes of an aborted stream")
                probe.onClosed = {
                    check.expect(probe.ends.first.flatMap { $0 } == nil, "abort() ended with \(probe.ends)")
                    check.expectEqual(peer.readBytes(1), [], "what the peer of an aborted stream read")
                    check.loop.callLater(.milliseconds(10)) { check.finish() }
                }
            }
        }
    }

    @Sendable static func closingAgain(_ check: CheckRun) throws {
        check.run("the end of a stream that was closed five times") {
            try check.open { stream, peer, probe in
                stream.close()
                stream.close()
                stream.abort()
                stream.abort()
                peer.close()
                probe.onClosed = {
                    stream.abort()
                    stream.close()
                    check.loop.callLater(.milliseconds(20)) {
                        check.expectEqual(probe.ends.count, 1, "ends")
                        check.finish()
                    }
                }
            }
        }
    }

    @Sendable static func closedInsideAHandler(_ check: CheckRun) throws {
        check.run("the end of a stream that is closed when bytes come") {
            try check.open { stream, peer, probe in
                probe.memorySize = 10
                peer.writeAll(Pattern.bytes(100))
                probe.onReceive = {
                    check.expectEqual(probe.receiveEvents, 1, "receive events up to the close")
                    check.duringCall("close") { stream.close() }
                }
                probe.onClosed = { check.finish() }
            }
        }
    }

    @Sendable static func abortedInsideAHandler(_ check: CheckRun) throws {
        check.run("the end of a stream that is aborted when bytes come") {
            try check.open { stream, peer, probe in
                probe.memorySize = 10
                peer.writeAll(Pattern.bytes(100))
                peer.close()
                probe.onReceive = {
                    check.expectEqual(probe.receiveEvents, 1, "receive events up to the abort")
                    check.duringCall("abort") { stream.abort() }
                }
                probe.onClosed = {
                    check.expect(probe.ends.first.flatMap { $0 } == nil, "abort() ended with \(probe.ends)")
                    check.loop.callLater(.milliseconds(10)) { check.finish() }
                }
            }
        }
    }

    @Sendable static func abortedBeforeStart(_ check: CheckRun) throws {
        let listener = try PeerListener()
        check.run("the end of a stream that was aborted before it was started") {
            check.connect(to: listener) { stream, peer in
                stream.abort()
                check.loop.callLater(.milliseconds(10)) {
                    check.when({ (try? peer.read()) == .some([]) }) { check.finish() }
                }
            }
        }
    }

    @Sendable static func callsAfterTheEnd(_ check: CheckRun) throws {
        check.run("the end of the stream") {
            try check.open { stream, peer, probe in
                peer.close()
                probe.onClosed = {
                    func callEverything() {
                        stream.send([1])
                        stream.flush()
                        stream.pauseReading()
                        stream.resumeReading()
                        stream.close()
                        stream.abort()
                        check.expectEqual(stream.unsentByteCount, 0, "unsent bytes after the end")
                    }
                    callEverything()
                    check.loop.callLater(.milliseconds(5)) {
                        callEverything()
                        check.loop.callLater(.milliseconds(5)) { check.finish() }
                    }
                }
            }
        }
    }

    @Sendable static func handlerIsReleased(_ check: CheckRun) throws {
        weak var handler: StreamProbe?
        weak var transport: (any StreamTransport)?
        check.run("the end of the stream") {
            try check.open { stream, peer, probe in
                handler = probe
                transport = stream
                peer.close()
                probe.onClosed = { check.loop.callLater(.milliseconds(10)) { check.finish() } }
            }
        }
        check.expect(handler == nil, "a stream that is over keeps its handler")
        check.expect(transport == nil, "a stream that is over is kept")
    }

    @Sendable static func closedLoop(_ check: CheckRun) throws {
        var ends: [AMQPError?] = []
        check.run("the end of the stream", within: nil) {
            try check.open { stream, peer, probe in
                probe.onClosed = {
                    ends = probe.ends
                    withExtendedLifetime(peer) {}
                }
                check.finish()
                check.host.close()
                withExtendedLifetime(stream) {}
            }
        }
        check.expectEqual(ends.map { $0?.code }, [.loopClosed], "ends of a stream whose loop was closed")
    }

    @Sendable static func comeAndGo(_ check: CheckRun) throws {
        let listener = try PeerListener()
        var left = 100
        check.run("100 streams, one after the other") {
            func next() {
                check.connect(to: listener) { stream, peer in
                    let probe = StreamProbe(check)
                    stream.start(probe)
                    stream.send([1])
                    if left % 2 == 0 { stream.close() } else { peer.close() }
                    probe.onClosed = {
                        left -= 1
                        if left == 0 { check.finish() } else { next() }
                    }
                }
            }
            next()
        }
    }
}
