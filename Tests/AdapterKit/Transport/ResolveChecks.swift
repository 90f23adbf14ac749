internal import AMQPConnection
internal import AMQPPosix

/// Resolution of host names.
enum ResolveChecks {
    static let all = [
        AdapterCheck(
            "resolve/localhost", .transport, covers: ["TestGetaddrinfoLocalhostPort80"], needs: .sockets, localhost),
        AdapterCheck("resolve/numeric-addresses", .transport, covers: ["L4"], needs: .sockets, numericAddresses),
        AdapterCheck(
            "resolve/unknown-name", .transport, covers: ["TestGetaddrinfoNonExistentHost"], needs: .sockets,
            unknownName),
        AdapterCheck("resolve/impossible-names", .transport, needs: .sockets, impossibleNames),
        AdapterCheck(
            "resolve/cancelled-before-the-loop-runs", .transport, covers: ["L5", "TestGetaddrinfoCancelBeforeLoopRun"],
            needs: .sockets, cancelledBeforeTheLoopRuns),
        AdapterCheck(
            "resolve/cancelled-while-the-loop-runs", .transport, covers: ["L5", "TestGetaddrinfoCancelAfterLoopRun"],
            needs: .sockets, cancelledWhileTheLoopRuns),
        AdapterCheck("resolve/cancelled-inside-its-completion", .transport, needs: .sockets, cancelledInside),
        AdapterCheck("resolve/fifty-at-once", .transport, covers: ["L5"], needs: .sockets, fiftyAtOnce),
    ]

    /// A name that the system refuses by itself: a part of it is longer than the 63 bytes that are allowed.
    private static let unknown = "no-such-host-" + String(repeating: "x", count: 64)

    @Sendable static func localhost(_ check: CheckRun) {
        var addresses: [SocketAddress] = []
        check.run("the addresses of localhost") {
            check.duringCall("resolve") {
                _ = check.loop.resolve("localhost", port: 80) { result in
                    check.entered("a resolution's completion")
                    do { addresses = try result.get() } catch { check.fail("\(error)") }
                    check.finish()
                }
            }
        }
        let expected: Set<SocketAddress> = [
            .ipv4(0x7F00_0001, port: 80), .ipv6(high: 0, low: 1, port: 80, scope: 0),
        ]
        check.expect(!expected.isDisjoint(with: addresses), "localhost was resolved to \(addresses)")
    }

    @Sendable static func numericAddresses(_ check: CheckRun) {
        var found: [String: [SocketAddress]] = [:]
        check.run("numeric addresses") {
            for host in ["127.0.0.2", "::1"] {
                check.duringCall("resolve") {
                    _ = check.loop.resolve(host, port: 5672) { result in
                        check.entered("a resolution's completion")
                        check.expect(found[host] == nil, "the completion for \(host) ran twice")
                        do { found[host] = try result.get() } catch { check.fail("\(error)") }
                        if found.count == 2 { check.loop.callLater(.milliseconds(20)) { check.finish() } }
                    }
                }
            }
        }
        check.expectEqual(found["127.0.0.2"], [.ipv4(0x7F00_0002, port: 5672)], "the address 127.0.0.2")
        check.expectEqual(found["::1"], [.ipv6(high: 0, low: 1, port: 5672, scope: 0)], "the address ::1")
    }

    private static func expectFailure(_ check: CheckRun, _ host: String, then: @escaping () -> Void) {
        check.duringCall("resolve") {
            _ = check.loop.resolve(host, port: 5672) { result in
                check.entered("a resolution's completion")
                switch result {
                case .success(let addresses): check.fail("\(host.debugDescription) was resolved to \(addresses)")
                case .failure(let error):
                    check.expectEqual(error.code, .resolutionFailed, "the error for \(host.debugDescription)")
                }
                then()
            }
        }
    }

    @Sendable static func unknownName(_ check: CheckRun) {
        check.run("the failure of a name that does not exist") {
            expectFailure(check, unknown) { check.finish() }
        }
    }

    @Sendable static func impossibleNames(_ check: CheckRun) {
        let names = ["local\0host", "256.256.256.256.256 ", String(repeating: "a.", count: 2000)]
        var left = names.count
        check.run("the failures of impossible names") {
            for name in names {
                expectFailure(check, name) {
                    left -= 1
                    if left == 0 { check.finish() }
                }
            }
        }
    }

    @Sendable static func cancelledBeforeTheLoopRuns(_ check: CheckRun) {
        check.run("a resolution behind cancelled ones") {
            for host in ["localhost", "127.0.0.1", unknown] {
                let resolution = check.loop.resolve(host, port: 80) { _ in check.fail("a cancelled completion ran") }
                resolution.cancel()
                resolution.cancel()
            }
            _ = check.loop.resolve("localhost", port: 80) { _ in
                check.loop.callLater(.milliseconds(20)) { check.finish() }
            }
        }
    }

    @Sendable static func cancelledWhileTheLoopRuns(_ check: CheckRun) {
        check.run("a resolution behind cancelled ones") {
            check.loop.callLater(.milliseconds(1)) {
                for host in ["localhost", "127.0.0.1", unknown] {
                    var isCancelled = false
                    let resolution = check.loop.resolve(host, port: 80) { _ in
                        check.expect(!isCancelled, "a cancelled completion ran")
                    }
                    check.loop.callLater(.zero) {
                        isCancelled = true
                        resolution.cancel()
                    }
                }
                _ = check.loop.resolve("localhost", port: 80) { _ in
                    check.loop.callLater(.milliseconds(30)) { check.finish() }
                }
            }
        }
    }

    @Sendable static func cancelledInside(_ check: CheckRun) {
        var count = 0
        check.run("a resolution that cancels itself") {
            var resolution: (any Cancellable)?
            resolution = check.loop.resolve("127.0.0.1", port: 80) { _ in
                count += 1
                resolution?.cancel()
                resolution?.cancel()
                resolution = nil
                check.loop.callLater(.milliseconds(20)) { check.finish() }
            }
        }
        check.expectEqual(count, 1, "calls of the completion")
    }

    @Sendable static func fiftyAtOnce(_ check: CheckRun) {
        var counts = [Int](repeating: 0, count: 50)
        check.run("50 resolutions at once") {
            for number in counts.indices {
                _ = check.loop.resolve("localhost", port: UInt16(number)) { _ in
                    counts[number] += 1
                    if !counts.contains(0) { check.loop.callLater(.milliseconds(10)) { check.finish() } }
                }
            }
        }
        check.expect(counts.allSatisfy { $0 == 1 }, "calls of each completion: \(counts)")
    }
}
