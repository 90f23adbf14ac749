@testable import AMQPPosix
import Foundation
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

    /// A resolver that never returns for the names that hang, until it is let go.
    private final class StuckResolver: Sendable {
        let started = Guarded(0)
        let isOver = Guarded(false)

        func resolve(_ job: ResolverPool.Job) -> [SocketAddress] {
            guard job.host == "hangs" else { return [.ipv4(1, port: job.port)] }
            started.withLock { $0 += 1 }
            while !isOver.withLock({ $0 }) { System.sleep(.milliseconds(5)) }
            return []
        }
    }

    /// Waits for a condition of other threads.
    private func wait(for condition: () -> Bool) -> Bool {
        let end = System.now.advanced(by: .seconds(10))
        while !condition() {
            guard System.now < end else { return false }
            System.sleep(.milliseconds(2))
        }
        return true
    }

    @Test func `lookups that hang and were given up do not keep others waiting`() async throws {
        try await onThread {
            let stuck = StuckResolver()
            let pool = ResolverPool { job throws(SystemError) in stuck.resolve(job) }
            let log = Guarded<[String]>([])
            func submit(_ host: String) -> ResolverPool.Ticket {
                pool.submit(ResolverPool.Job(host: host, port: 1) { _ in log.withLock { $0.append(host) } })
            }
            let hung = (0 ..< ResolverPool.maximum).map { _ in submit("hangs") }
            #expect(wait { stuck.started.withLock { $0 } == ResolverPool.maximum })
            _ = submit("waits")
            #expect(log.withLock { $0 } == [])
            pool.withdraw(hung[0])
            #expect(wait { log.withLock { $0 } == ["waits"] })
            _ = submit("follows")
            #expect(wait { log.withLock { $0 } == ["waits", "follows"] })
            stuck.isOver.withLock { $0 = true }
            #expect(wait { log.withLock { $0.count { $0 == "hangs" } } == ResolverPool.maximum - 1 })
        }
    }
}
