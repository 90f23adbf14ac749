import AMQPPosix
import AMQPSelect
import Foundation
import Testing

/// Runs `body` on a thread of its own and waits for its end; a thread that does not end in time is a failure.
func onThread(
    limit: TimeInterval = 20, _ body: @escaping @Sendable () throws -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let outcome = try await withCheckedThrowingContinuation {
        (continuation: CheckedContinuation<Result<Void, any Error>?, any Error>) in
        let once = Once { continuation.resume(returning: $0) }
        Thread { once.complete(Result { try body() }) }.start()
        Thread {
            Thread.sleep(forTimeInterval: limit)
            once.complete(nil)
        }.start()
    }
    let result = try #require(outcome, "the thread did not end within \(limit) s", sourceLocation: sourceLocation)
    try result.get()
}

// SAFETY: `completion` is only touched under the lock.
/// Completes at most once, from any thread.
private final class Once<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var completion: ((Value) -> Void)?

    init(_ completion: @escaping (Value) -> Void) {
        self.completion = completion
    }

    func complete(_ value: Value) {
        let completion = lock.withLock {
            defer { self.completion = nil }
            return self.completion
        }
        completion?(value)
    }
}

extension HostedLoop {
    /// Runs turns until `condition` holds; `false` if that takes longer than the limit.
    @available(*, noasync)
    func run(for limit: Duration = .seconds(10), until condition: () -> Bool) -> Bool {
        let end = now.advanced(by: limit)
        while !condition() {
            guard now < end else { return false }
            step(timeLimit: .milliseconds(50))
        }
        return true
    }
}

/// Records what a stream tells.
final class RecordingHandler: StreamHandler {
    var received: [UInt8] = []
    var sentByteCount = 0
    var readCount = 0
    var closings: [AMQPError?] = []
    var onReceive: (() -> Void)?
    var onClose: (() -> Void)?
    var memory: UnsafeMutableRawBufferPointer
    var eventsAfterClose = 0

    init(capacity: Int = 65536) {
        memory = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit {
        memory.deallocate()
    }

    var isClosed: Bool { !closings.isEmpty }

    func streamReadable(_ read: (UnsafeMutableRawBufferPointer) -> Int) {
        if isClosed { eventsAfterClose += 1 }
        readCount += 1
        received += memory.prefix(read(memory))
        onReceive?()
    }

    func streamReceived(_ bytes: UnsafeRawBufferPointer) {
        received += bytes
    }

    func streamSent(_ byteCount: Int) {
        if isClosed { eventsAfterClose += 1 }
        sentByteCount += byteCount
    }

    func streamClosed(_ error: AMQPError?) {
        closings.append(error)
        onClose?()
    }
}

/// A TCP listener on a free port of the loopback interface, without a loop: what peers in tests are made of.
final class Listener {
    let descriptor: Int32
    let address: SocketAddress

    init(ipv6: Bool = false) throws {
        let any: SocketAddress =
            ipv6 ? .ipv6(high: 0, low: 1, port: 0, scope: 0) : .ipv4(0x7F00_0001, port: 0)
        descriptor = try System.listen(on: any)
        address = try #require(SocketAddress.ofSocket(descriptor, peer: false))
    }

    init(path: String) throws {
        address = .unix(path: path)
        descriptor = try System.listen(on: address)
    }

    deinit {
        System.close(descriptor)
    }

    /// The next connection, blocking (but its descriptor does not block); `nil` after five seconds.
    func accept() -> Int32? {
        let end = Date().addingTimeInterval(5)
        while Date() < end {
            if let accepted = try? System.accept(descriptor) { return accepted }
            _ = System.wait(for: .readable, of: descriptor, atMost: .milliseconds(20))
        }
        return nil
    }
}
