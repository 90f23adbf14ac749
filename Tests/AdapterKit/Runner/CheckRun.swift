public import AMQPConnection
internal import AMQPPosix

/// One run of a check on one adapter: the loop, and where to report.
///
/// The check's thread makes it, enters the loop with ``enter(_:)`` and runs it with ``run(_:within:_:)``.
public final class CheckRun {
    /// The loop and how it is driven.
    public var host: LoopHost
    /// The loop; to be used inside ``enter(_:)``, in the set-up of ``run(_:within:_:)`` and in the loop's callbacks.
    public var loop: any IOLoop { host.loop }

    /// By how much the limits are stretched.
    let patience: Int
    let log: CheckLog
    let adapter: AdapterUnderTest
    private var callUnderWay: String?
    /// Whether what the loop runs for has come, or the time for it is over.
    private var isFinished = false

    init(host: LoopHost, adapter: AdapterUnderTest, log: CheckLog, patience: Int = 1) {
        self.patience = patience
        self.host = host
        self.adapter = adapter
        self.log = log
    }

    // MARK: - Reporting

    /// Reports a failure and goes on.
    public func fail(_ message: String) { log.add(message) }

    /// Reports a failure unless the condition holds.
    ///
    /// - Returns: the condition.
    @discardableResult
    public func expect(_ condition: Bool, _ message: @autoclosure () -> String) -> Bool {
        if !condition { log.add(message()) }
        return condition
    }

    /// Reports a failure unless both values are equal.
    ///
    /// - Returns: whether they are.
    @discardableResult
    public func expectEqual<Value: Equatable>(_ found: Value, _ expected: Value, _ what: String) -> Bool {
        if found != expected { log.add("\(what): expected \(expected), found \(found)") }
        return found == expected
    }

    // MARK: - Driving the loop

    /// Runs `body` where the loop may be used, without running the loop.
    public func enter(_ body: () throws -> Void) {
        host.enter {
            do { try body() } catch { self.fail("\(error)") }
        }
    }

    /// Sets something up on the loop and runs the loop until ``finish()``; a loop that returns without it has failed.
    ///
    /// - Parameters:
    ///   - what: what is waited for, for the failure when it does not come.
    ///   - limit: how long that may take; with `nil` the loop has no timer for it and the check's own limit counts.
    ///   - setUp: runs where the loop may be used, before the loop runs.
    public func run(
        _ what: String = "the check's end", within limit: Duration? = .seconds(8), _ setUp: () throws -> Void = {}
    ) {
        var alarm: TimerHandle?
        enter {
            do { try setUp() } catch {
                self.finish()
                throw error
            }
            guard let limit else { return }
            alarm = self.loop.callLater(limit * self.patience) {
                self.fail("\(what) did not come within \(limit)")
                self.finish()
            }
        }
        host.run()
        enter {
            alarm?.cancel()
            // A loop that its owner runs may have come to the end before it was started here.
            self.expect(self.isFinished, "the loop returned by itself before this came: \(what)")
            self.isFinished = false
        }
    }

    /// Makes ``run(_:within:_:)`` return; called on the loop.
    public func finish() {
        isFinished = true
        host.stop()
    }

    /// Lets the loop run for a while, for things that must not happen.
    public func runFor(_ duration: Duration, _ setUp: () throws -> Void = {}) {
        run {
            try setUp()
            loop.callLater(duration) { self.finish() }
        }
    }

    // MARK: - Law L4

    /// Makes a call of the adapter's during which no callback may run.
    func duringCall<Value>(_ name: String, _ call: () throws -> Value) rethrows -> Value {
        let outer = callUnderWay
        callUnderWay = name
        defer { callUnderWay = outer }
        return try call()
    }

    /// Reports a failure if a callback runs inside a call.
    func entered(_ callback: String) {
        if let callUnderWay { fail("\(callback) ran inside \(callUnderWay)") }
    }

    // MARK: - Descriptors

    /// The loop as one that watches descriptors; checks that use it need ``AdapterFeatures/descriptors``.
    func descriptorLoop() throws(CheckProblem) -> any FileDescriptorLoop {
        guard let loop = loop as? any FileDescriptorLoop else {
            throw CheckProblem("the adapter says that it watches descriptors, but it is no FileDescriptorLoop")
        }
        return loop
    }
}

@available(*, unavailable)
extension CheckRun: Sendable {}
