internal import AMQPConnection
internal import AMQPPosix

/// Opening streams.
enum ConnectChecks {
    static let all = [
        AdapterCheck(
            "connect/ipv4", .transport, covers: ["TestConnectSocketIPv4Success"], needs: .sockets
        ) { check in
            try connects(check, to: .ipv4(0x7F00_0001, port: 0))
        },
        AdapterCheck(
            "connect/ipv6", .transport, covers: ["TestConnectSocketIPv6Success"], needs: .sockets
        ) { check in
            try connects(check, to: .ipv6(high: 0, low: 1, port: 0, scope: 0))
        },
        AdapterCheck("connect/unix", .transport, needs: .sockets, unix),
        AdapterCheck(
            "connect/ipv4-refused", .transport,
            covers: ["TestConnectSocketIPv4Fail", "TestConnectSocketToDisconnectedPeer"], needs: .sockets
        ) { check in
            fails(check, try PeerListener.refusing())
        },
        AdapterCheck(
            "connect/ipv6-refused", .transport, covers: ["TestConnectSocketIPv6Fail"], needs: .sockets
        ) { check in
            fails(check, try PeerListener.refusing(.ipv6(high: 0, low: 1, port: 0, scope: 0)))
        },
        AdapterCheck("connect/unix-path-that-does-not-exist", .transport, needs: .sockets) { check in
            fails(check, .unix(path: "/nonexistent/broker.sock"))
        },
        AdapterCheck("connect/unix-path-that-is-impossible", .transport, needs: .sockets) { check in
            fails(check, .unix(path: String(repeating: "x", count: 4000)))
            fails(check, .unix(path: ""))
        },
        AdapterCheck(
            "connect/completes-later-and-once", .transport, covers: ["L4", "L5"], needs: .sockets, completesOnce),
        AdapterCheck(
            "connect/cancelled-before-the-loop-runs", .transport,
            covers: ["TestConnectSocketIPv4Cancel", "TestStreamConnectorCancelLinkup"], needs: .sockets, cancelledBefore
        ),
        AdapterCheck("connect/cancelled-while-nobody-answers", .transport, needs: .sockets, cancelledUnanswered),
        AdapterCheck("connect/cancelled-inside-its-completion", .transport, needs: .sockets, cancelledInside),
        AdapterCheck("connect/options-are-taken", .transport, needs: .sockets, options),
        AdapterCheck("connect/fifty-at-once", .transport, needs: .sockets, fiftyAtOnce),
        AdapterCheck("connect/stream-that-is-dropped-is-closed", .transport, needs: .sockets, droppedIsClosed),
        AdapterCheck("connect/tells-the-peers-address", .transport, needs: .sockets, peerAddress),
    ]

    private static func connects(_ check: CheckRun, to address: SocketAddress) throws {
        let listener = try PeerListener(on: address)
        var reply: [UInt8] = []
        check.run("a connected stream") {
            check.connect(to: listener) { stream, peer in
                stream.start(StreamProbe(check))
                stream.send(ByteSlice(utf8: "AMQP"))
                stream.flush()
                reply = peer.readBytes(4)
                stream.abort()
                check.finish()
            }
        }
        check.expectEqual(reply, Array("AMQP".utf8), "what came over \(address)")
    }

    @Sendable static func unix(_ check: CheckRun) throws {
        let directory = try System.makeTemporaryDirectory()
        defer { System.removeDirectory(directory) }
        let path = directory + "/broker.sock"
        defer { System.removeFile(path) }
        try connects(check, to: .unix(path: path))
    }

    private static func fails(_ check: CheckRun, _ address: SocketAddress) {
        check.run("the failure to connect to \(address)") {
            check.duringCall("connect") {
                _ = check.loop.connect(to: address, options: SocketOptions()) { result in
                    check.entered("a connect's completion")
                    switch result {
                    case .success: check.fail("a stream to \(address) was opened")
                    case .failure(let error):
                        check.expectEqual(error.code, .connectFailed, "the error for \(address)")
                    }
                    check.finish()
                }
            }
        }
    }

    @Sendable static func completesOnce(_ check: CheckRun) throws {
        let listener = try PeerListener()
        let refusing = try PeerListener.refusing()
        var counts: [SocketAddress: Int] = [:]
        check.runFor(.milliseconds(100)) {
            for address in [listener.address, refusing, .unix(path: "/nonexistent/broker.sock")] {
                check.duringCall("connect") {
                    _ = check.loop.connect(to: address, options: SocketOptions()) { _ in
                        check.entered("a connect's completion")
                        counts[address, default: 0] += 1
                    }
                }
            }
        }
        check.expectEqual(Array(counts.values), [1, 1, 1], "calls of three completions")
    }

    @Sendable static func cancelledBefore(_ check: CheckRun) throws {
        let listener = try PeerListener()
        check.runFor(.milliseconds(50)) {
            for address in [listener.address, .unix(path: "/nonexistent/broker.sock")] {
                let attempt = check.loop.connect(to: address, options: SocketOptions()) { _ in
                    check.fail("the completion of a cancelled connect ran")
                }
                attempt.cancel()
                attempt.cancel()
            }
        }
        if let peer = listener.accept(within: .milliseconds(10)) {
            check.expectEqual(peer.readBytes(1, within: .seconds(1)), [], "what a cancelled connect sent")
            check.expect(peer.ends(), "a connection whose connect was cancelled stays open")
        }
    }

    @Sendable static func cancelledUnanswered(_ check: CheckRun) throws {
        // A listener whose queue is full answers no more on Linux, and refuses or resets elsewhere.
        let listener = try PeerListener(backlog: 0)
        let crowd = (0 ..< 4).compactMap { _ in try? PeerSocket.connecting(to: listener.address) }
        var isCancelled = false
        check.runFor(.milliseconds(100)) {
            let attempt = check.loop.connect(to: listener.address, options: SocketOptions()) { _ in
                check.expect(!isCancelled, "the completion of a cancelled connect ran")
            }
            check.loop.callLater(.milliseconds(20)) {
                isCancelled = true
                attempt.cancel()
            }
        }
        for socket in crowd { socket.close() }
    }

    @Sendable static func cancelledInside(_ check: CheckRun) throws {
        let listener = try PeerListener()
        var count = 0
        check.run("a connect that cancels itself") {
            var attempt: (any Cancellable)?
            attempt = check.loop.connect(to: listener.address, options: SocketOptions()) { result in
                count += 1
                attempt?.cancel()
                attempt?.cancel()
                attempt = nil
                guard let stream = try? result.get(), let peer = listener.accept() else {
                    check.fail("no stream came")
                    return check.finish()
                }
                stream.start(StreamProbe(check))
                stream.send([7])
                stream.flush()
                check.expectEqual(peer.readBytes(1), [7], "what came over the stream of a late cancel")
                stream.abort()
                check.finish()
            }
        }
        check.expectEqual(count, 1, "calls of the completion")
    }

    @Sendable static func options(_ check: CheckRun) throws {
        let listener = try PeerListener()
        let options = SocketOptions(
            keepAlive: true, keepAliveIdle: 30, keepAliveInterval: 5, keepAliveCount: 3, userTimeout: 20_000)
        check.run("a stream with all options") {
            check.connect(to: listener, options: options) { stream, peer in
                let found = try nearOptions(of: peer)
                check.expectEqual(found.noDelay, true, "TCP_NODELAY")
                check.expectEqual(found.options.keepAlive, true, "SO_KEEPALIVE")
                check.expectEqual(found.options.keepAliveIdle, 30, "TCP_KEEPIDLE")
                check.expectEqual(found.options.keepAliveInterval, 5, "TCP_KEEPINTVL")
                check.expectEqual(found.options.keepAliveCount, 3, "TCP_KEEPCNT")
                #if os(Linux)
                check.expectEqual(found.options.userTimeout, 20_000, "TCP_USER_TIMEOUT")
                #endif
                stream.start(StreamProbe(check))
                stream.abort()
                check.finish()
            }
        }
        check.run("a stream without options") {
            check.connect(to: listener) { stream, peer in
                let found = try nearOptions(of: peer)
                check.expectEqual(found.noDelay, true, "TCP_NODELAY without options")
                check.expectEqual(found.options.keepAlive, false, "SO_KEEPALIVE without options")
                stream.start(StreamProbe(check))
                stream.abort()
                check.finish()
            }
        }
    }

    /// The options of the socket that a stream has in this process, of which the check knows only the other end.
    private static func nearOptions(of peer: PeerSocket) throws -> (noDelay: Bool?, options: SocketOptions) {
        guard let near = SocketAddress.ofSocket(peer.descriptor, peer: true),
            let far = SocketAddress.ofSocket(peer.descriptor, peer: false),
            let descriptor = System.descriptor(from: near, to: far)
        else { throw CheckProblem("the socket of a connected stream was not found in this process") }
        return System.options(of: descriptor)
    }

    @Sendable static func fiftyAtOnce(_ check: CheckRun) throws {
        let listener = try PeerListener()
        var streams: [any StreamTransport] = []
        check.run("50 streams") {
            for _ in 0 ..< 50 {
                check.connect(to: listener) { stream, _ in
                    stream.start(StreamProbe(check))
                    streams.append(stream)
                    if streams.count == 50 { check.finish() }
                }
            }
        }
        check.enter { for stream in streams { stream.abort() } }
    }

    @Sendable static func droppedIsClosed(_ check: CheckRun) throws {
        let listener = try PeerListener()
        check.run("the end of a stream that nobody took") {
            _ = check.loop.connect(to: listener.address, options: SocketOptions()) { _ in }
            guard let peer = listener.accept() else { throw CheckProblem("no connection came") }
            check.loop.callLater(.milliseconds(30)) {
                check.when({ (try? peer.read()) == .some([]) }) { check.finish() }
            }
        }
    }

    @Sendable static func peerAddress(_ check: CheckRun) throws {
        let listener = try PeerListener()
        check.run("a connected stream") {
            check.connect(to: listener) { stream, _ in
                check.expectEqual(stream.peerAddress, listener.address, "the peer's address")
                stream.start(StreamProbe(check))
                stream.abort()
                check.finish()
            }
        }
    }
}
