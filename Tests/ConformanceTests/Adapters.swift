internal import AMQPLibev
internal import AMQPPoll
internal import AMQPPosix
internal import AMQPSelect
internal import AdapterKit
internal import Dispatch

#if os(Linux)
internal import AMQPEpoll
#endif

/// Every adapter that must pass the kit; a new one is a line here.
let adapters: [AdapterUnderTest] = {
    var adapters: [AdapterUnderTest] = [
        .hosted("Select") { SelectLoop() },
        .hosted("Poll") { PollLoop() },
        .embedded,
        .dispatch("Dispatch") { DispatchQueue(label: "conformance") },
        .dispatch("Dispatch (main queue)") { DispatchHost.mainQueue() },
        .borrowed("GLib", adding: .wholeTurns) { try GLibHost.make() },
        .borrowed("libuv") { try LibuvHost.make() },
    ]
    #if os(Linux)
    adapters.append(.hosted("Epoll") { try EpollLoop() })
    #endif
    adapters.append(.hosted("libev (own)") { try LibevLoop() })
    adapters.append(.borrowedLibev)
    #if NIO
    adapters.append(.nio)
    #endif
    return adapters
}()

extension AdapterUnderTest {
    /// An adapter whose loop polls by itself on the thread that starts it.
    static func hosted(_ name: String, _ makeLoop: @escaping @Sendable () throws -> HostedLoop) -> AdapterUnderTest {
        AdapterUnderTest(name, features: [.descriptors, .wholeTurns, .closing, .stallReports, .sockets]) {
            LoopHost(hosted: try makeLoop())
        }
    }
}

extension AdapterUnderTest {
    /// No adapter: a program with a loop of its own that drives the library's by hand.
    static let embedded = AdapterUnderTest.borrowed("Embedded", adding: .wholeTurns) { EmbedderHost.make() }

    /// An adapter whose loop runs inside a loop of the host's, and on the thread that starts it.
    static func borrowed(
        _ name: String, adding features: AdapterFeatures = [], _ makeHost: @escaping @Sendable () throws -> LoopHost
    ) -> AdapterUnderTest {
        let common: AdapterFeatures = [.descriptors, .closing, .stallReports, .borrowed, .sockets]
        return AdapterUnderTest(name, features: common.union(features), makeHost: makeHost)
    }
}

extension LoopHost {
    /// A hosted loop that runs on the thread that starts it.
    init(hosted loop: HostedLoop) {
        self.init(
            loop: loop, close: { loop.close() },
            observeStalls: { threshold, observer in
                loop.stallThreshold = threshold
                loop.onStall = observer
            }, turnCount: { loop.turnNumber })
    }
}
