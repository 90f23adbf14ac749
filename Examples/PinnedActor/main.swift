// An actor pinned to a libev loop: it calls the continuation-passing API directly, and callbacks change its state.

import AMQPAsync
import AMQPLibev
import Foundation

let url = ProcessInfo.processInfo.environment["AMQP_URL"] ?? "amqp://localhost"
let parameters = try ConnectionParameters(url: url)

// The loop runs on a thread of its own here; a program that has a libev loop hands that in, and runs it as ever.
let (executors, continuation) = AsyncStream.makeStream(of: IOLoopExecutor.self)
Thread.detachNewThread {
    do {
        let loop = try LibevLoop()
        continuation.yield(IOLoopExecutor(loop))
        continuation.finish()
        loop.start()
    } catch {
        print(error)
        exit(1)
    }
}

for await executor in executors {
    let tally = Tally(on: executor)
    let words = "the quick brown fox jumps over the lazy dog and the cat".split(separator: " ").map(String.init)
    do {
        let counts = try await tally.count(words, parameters)
        print("the: \(counts["the"] ?? 0), words: \(counts.count)")
        exit(counts["the"] == 3 && counts.count == 10 ? 0 : 1)
    } catch {
        print(error)
        exit(1)
    }
}
