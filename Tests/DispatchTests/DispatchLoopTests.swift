import AMQPDispatch
import Dispatch
import Foundation
import Testing

@Suite struct DispatchLoopTests {
    @Test func `a loop runs its callbacks on its queue`() async throws {
        try await onThread {
            let queue = DispatchQueue(label: "test")
            let key = DispatchSpecificKey<Bool>()
            queue.setSpecific(key: key, value: true)
            let posted = Guarded(false)
            DispatchLoop.run(on: queue) { loop in
                let mailbox = loop.mailbox
                #expect(mailbox.isCurrent)
                func stopWhenPosted() {
                    if posted.withLock({ $0 }) { return loop.stop() }
                    loop.callLater(.milliseconds(1), stopWhenPosted)
                }
                stopWhenPosted()
                loop.callLater(.milliseconds(1)) {
                    #expect(DispatchQueue.getSpecific(key: key) == true)
                    #expect(mailbox.isCurrent)
                    DispatchQueue.global().async {
                        #expect(!mailbox.isCurrent)
                        try? mailbox.addCallbackThreadsafe {
                            #expect(DispatchQueue.getSpecific(key: key) == true)
                            posted.withLock { $0 = true }
                        }
                    }
                }
            }
        }
    }

    @Test func `a queue that targets the loop's queue counts as it`() async throws {
        try await onThread {
            let queue = DispatchQueue(label: "outer")
            let inner = DispatchQueue(label: "inner", target: queue)
            let loop = queue.sync { DispatchLoop(on: queue) }
            #expect(inner.sync { loop.mailbox.isCurrent })
            #expect(!loop.mailbox.isCurrent)
            queue.sync { loop.close() }
        }
    }

    @Test func `run waits until the loop is stopped, and closes it`() async throws {
        try await onThread {
            let box = Guarded<Mailbox?>(nil)
            let ran = Guarded(false)
            DispatchLoop.run { loop in
                box.withLock { $0 = loop.mailbox }
                loop.callLater(.milliseconds(20)) {
                    ran.withLock { $0 = true }
                    loop.stop()
                }
            }
            #expect(ran.withLock { $0 })
            let mailbox = try #require(box.withLock { $0 })
            #expect { try mailbox.addCallbackThreadsafe {} } throws: { ($0 as? AMQPError)?.code == .loopClosed }
        }
    }

    @Test func `run on the calling queue itself returns at once`() async throws {
        try await onThread {
            let queue = DispatchQueue(label: "test")
            queue.sync {
                DispatchLoop.run(on: queue) { _ in Issue.record("it ran after all") }
            }
            let after = Signal()
            queue.async { after.give() }
            #expect(after.came())
        }
    }

    @Test func `a loop cannot be started or stepped on its queue, or when it is closed`() async throws {
        try await onThread {
            let codes = DispatchQueue(label: "test").syncOn { queue in
                let loop = DispatchLoop(on: queue)
                var codes: [AMQPError.Code] = []
                loop.onMisuse = { codes.append($0.code) }
                loop.start()
                loop.step()
                loop.close()
                loop.start()
                return codes
            }
            #expect(codes == [.loopWrongState, .loopWrongState, .loopClosed])
        }
    }

    @Test func `a loop made with on lives until it is closed, with what was made on it`() async throws {
        final class Token {
            let gone: Signal
            init(_ gone: Signal) { self.gone = gone }
            deinit { gone.give() }
        }
        try await onThread {
            let queue = DispatchQueue(label: "test")
            let (ran, gone) = (Signal(), Signal())
            let box = Guarded<Mailbox?>(nil)
            DispatchLoop.on(queue) { loop in
                box.withLock { $0 = loop.mailbox }
                loop.callLater(.milliseconds(50)) { [unowned loop] in
                    ran.give()
                    loop.callLater(.milliseconds(1)) { [unowned loop] in loop.close() }
                }
                return Token(gone)
            }
            #expect(ran.came())
            #expect(gone.came())
            #expect(box.withLock { $0 }?.isClosed == true)
        }
    }

    @Test func `several loops share a queue`() async throws {
        try await onThread {
            let queue = DispatchQueue(label: "test")
            let done = (0 ..< 10).map { _ in Signal() }
            for (number, signal) in done.enumerated() {
                DispatchLoop.on(queue) { loop in
                    loop.callLater(.milliseconds(10 - number)) {
                        loop.close()
                        signal.give()
                    }
                }
            }
            for signal in done { #expect(signal.came()) }
        }
    }

    @Test func `the main actor uses a loop of the main queue directly`() async throws {
        let done = Signal()
        await MainActor.run {
            let loop = DispatchLoop(on: .main)
            loop.callLater(.milliseconds(5)) {
                MainActor.assertIsolated()
                loop.close()
                done.give()
            }
        }
        try await onThread { #expect(done.came()) }
    }
}

extension DispatchQueue {
    /// Runs `body` on the queue with the queue.
    @available(*, noasync)
    func syncOn<Value>(_ body: (DispatchQueue) -> Value) -> Value { sync { body(self) } }
}
