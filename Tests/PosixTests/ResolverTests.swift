import AMQPPosix
import Testing

@Suite struct ResolverTests {
    private func resolve(_ loop: HostedLoop, _ host: String) -> Result<[SocketAddress], AMQPError>? {
        var outcome: Result<[SocketAddress], AMQPError>?
        var isInside = true
        _ = loop.resolve(host, port: 5672) { result in
            #expect(!isInside)
            #expect(loop.mailbox.isCurrent)
            outcome = result
        }
        isInside = false
        _ = loop.run { outcome != nil }
        return outcome
    }

    @Test(arguments: LoopKind.allCases)
    func `addresses in text and localhost are resolved`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let four = SocketAddress.ipv4(0x7F00_0001, port: 5672)
            let six = SocketAddress.ipv6(high: 0, low: 1, port: 5672, scope: 0)
            #expect(try resolve(loop, "127.0.0.1")?.get() == [four])
            #expect(try resolve(loop, "::1")?.get() == [six])
            let localhost = try #require(try resolve(loop, "localhost")?.get())
            #expect(!localhost.isEmpty)
            #expect(localhost.allSatisfy { $0 == four || $0 == six })
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `a name that does not exist is an error over the resolver's own`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            for name in ["a-name-that-is-not.invalid", "", "with\0zero", String(repeating: "x", count: 5000)] {
                guard case .failure(let error)? = resolve(loop, name) else {
                    // Some resolvers take the empty name for the own machine.
                    #expect(name.isEmpty)
                    continue
                }
                #expect(error.code == .resolutionFailed)
                #expect(error.underlying is SystemError)
            }
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `a cancelled resolution says nothing, before and after the loop ran`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            var calls = 0
            for name in ["127.0.0.1", "localhost", "a-name-that-is-not.invalid"] {
                let resolution = loop.resolve(name, port: 1) { _ in calls += 1 }
                resolution.cancel()
                resolution.cancel()
            }
            let later = loop.resolve("localhost", port: 1) { _ in calls += 1 }
            loop.step()
            let callsBefore = calls
            later.cancel()
            loop.step(timeLimit: .milliseconds(50))
            #expect(calls == callsBefore)
            loop.close()
        }
    }
}
