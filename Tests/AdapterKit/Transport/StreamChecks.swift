internal import AMQPConnection
internal import AMQPPosix

/// Bytes through streams.
enum StreamChecks {
    static let all = [
        AdapterCheck(
            "stream/sends-and-receives", .transport, covers: ["TestStreamConnectorTxRx"], needs: .sockets,
            sendsAndReceives),
        AdapterCheck("stream/nothing-is-read-before-start", .transport, needs: .sockets, nothingBeforeStart),
        AdapterCheck(
            "stream/nothing-is-sent-before-flush", .transport, covers: ["L6"], needs: .sockets, nothingBeforeFlush),
        AdapterCheck("stream/no-event-inside-a-call", .transport, covers: ["L4"], needs: .sockets, noEventInsideACall),
        AdapterCheck("stream/thousand-segments-arrive-in-order", .transport, needs: .sockets, thousandSegments),
        AdapterCheck("stream/large-output-leaves-in-parts", .transport, needs: .sockets, largeOutput),
        AdapterCheck("stream/large-input", .transport, needs: .sockets, largeInput),
        AdapterCheck("stream/both-directions-at-once", .transport, needs: .sockets, bothDirections),
        AdapterCheck("stream/small-memory-gets-everything", .transport, needs: .sockets, smallMemory),
        AdapterCheck("stream/sends-from-a-handler", .transport, covers: ["L4"], needs: .sockets, sendsFromAHandler),
        AdapterCheck("stream/unsent-bytes-are-counted", .transport, needs: .sockets, unsentBytes),
        AdapterCheck("stream/sent-bytes-are-told", .transport, needs: .sockets, sentBytes),
        AdapterCheck(
            "stream/mailbox-and-due-timer-follow-input", .transport, covers: ["L1"], needs: .sockets, dueFollowsInput),
        AdapterCheck("stream/paused-holds-the-peer-back", .transport, needs: .sockets, pausedHoldsBack),
        AdapterCheck("stream/pause-inside-a-handler-is-honoured-at-once", .transport, needs: .sockets, pauseInside),
        AdapterCheck("stream/flood-delays-no-timer", .transport, covers: ["L7"], needs: .sockets, floodDelaysNoTimer),
        AdapterCheck(
            "stream/flood-delays-no-other-stream", .transport, covers: ["L7"], needs: .sockets, floodDelaysNoOther),
        AdapterCheck(
            "stream/flood-delays-no-writing", .transport, covers: ["L7"], needs: .sockets, floodDelaysNoWriting),
    ]

    @Sendable static func sendsAndReceives(_ check: CheckRun) throws {
        check.run("an answer") {
            try check.open { stream, peer, probe in
                stream.send(ByteSlice(utf8: "question"))
                stream.flush()
                check.expectEqual(peer.readBytes(8), Array("question".utf8), "what the peer read")
                peer.writeAll(Array("answer".utf8))
                check.when({ probe.received.count >= 6 }) {
                    check.expectEqual(probe.received, Array("answer".utf8), "what the handler got")
                    stream.abort()
                    check.finish()
                }
            }
        }
    }

    @Sendable static func nothingBeforeStart(_ check: CheckRun) throws {
        let listener = try PeerListener()
        check.run("bytes that came before the stream was started") {
            check.connect(to: listener) { stream, peer in
                peer.writeAll([1, 2, 3])
                let probe = StreamProbe(check)
                check.loop.callLater(.milliseconds(20)) {
                    check.duringCall("start") { stream.start(probe) }
                    check.when({ probe.received == [1, 2, 3] }) {
                        stream.abort()
                        check.finish()
                    }
                }
            }
        }
    }

    @Sendable static func nothingBeforeFlush(_ check: CheckRun) throws {
        check.run("bytes that were flushed") {
            try check.open { stream, peer, _ in
                stream.send([1])
                check.loop.callLater(.milliseconds(20)) {
                    check.expect(((try? peer.read()) ?? nil) == nil, "bytes left before flush()")
                    check.expectEqual(stream.unsentByteCount, 1, "unsent bytes before flush()")
                    stream.send([2])
                    stream.flush()
                    check.expectEqual(peer.readBytes(2), [1, 2], "what the peer read")
                    stream.abort()
                    check.finish()
                }
            }
        }
    }

    @Sendable static func noEventInsideACall(_ check: CheckRun) throws {
        check.run("the end of a stream") {
            try check.open { stream, peer, probe in
                peer.writeAll([1, 2, 3])
                probe.onReceive = {
                    check.duringCall("send") { stream.send([1]) }
                    check.duringCall("flush") { stream.flush() }
                    check.duringCall("pauseReading") { stream.pauseReading() }
                    check.duringCall("resumeReading") { stream.resumeReading() }
                    check.duringCall("close") { stream.close() }
                    check.duringCall("abort") { stream.abort() }
                }
                probe.onClosed = { check.finish() }
            }
        }
    }

    @Sendable static func thousandSegments(_ check: CheckRun) throws {
        let expected = Pattern.bytes(10_000)
        check.run("1,000 segments") {
            try check.open { stream, peer, _ in
                for start in stride(from: 0, to: 10_000, by: 10) {
                    stream.send(ByteSlice(expected[start ..< start + 10]))
                }
                stream.send(ByteSlice())
                stream.flush()
                // What the system does not take at once leaves in later turns.
                var found: [UInt8] = []
                check.when({
                    found += ((try? peer.read()) ?? nil) ?? []
                    return found.count >= expected.count
                }) {
                    check.expect(Pattern.matches(found, count: expected.count), "1,000 segments arrived out of order")
                    stream.abort()
                    check.finish()
                }
            }
        }
    }

    /// Reads from a peer on the loop, some each millisecond, until `count` bytes have come.
    private static func drain(
        _ check: CheckRun, _ peer: PeerSocket, _ count: Int, then body: @escaping ([UInt8]) -> Void
    ) {
        var found: [UInt8] = []
        found.reserveCapacity(count)
        check.when({
            while let bytes = try? peer.read(upTo: 1 << 18), !bytes.isEmpty { found += bytes }
            return found.count >= count
        }) { body(found) }
    }

    @Sendable static func largeOutput(_ check: CheckRun) throws {
        let expected = Pattern.bytes(8 << 20)
        check.run("8 MiB of output") {
            try check.open { stream, peer, probe in
                stream.send(ByteSlice(expected))
                stream.flush()
                check.expect(stream.unsentByteCount > 0, "the system took 8 MiB at once, so nothing was left to send")
                drain(check, peer, expected.count) { found in
                    check.expect(Pattern.matches(found, count: expected.count), "8 MiB arrived damaged")
                    check.when({ stream.unsentByteCount == 0 && probe.sentByteCount > 0 }) {
                        stream.abort()
                        check.finish()
                    }
                }
            }
        }
    }

    @Sendable static func largeInput(_ check: CheckRun) throws {
        let expected = Pattern.bytes(8 << 20)
        check.run("8 MiB of input") {
            try check.open { stream, peer, probe in
                _ = Gate.afterThread { peer.writeAll(expected, within: .seconds(10)) }
                check.when({ probe.receivedByteCount >= expected.count }) {
                    check.expect(Pattern.matches(probe.received, count: expected.count), "8 MiB arrived damaged")
                    stream.abort()
                    check.finish()
                }
            }
        }
    }

    @Sendable static func bothDirections(_ check: CheckRun) throws {
        let expected = Pattern.bytes(2 << 20)
        check.run("2 MiB in each direction") {
            try check.open { stream, peer, probe in
                var rest = expected[...]
                var found: [UInt8] = []
                stream.send(ByteSlice(expected))
                stream.flush()
                check.when({
                    if let count = try? peer.write(rest.prefix(65536)) { rest = rest.dropFirst(count) }
                    found += ((try? peer.read()) ?? nil) ?? []
                    return found.count >= expected.count && probe.receivedByteCount >= expected.count
                }) {
                    check.expect(Pattern.matches(found, count: expected.count), "output was damaged")
                    check.expect(Pattern.matches(probe.received, count: expected.count), "input was damaged")
                    stream.abort()
                    check.finish()
                }
            }
        }
    }

    @Sendable static func smallMemory(_ check: CheckRun) throws {
        let expected = Pattern.bytes(3000)
        check.run("3,000 bytes through a memory of one") {
            try check.open { stream, peer, probe in
                probe.memorySize = 1
                peer.writeAll(expected)
                check.when({ probe.receivedByteCount >= expected.count }) {
                    check.expect(Pattern.matches(probe.received, count: expected.count), "input was damaged")
                    stream.abort()
                    check.finish()
                }
            }
        }
    }

    @Sendable static func sendsFromAHandler(_ check: CheckRun) throws {
        check.run("100 echoes") {
            try check.open { stream, peer, probe in
                var answered = 0
                probe.onReceive = {
                    let fresh = probe.received.dropFirst(answered)
                    answered += fresh.count
                    stream.send(ByteSlice(fresh))
                    stream.flush()
                }
                var round = 0
                peer.writeAll([0])
                var found: [UInt8] = []
                check.when({
                    guard let bytes = (try? peer.read()) ?? nil else { return false }
                    found += bytes
                    round += 1
                    if round < 100 { peer.writeAll([UInt8(round)]) }
                    return round == 100
                }) {
                    check.expectEqual(found, (0 ..< 100).map { UInt8($0) }, "echoes")
                    stream.abort()
                    check.finish()
                }
            }
        }
    }

    @Sendable static func unsentBytes(_ check: CheckRun) throws {
        check.run("output that is counted down to zero") {
            try check.open { stream, peer, probe in
                check.expectEqual(stream.unsentByteCount, 0, "unsent bytes of a new stream")
                stream.send(ByteSlice(Pattern.bytes(1000)))
                check.expectEqual(stream.unsentByteCount, 1000, "unsent bytes before flush()")
                stream.send(ByteSlice(Pattern.bytes(8 << 20)))
                stream.flush()
                let unsent = stream.unsentByteCount
                var isShrinking = true
                var last = unsent
                probe.onSent = {
                    if stream.unsentByteCount > last { isShrinking = false }
                    last = stream.unsentByteCount
                }
                drain(check, peer, 1000 + 8 << 20) { _ in
                    check.expect(isShrinking, "unsentByteCount grew although nothing was queued")
                    check.when({ stream.unsentByteCount == 0 }) {
                        stream.abort()
                        check.finish()
                    }
                }
            }
        }
    }

    @Sendable static func sentBytes(_ check: CheckRun) throws {
        check.run("streamSent for output that had to wait") {
            try check.open { stream, peer, probe in
                stream.send(ByteSlice(Pattern.bytes(8 << 20)))
                stream.flush()
                let waiting = stream.unsentByteCount
                drain(check, peer, 8 << 20) { _ in
                    check.when({ probe.sentByteCount >= waiting }) {
                        check.expect(
                            probe.sentByteCount <= 8 << 20,
                            "streamSent told of \(probe.sentByteCount) bytes, but only \(8 << 20) were sent")
                        stream.abort()
                        check.finish()
                    }
                }
            }
        }
    }

    @Sendable static func dueFollowsInput(_ check: CheckRun) throws {
        check.run("input, and what is due by its end") {
            try check.open { stream, peer, probe in
                let sequel = EventSequel(check) { peer.writeAll([1]) }
                probe.onReceive = { sequel.eventCame() }
                check.loop.callLater(.zero) { sequel.begin() }
            }
        }
    }

    @Sendable static func pausedHoldsBack(_ check: CheckRun) throws {
        check.run("bytes of a stream that reads again") {
            try check.open { stream, peer, probe in
                stream.pauseReading()
                stream.pauseReading()
                check.loop.callLater(.milliseconds(5)) {
                    let block = Pattern.bytes(1 << 20)
                    var written = 0
                    while let count = try? peer.write(block), count > 0, written < 64 << 20 { written += count }
                    check.loop.callLater(.milliseconds(20)) {
                        while let count = try? peer.write(block), count > 0, written < 64 << 20 { written += count }
                        check.expect(written < 64 << 20, "a paused stream held its peer back at no time")
                        check.expectEqual(probe.receivedByteCount, 0, "bytes that a paused stream handed over")
                        probe.keepsBytes = false
                        stream.resumeReading()
                        check.when({ probe.receivedByteCount == written }) {
                            stream.abort()
                            check.finish()
                        }
                    }
                }
            }
        }
    }

    @Sendable static func pauseInside(_ check: CheckRun) throws {
        check.run("bytes of a stream that paused itself") {
            try check.open { stream, peer, probe in
                probe.memorySize = 10
                var isPaused = false
                probe.onReceive = {
                    check.expect(!isPaused, "a stream that paused itself handed over bytes")
                    isPaused = true
                    stream.pauseReading()
                    check.loop.callLater(.milliseconds(5)) {
                        isPaused = false
                        stream.resumeReading()
                    }
                }
                peer.writeAll(Pattern.bytes(50))
                check.when({ probe.receivedByteCount == 50 }) {
                    stream.abort()
                    check.finish()
                }
            }
        }
    }

    /// A thread that sends for as long as the stream lasts.
    private static func flood(_ peer: PeerSocket) {
        _ = Gate.afterThread {
            let block = [UInt8](repeating: 1, count: 1 << 18)
            while peer.writeAll(block, within: .seconds(10)) {}
        }
    }

    @Sendable static func floodDelaysNoTimer(_ check: CheckRun) throws {
        var longest = Duration.zero
        check.run("50 timers of 1 ms next to a flood") {
            try check.open { stream, peer, probe in
                probe.keepsBytes = false
                flood(peer)
                var left = 50
                func next(_ made: LoopInstant) {
                    longest = max(longest, made.duration(to: System.now))
                    left -= 1
                    if left > 0 {
                        let now = System.now
                        check.loop.callLater(.milliseconds(1)) { next(now) }
                    } else {
                        check.expect(probe.receivedByteCount > 0, "nothing of the flood was read")
                        stream.abort()
                        check.finish()
                    }
                }
                next(System.now)
            }
        }
        check.expect(longest < .seconds(1), "next to a flood a timer of 1 ms took \(longest)")
    }

    @Sendable static func floodDelaysNoOther(_ check: CheckRun) throws {
        check.run("20 answers of a stream next to a flooded one") {
            try check.open { flooded, floodPeer, floodProbe in
                floodProbe.keepsBytes = false
                flood(floodPeer)
                do {
                    try check.open { stream, peer, probe in
                        for number in 0 ..< 20 { peer.writeAll([UInt8(number)]) }
                        probe.onReceive = {
                            guard probe.receivedByteCount == 20 else { return }
                            stream.abort()
                            flooded.abort()
                            check.finish()
                        }
                    }
                } catch { check.fail("\(error)") }
            }
        }
    }

    @Sendable static func floodDelaysNoWriting(_ check: CheckRun) throws {
        check.run("1 MiB of output against a flood") {
            try check.open { stream, peer, probe in
                probe.keepsBytes = false
                flood(peer)
                stream.send(ByteSlice(Pattern.bytes(1 << 20)))
                stream.flush()
                drain(check, peer, 1 << 20) { found in
                    check.expect(Pattern.matches(found, count: 1 << 20), "output was damaged")
                    stream.abort()
                    check.finish()
                }
            }
        }
    }
}
