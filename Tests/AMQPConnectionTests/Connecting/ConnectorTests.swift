internal import AdapterKit
internal import Testing

@testable internal import AMQPConnection

/// How the addresses of one host are tried, on the virtual clock.
@Suite struct ConnectorTests {
    /// A host with scripted addresses.
    final class Host {
        let loop = VirtualLoop()
        /// What was tried, with the time in milliseconds.
        private(set) var tried: [String] = []
        private(set) var results: [Result<any StreamTransport, AMQPError>] = []
        private(set) var connector: Connector?
        private let start: LoopInstant

        init(_ addresses: [(SocketAddress, ConnectAnswer)], _ change: (inout ConnectionParameters) -> Void = { _ in }) {
            start = loop.now
            loop.onResolve = { _, _ in .addresses(addresses.map(\.0)) }
            loop.onConnect = { [unowned self] address, _ in
                tried.append("\(address) \(time)")
                return addresses.first { $0.0 == address }?.1 ?? .never
            }
            var parameters = ConnectionParameters(host: "h")
            change(&parameters)
            let connector = Connector(parameters, on: loop) { [unowned self] in results.append($0) }
            self.connector = connector
            connector.start()
        }

        var time: Int { Int(start.duration(to: loop.now) / .milliseconds(1)) }

        /// Runs until nothing can happen any more.
        func run() -> Self {
            loop.run(until: { false })
            return self
        }

        var failures: [String] {
            connector?.failures.map { "\($0.address.map { "\($0)" } ?? "-") \($0.phase.rawValue) \($0.cause.code)" }
                ?? []
        }
    }

    static let six = SocketAddress.ipv6(high: 0, low: 1, port: 1, scope: 0)
    static let otherSix = SocketAddress.ipv6(high: 0, low: 2, port: 1, scope: 0)
    static let four = SocketAddress.ipv4(4, port: 1)

    private func stream(after delay: Duration = .zero) -> ConnectAnswer {
        .stream(MemoryPipe(on: VirtualLoop()).client, after: delay)
    }

    @Test func theNextFamilyIsTriedWhenTheFirstIsSilentAndTheFirstStreamWins() {
        let host = Host([(Self.six, stream(after: .seconds(1))), (Self.otherSix, .never), (Self.four, stream())]).run()
        #expect(host.tried == ["\(Self.six) 0", "\(Self.four) 250"])
        #expect(host.results.count == 1)
        #expect(host.failures == [])
        #expect(host.time == 250, "nothing is left on the loop: the losers are cancelled")
    }

    @Test func aRefusalStartsTheNextWithoutTheStagger() {
        let host = Host([
            (Self.six, .refused(Self.six, after: .milliseconds(10))), (Self.four, stream(after: .milliseconds(5))),
        ]).run()
        #expect(host.tried == ["\(Self.six) 0", "\(Self.four) 10"])
        #expect(host.failures == ["\(Self.six) connect connectFailed"])
        #expect((try? host.results.first?.get()) != nil)
    }

    @Test func anAddressThatIsFastEnoughIsAlone() {
        let host = Host([(Self.six, stream(after: .milliseconds(249))), (Self.four, stream())]).run()
        #expect(host.tried == ["\(Self.six) 0"])
        #expect(host.results.count == 1)
    }

    @Test func inSequenceTheNextWaitsForTheDeadlineOfTheFirst() {
        let host = Host([(Self.six, .never), (Self.four, stream())]) {
            $0.addressOrder = .sequential
            $0.socketTimeout = .seconds(3)
        }.run()
        #expect(host.tried == ["\(Self.six) 0", "\(Self.four) 3000"])
        #expect(host.failures == ["\(Self.six) connect deadlineExceeded"])
        #expect(host.time == 3000)
    }

    @Test func eachAddressHasADeadlineOfItsOwnInTheRace() {
        let host = Host([(Self.six, .never), (Self.four, .never)]) { $0.socketTimeout = .seconds(1) }.run()
        #expect(host.time == 1250)
        #expect(host.failures == ["\(Self.six) connect deadlineExceeded", "\(Self.four) connect deadlineExceeded"])
        #expect(host.results.count == 1)
    }

    @Test func aNameThatIsNotResolvedInTimeIsAFailureOfTheResolver() {
        let host = Host([]) { $0.resolveTimeout = .seconds(4) }
        host.loop.onResolve = { _, _ in .never }
        let second = Connector(ConnectionParameters(host: "h", resolveTimeout: .seconds(4)), on: host.loop) { _ in }
        second.start()
        host.loop.run(until: { false })
        #expect(host.time == 4000)
        #expect(second.failures.map(\.phase) == [.resolve])
        #expect(second.failures.map(\.cause.code) == [.resolutionFailed])
        #expect(second.failures.map(\.cause.blame) == [.deadline])
    }

    @Test func aPathIsASocketAndNeedsNoResolver() {
        let path = SocketAddress.unix(path: "/run/broker")
        let host = Host([(path, stream())]) { $0.host = "/run/broker" }
        host.loop.onResolve = { _, _ in
            Issue.record("a path was resolved")
            return .never
        }
        #expect(host.run().tried == ["\(path) 0"])
        #expect(host.results.count == 1)
    }

    @Test func aHostWithoutAddressesIsAFailure() {
        let host = Host([]).run()
        #expect(host.results.count == 1)
        #expect(host.failures == [])
    }

    @Test func anAddressThatCannotBeSecuredIsFollowedByTheOthers() {
        let host = Host([(Self.six, .never), (Self.four, stream())]) {
            $0.tls = TLSConfiguration()
            $0.socketTimeout = .seconds(2)
        }.run()
        #expect(host.tried == ["\(Self.six) 0", "\(Self.four) 250", "\(Self.six) 250"])
        #expect(host.failures == ["\(Self.four) secure tlsUnavailable", "\(Self.six) connect deadlineExceeded"])
        #expect(host.results.count == 1)
    }

    @Test(arguments: [0, 100, 300, 2000])
    func cancellingEndsEverythingInSilence(at time: Int) {
        let host = Host([(Self.six, .never), (Self.four, stream(after: .seconds(5)))])
        host.loop.advance(by: .milliseconds(time))
        host.connector?.cancel()
        #expect(host.run().results.isEmpty)
        #expect(host.time == time, "no timer is left")
    }
}
