import AMQPConnection
import AdapterKit

/// Nothing waits for ever: every call with a continuation, all at the same time, on a broker that stands still.
enum UnansweredScenarios {
    static let all: [AdapterCheck] = [
        .onNode("every-call-ends-by-its-deadline-on-a-broker-that-stands-still") { node in
            let session = node.session
            var brief = session.parameters
            brief.requestTimeout = UnansweredOperation.limit
            session.connect { shared in
                session.connect(brief) { connection in
                    brief.stackTimeout = UnansweredOperation.limit
                    var ready: [(UnansweredOperation, UnansweredOperation.Stage)] = []
                    let prepared = Countdown(UnansweredOperation.all.count) {
                        node.command("pause") { callAll(node, ready) }
                    }
                    for operation in UnansweredOperation.all {
                        func prepare(_ channel: Channel) {
                            operation.prepare(channel) {
                                channel.requestTimeout = UnansweredOperation.limit
                                ready.append(
                                    (operation, .init(channel: channel, connection: connection, parameters: brief)))
                                prepared.countDown()
                            }
                        }
                        if operation.needsConnection {
                            session.channel(prepare)
                        } else {
                            session.channel(on: shared, prepare)
                        }
                    }
                }
            }
        }
    ]

    /// Makes all calls at once; each must end by its deadline, and not before.
    ///
    /// A timer of the same loop bounds it: however slow the machine is, a loop runs its timers in order.
    private static func callAll(_ node: NodeSession, _ ready: [(UnansweredOperation, UnansweredOperation.Stage)]) {
        let session = node.session
        let begin = session.loop.now
        var ended: [String: Int] = [:]
        let bound = session.loop.callLater(UnansweredOperation.limit * 10) {
            session.check.expectEqual(
                ended.filter { $0.value == 0 }.keys.sorted(), [], "calls that missed their deadline")
        }
        for (operation, stage) in ready {
            ended[operation.name] = 0
            operation.call(stage) { error in
                ended[operation.name, default: 0] += 1
                let elapsed = begin.duration(to: session.loop.now)
                session.check.expect(elapsed >= UnansweredOperation.limit, "\(operation.name) ended after \(elapsed)")
                session.check.expectEqual(error?.code, .deadlineExceeded, operation.name)
            }
        }
        session.when({ ended.values.allSatisfy { $0 > 0 } }) {
            bound.cancel()
            node.command("resume") {
                // Late answers complete nothing for a second time.
                session.channel { _ in
                    session.check.expectEqual(
                        ended.filter { $0.value != 1 }.keys.sorted(), [], "calls that were completed twice")
                    session.finish()
                }
            }
        }
    }
}
