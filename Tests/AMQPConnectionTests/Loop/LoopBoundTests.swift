internal import AMQPProtocol
internal import AMQPPosix
internal import AMQPSelect
internal import Foundation
internal import Synchronization
internal import Testing

@testable internal import AMQPConnection

@Suite struct LoopBoundTests {
    /// Notes on which thread it is released.
    private final class Witness {
        let releasedOnLoop: Flag
        let mailbox: Mailbox

        init(_ releasedOnLoop: Flag, _ mailbox: Mailbox) {
            self.releasedOnLoop = releasedOnLoop
            self.mailbox = mailbox
        }

        deinit { releasedOnLoop.set(mailbox.isCurrent ? 1 : -1) }
    }

    private final class Flag: Sendable {
        private let value = Atomic<Int>(0)
        func set(_ new: Int) { value.store(new, ordering: .releasing) }
        var current: Int { value.load(ordering: .acquiring) }
    }

    /// Runs a loop on a thread of its own until `work`, which runs on another thread, has returned.
    private func whileALoopRuns(_ make: @escaping @Sendable (any IOLoop) -> Void) {
        let done = DispatchSemaphore(value: 0)
        Thread {
            let loop = SelectLoop()
            make(loop)
            loop.start()
            done.signal()
        }.start()
        #expect(done.wait(timeout: .now() + 20) == .success)
    }

    @Test func theObjectIsHandedBackOnTheLoopsThreadInOrder() {
        let results = Guarded<[Int]>([])
        whileALoopRuns { loop in
            let bound = LoopBound(Counter(stop: { loop.stop() }), on: loop)
            let mailbox = loop.mailbox
            Thread {
                for number in 0 ..< 1000 {
                    try? bound.execute { counter in
                        counter.numbers.append(mailbox.isCurrent ? number : -1)
                    }
                }
                try? bound.execute { counter in
                    let numbers = counter.numbers
                    results.withLock { $0 = numbers }
                    counter.stop()
                }
            }.start()
        }
        #expect(results.withLock { $0 } == Array(0 ..< 1000))
    }

    @Test func theObjectIsReleasedOnTheLoopsThread() {
        let flag = Flag()
        whileALoopRuns { loop in
            let last = Guarded<LoopBound<Witness>?>(LoopBound(Witness(flag, loop.mailbox), on: loop))
            let stop = LoopBound(Counter(stop: { loop.stop() }), on: loop)
            loop.callLater(.zero) {
                Thread {
                    last.withLock { $0 = nil }
                    try? stop.execute { counter in counter.stop() }
                }.start()
            }
        }
        #expect(flag.current == 1)
    }

    @Test func aLoopThatIsClosedIsAnErrorAndNotSilence() {
        let loop = SelectLoop()
        let bound = LoopBound(Counter(), on: loop)
        loop.close()
        let error = thrown { try bound.execute { _ in Issue.record("it ran") } }
        #expect(error?.code == .loopClosed)
    }

    @Test func anotherThreadIsRefusedTheObjectItself() {
        let loop = SelectLoop()
        let bound = LoopBound(Counter(), on: loop)
        #expect(throws: Never.self) { try bound.withValue { $0.numbers.append(1) } }
        let refused = Guarded<AMQPError?>(nil)
        let done = DispatchSemaphore(value: 0)
        Thread {
            let error = thrown { try bound.withValue { $0.numbers.append(2) } }
            refused.withLock { $0 = error }
            done.signal()
        }.start()
        #expect(done.wait(timeout: .now() + 20) == .success)
        #expect(refused.withLock { $0 }?.code == .loopWrongState)
    }

    #if DEBUG
    @Test func aCallOnTheWrongThreadStopsADebugBuild() async {
        await #expect(processExitsWith: .failure) {
            let mailbox = Mailbox(wake: {}, isCurrent: { false }, threads: { "the loop's is 1, this is 2" })
            mailbox.assertCurrent()
        }
    }
    #endif
}

/// Something that belongs to a loop.
private final class Counter {
    var numbers: [Int] = []
    let stop: () -> Void

    init(stop: @escaping () -> Void = {}) { self.stop = stop }
}

@available(*, unavailable)
extension Counter: Sendable {}
