import AMQPPosix
import Foundation
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct WorkerPoolTests {
    @Test func `work runs on as many threads as the pool has, and no more`() async throws {
        try await onThread {
            let pool = WorkerPool(threadCount: 3)
            let barrier = DispatchSemaphore(value: 0)
            let started = DispatchSemaphore(value: 0)
            let done = DispatchSemaphore(value: 0)
            let running = Atomic<Int>(0)
            let most = Atomic<Int>(0)
            for _ in 0 ..< 9 {
                pool.submit {
                    let now = running.add(1, ordering: .relaxed).newValue
                    most.max(now, ordering: .relaxed)
                    started.signal()
                    barrier.wait()
                    running.subtract(1, ordering: .relaxed)
                    done.signal()
                }
            }
            for _ in 0 ..< 3 { started.wait() }
            for _ in 0 ..< 9 { barrier.signal() }
            for _ in 0 ..< 9 { done.wait() }
            #expect(most.load(ordering: .relaxed) == 3)
        }
    }

    @Test func `one thread keeps the order`() async throws {
        try await onThread {
            let pool = WorkerPool(threadCount: 1)
            let done = DispatchSemaphore(value: 0)
            let seen = Mutex<[Int]>([])
            for number in 0 ..< 5_000 {
                pool.submit {
                    seen.withLock { $0.append(number) }
                    if number == 4_999 { done.signal() }
                }
            }
            done.wait()
            #expect(seen.withLock { $0 } == Array(0 ..< 5_000))
        }
    }

    @Test func `a pool that is dropped finishes what it has taken`() async throws {
        try await onThread {
            let done = DispatchSemaphore(value: 0)
            do {
                let pool = WorkerPool(threadCount: 0)
                #expect(pool.threadCount == 1)
                for _ in 0 ..< 100 { pool.submit { done.signal() } }
            }
            for _ in 0 ..< 100 { done.wait() }
        }
    }
}
