import AMQPConnection
import AdapterKit
import BrokerSupport

/// What a scenario works with: connections to the real broker on the loop under test, and ways to say what must come.
///
/// It belongs to the check's loop. A scenario sets something up, and its last callback calls ``finish()``; whatever does
/// not happen ends in the check's time limit, with its name.
final class Session {
    let check: CheckRun
    /// How to connect to the broker, as guest.
    let parameters: ConnectionParameters
    private var connections: [Connection] = []
    private var companions: [AnyObject] = []
    private var isFinishing = false
    /// Whether an error ended a channel, and must have ended nothing else.
    private var isScopeChannel = false

    init(_ check: CheckRun, _ parameters: ConnectionParameters) {
        self.check = check
        self.parameters = parameters
    }

    var loop: any IOLoop { check.loop }

    /// A name that nothing else on the broker has.
    func uniqueName(_ prefix: String = "acceptance") -> String {
        "\(prefix).\(String(UInt64.random(in: .min ... .max), radix: 36))"
    }

    // MARK: Connections and channels

    /// Opens a connection; that it cannot be opened is a failure.
    @discardableResult
    func connect(_ parameters: ConnectionParameters? = nil, _ onOpen: @escaping (Connection) -> Void) -> Connection {
        let connection = Connection(
            parameters ?? self.parameters, on: loop, onOpen: onOpen,
            onOpenError: { [self] _, error in
                check.fail("the connection could not be opened: \(error)")
                check.finish()
            })
        connections.append(connection)
        return connection
    }

    /// Opens a connection that must not open, and gives the reason.
    func connectExpectingFailure(_ parameters: ConnectionParameters, _ onError: @escaping (AMQPError) -> Void) {
        let connection = Connection(
            parameters, on: loop,
            onOpen: { [self] _ in
                check.fail("the connection opened")
                check.finish()
            }, onOpenError: { _, error in onError(error) })
        connections.append(connection)
    }

    /// Opens a channel on a connection of its own.
    func channel(_ body: @escaping (Channel) -> Void) {
        connect { connection in self.channel(on: connection, body) }
    }

    /// Opens a channel.
    func channel(on connection: Connection, _ body: @escaping (Channel) -> Void) {
        connection.openChannel { [self] result in
            guard let channel = value(result, "channel.open") else { return }
            body(channel)
        }
    }

    /// Opens a channel on a connection of its own and declares a queue that ends with the connection.
    func queue(arguments: FieldTable = [:], _ body: @escaping (Channel, String) -> Void) {
        channel { [self] channel in
            channel.queueDeclare(exclusive: true, arguments: arguments) { [self] result in
                guard let declared = value(result, "queue.declare") else { return }
                body(channel, declared.queue)
            }
        }
    }

    /// Keeps an object as long as the session.
    func keep(_ companion: AnyObject) { companions.append(companion) }

    /// Closes a connection, which the session did not open, at its end.
    func adopt(_ connection: Connection) { connections.append(connection) }

    // MARK: Expectations

    /// The value of a result; a failure ends the scenario.
    func value<Value>(_ result: Result<Value, AMQPError>, _ what: String) -> Value? {
        switch result {
        case .success(let value): return value
        case .failure(let error):
            check.fail("\(what) failed: \(error)")
            check.finish()
            return nil
        }
    }

    /// The error of a result that must be one, with this code and the broker's reply code.
    func expectFailure<Value>(
        _ result: Result<Value, AMQPError>, _ code: AMQPError.Code, replyCode: UInt16? = nil, method: MethodID? = nil,
        _ what: String
    ) {
        switch result {
        case .success(let value): check.fail("\(what) succeeded with \(value)")
        case .failure(let error): expect(error, code, replyCode: replyCode, method: method, what)
        }
    }

    /// What an error must say.
    func expect(
        _ error: AMQPError, _ code: AMQPError.Code, replyCode: UInt16? = nil, method: MethodID? = nil, _ what: String
    ) {
        check.expectEqual(error.code, code, "\(what): code")
        if code == .channelClosedByBroker { isScopeChannel = true }
        if let replyCode {
            check.expectEqual(error.replyCode, replyCode, "\(what): reply code")
            check.expect(error.replyText?.isEmpty == false, "\(what): the broker's text is missing")
        }
        if let method { check.expectEqual(error.method, method, "\(what): method") }
    }

    /// Looks every millisecond whether a condition holds; the scenario's limit ends that.
    func when(_ condition: @escaping () -> Bool, _ then: @escaping () -> Void) {
        guard !condition() else { return then() }
        loop.callLater(.milliseconds(1)) { [self] in when(condition, then) }
    }

    // MARK: Ending

    /// Closes what is open, and ends the check when that is done.
    func finish() {
        guard !isFinishing else { return }
        isFinishing = true
        closeNext()
    }

    private func closeNext() {
        guard let connection = connections.popLast() else {
            check.finish()
            return
        }
        guard connection.isOpen else {
            if isScopeChannel, let reason = connection.closeReason {
                check.fail("an error of a channel ended its connection: \(reason)")
            }
            closeNext()
            return
        }
        connection.close { [self] result in
            if case .failure(let error) = result { check.fail("the connection did not close in order: \(error)") }
            closeNext()
        }
    }
}

extension AdapterCheck {
    /// A scenario against the real broker, which every adapter must pass.
    static func scenario(
        _ name: String, limit: Duration = .seconds(30), _ body: @escaping @Sendable (Session) throws -> Void
    ) -> AdapterCheck {
        AdapterCheck("amqp/\(name)", .session, limit: limit + .seconds(5)) { check in
            check.run("the end of the scenario", within: limit) {
                do {
                    try body(Session(check, try TestBroker.parameters()))
                } catch {
                    check.fail("\(error)")
                    check.finish()
                }
            }
        }
    }
}

/// Counts what must come a number of times, in any order, before a scenario goes on.
final class Countdown {
    private var left: Int
    private let then: () -> Void

    init(_ count: Int, then: @escaping () -> Void) {
        self.left = count
        self.then = then
    }

    func countDown() {
        left -= 1
        if left == 0 { then() }
    }
}
