internal import AMQPConnection
internal import AMQPPosix

/// What a stream tells of the bytes that its peer does not take, which water marks are built on.
enum BacklogChecks {
    static let all = [
        AdapterCheck(
            "backlog/grows-while-the-peer-does-not-read", .transport, needs: .sockets, growsWhileThePeerDoesNotRead),
        AdapterCheck("backlog/every-byte-that-left-is-told", .transport, needs: .sockets, everyByteIsTold),
        AdapterCheck("backlog/end-of-it-is-told", .transport, needs: .sockets, itsEndIsTold),
        AdapterCheck(
            "backlog/producer-that-heeds-water-marks-sends-everything", .transport, covers: ["L7"], needs: .sockets,
            producerHeedsWaterMarks),
    ]

    /// More than the system takes for a peer that does not read.
    private static let muchMore = 48

    /// Queues that many MiB, all of the same bytes, and flushes after each.
    private static func queue(_ mebibytes: Int, on stream: any StreamTransport) -> Int {
        let block = ByteSlice(Pattern.bytes(1 << 20))
        for _ in 0 ..< mebibytes {
            stream.send(block)
            stream.flush()
        }
        return mebibytes << 20
    }

    /// Reads all that is there, again and again, until `count` bytes have come.
    private static func discard(
        _ check: CheckRun, _ peer: PeerSocket, _ count: Int, then body: @escaping () -> Void
    ) {
        var found = 0
        check.when({
            while let bytes = try? peer.read(upTo: 1 << 20), !bytes.isEmpty { found += bytes.count }
            return found >= count
        }) {
            check.expectEqual(found, count, "bytes that the peer got")
            body()
        }
    }

    @Sendable static func growsWhileThePeerDoesNotRead(_ check: CheckRun) throws {
        check.run("a backlog that is still there") {
            try check.open { stream, peer, _ in
                let queued = queue(muchMore, on: stream)
                check.loop.callLater(.milliseconds(50)) {
                    let waiting = stream.unsentByteCount
                    check.expect(
                        waiting > queued / 4, "of \(queued) bytes for a peer that does not read \(waiting) are unsent")
                    stream.send(ByteSlice(Pattern.bytes(1000)))
                    check.expectEqual(stream.unsentByteCount, waiting + 1000, "unsent bytes after 1,000 more")
                    withExtendedLifetime(peer) { stream.abort() }
                    check.finish()
                }
            }
        }
    }

    @Sendable static func everyByteIsTold(_ check: CheckRun) throws {
        check.run("the end of a backlog") {
            try check.open { stream, peer, probe in
                let queued = queue(muchMore, on: stream)
                var isSound = true
                probe.onSent = {
                    // What was written in this turn may be told later, but nothing is told before it left.
                    if probe.sentByteCount + stream.unsentByteCount > queued { isSound = false }
                }
                check.loop.callLater(.milliseconds(20)) {
                    check.expectEqual(
                        probe.sentByteCount + stream.unsentByteCount, queued, "bytes that were told, and unsent ones")
                    discard(check, peer, queued) {
                        check.expect(isSound, "streamSent told of bytes that were unsent")
                        check.when({ probe.sentByteCount == queued }) {
                            stream.abort()
                            check.finish()
                        }
                    }
                }
            }
        }
    }

    @Sendable static func itsEndIsTold(_ check: CheckRun) throws {
        check.run("streamSent for the last byte of a backlog") {
            try check.open { stream, peer, probe in
                let queued = queue(muchMore, on: stream)
                probe.onSent = {
                    guard stream.unsentByteCount == 0 else { return }
                    stream.abort()
                    check.finish()
                }
                discard(check, peer, queued) {}
            }
        }
    }

    @Sendable static func producerHeedsWaterMarks(_ check: CheckRun) throws {
        let (high, low, total) = (1 << 20, 1 << 18, 24 << 20)
        let block = Pattern.bytes(1 << 16)
        check.run("24 MiB of a producer that heeds water marks") {
            try check.open { stream, peer, probe in
                var queued = 0
                var highest = 0
                func produce() {
                    while queued < total, stream.unsentByteCount < high {
                        stream.send(ByteSlice(block))
                        queued += block.count
                        highest = max(highest, stream.unsentByteCount)
                    }
                    stream.flush()
                }
                probe.onSent = { if stream.unsentByteCount <= low { produce() } }
                produce()
                discard(check, peer, total) {
                    check.expect(highest <= high + block.count, "\(highest) bytes waited behind a mark of \(high)")
                    stream.abort()
                    check.finish()
                }
            }
        }
    }
}
