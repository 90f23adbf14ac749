internal import AMQPConnection
internal import AMQPPosix

/// What watches see of a TCP stream whose ends connect, send, shut down and close.
enum PeerWatchChecks {
    static let all = [
        watch("connected-without-data", "TestSocketWatchersUponConnectionAndNoIncomingData", reads: false) { _, _ in },
        watch("connected-with-data", "TestSocketWatchersUponConnectionAndIncomingData", reads: true) { _, far in
            far.writeAll([1, 2, 3])
        },
        AdapterCheck(
            "watch-peer/connect-fails", .loop, covers: ["TestSocketWatchersWhenFailsToConnect"], needs: .descriptors,
            connectFails),
        watch("peer-closes", "TestSocketWatchersAfterRemotePeerCloses", reads: true) { _, far in far.close() },
        watch(
            "peer-closes-with-data", "TestSocketWatchersAfterRemotePeerClosesWithIncomingData", reads: true,
            data: [1, 2, 3]
        ) { _, far in
            far.writeAll([1, 2, 3])
            far.close()
        },
        watch("peer-shuts-reading", "TestSocketWatchersAfterRemotePeerShutsRead", reads: false) { _, far in
            far.shutDown(.reading)
        },
        watch("peer-shuts-writing", "TestSocketWatchersAfterRemotePeerShutsWrite", reads: true, data: []) { _, far in
            far.shutDown(.writing)
        },
        watch(
            "peer-shuts-writing-with-data", "TestSocketWatchersAfterRemotePeerShutsWriteWithIncomingData", reads: true,
            data: [1, 2, 3]
        ) { _, far in
            far.writeAll([1, 2, 3])
            far.shutDown(.writing)
        },
        watch("peer-shuts-both", "TestSocketWatchersAfterRemotePeerShutsReadWrite", reads: true, data: []) { _, far in
            far.shutDown(.both)
        },
        watch("we-shut-reading", "TestSocketWatchersAfterLocalPeerShutsRead", reads: true, data: []) { near, _ in
            near.shutDown(.reading)
        },
        watch("we-shut-writing", "TestSocketWatchersAfterLocalPeerShutsWrite", reads: false) { near, _ in
            near.shutDown(.writing)
        },
        watch("we-shut-both", "TestSocketWatchersAfterLocalPeerShutsReadWrite", reads: true, data: []) { near, _ in
            near.shutDown(.both)
        },
        watch("peer-resets", nil, reads: true) { _, far in far.reset() },
        AdapterCheck("watch-peer/events-come-later", .loop, needs: .descriptors, eventsComeLater),
        AdapterCheck("watch-peer/full-stream-is-not-writable", .loop, needs: .descriptors, fullStream),
    ]

    /// A check that brings a connected stream into a state and looks which watches are called.
    ///
    /// - Parameters:
    ///   - reads: whether the reader must be called; if not, it must stay silent.
    ///   - data: what must be readable before the end of the stream, if there must be an end.
    private static func watch(
        _ name: String, _ covered: String?, reads: Bool, data: [UInt8]? = nil,
        _ prepare: @escaping @Sendable (_ near: PeerSocket, _ far: PeerSocket) -> Void
    ) -> AdapterCheck {
        AdapterCheck("watch-peer/\(name)", .loop, covers: covered.map { [$0] } ?? [], needs: .descriptors) { check in
            let loop = try check.descriptorLoop()
            let (near, far) = try PeerSocket.tcpPair()
            prepare(near, far)
            var hasRead = false
            var hasWritten = false
            check.run("the expected events") {
                func look() {
                    guard hasWritten, hasRead || !reads else { return }
                    // What must stay silent gets some time to be heard.
                    loop.callLater(.milliseconds(reads ? 0 : 40)) { check.finish() }
                }
                try loop.setReader(near.descriptor) {
                    hasRead = true
                    loop.removeReader(near.descriptor)
                    look()
                }
                try loop.setWriter(near.descriptor) {
                    hasWritten = true
                    loop.removeWriter(near.descriptor)
                    look()
                }
            }
            check.expectEqual(hasRead, reads, "whether the reader was called")
            if let data {
                check.expectEqual(near.readBytes(data.count), data, "bytes before the end")
                check.expectEqual(try? near.read(), [], "the end of the stream")
            }
            withExtendedLifetime(far) {}
        }
    }

    @Sendable static func connectFails(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let socket = try PeerSocket.connecting(to: try PeerListener.refusing())
        var events: Set<String> = []
        check.run("both watches of a socket whose connect failed") {
            func look() { if events.count == 2 { check.finish() } }
            try loop.setReader(socket.descriptor) {
                events.insert("reader")
                loop.removeReader(socket.descriptor)
                look()
            }
            try loop.setWriter(socket.descriptor) {
                events.insert("writer")
                loop.removeWriter(socket.descriptor)
                look()
            }
        }
        check.expectEqual(events, ["reader", "writer"], "watches that saw the failure")
    }

    @Sendable static func eventsComeLater(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let (near, far) = try PeerSocket.tcpPair()
        var order: [String] = []
        check.run("data and then the end") {
            try loop.setReader(near.descriptor) {
                let bytes = (try? near.read()) ?? nil
                order.append(bytes.map { "\($0)" } ?? "nothing")
                if bytes?.isEmpty == true {
                    loop.removeReader(near.descriptor)
                    check.finish()
                }
            }
            loop.callLater(.milliseconds(10)) { far.writeAll([1]) }
            loop.callLater(.milliseconds(40)) { far.close() }
        }
        check.expectEqual(order, ["[1]", "[]"], "what the reader read")
    }

    @Sendable static func fullStream(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let (near, far) = try PeerSocket.pair()
        let block = [UInt8](repeating: 7, count: 65536)
        while try near.write(block) > 0 {}
        var isDrained = false
        check.run("a stream that becomes writable when its peer reads") {
            try loop.setWriter(near.descriptor) {
                check.expect(isDrained, "a full stream was called writable")
                loop.removeWriter(near.descriptor)
                check.finish()
            }
            loop.callLater(.milliseconds(30)) {
                isDrained = true
                while let bytes = try? far.read(upTo: 1 << 20), !bytes.isEmpty {}
            }
        }
        check.expect(isDrained, "the writer was never silent")
    }
}
