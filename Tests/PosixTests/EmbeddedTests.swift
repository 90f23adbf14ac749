import AMQPPosix
import AdapterKit
import Foundation
import Testing

/// The embedding face, driven by a poll loop that the test writes by hand.
@Suite struct EmbeddedTests {
    /// One wait as a program would do it that knows only the face for one connection.
    private func wait(_ loop: EmbeddedLoop) {
        var events: Int16 = 0
        if loop.wantsRead { events |= Int16(POLLIN) }
        if loop.wantsWrite { events |= Int16(POLLOUT) }
        var entries = [
            pollfd(fd: loop.wakeDescriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: loop.fileDescriptor ?? -1, events: events, revents: 0),
        ]
        let timeout = loop.pollTimeout
        poll(&entries, 2, timeout < 0 ? 1000 : min(timeout, 1000))
        let found = entries[1].revents
        let failed = found & Int16(POLLERR | POLLHUP) != 0
        loop.process(readable: failed || found & Int16(POLLIN) != 0, writable: failed || found & Int16(POLLOUT) != 0)
    }

    private func run(_ loop: EmbeddedLoop, until condition: () -> Bool) -> Bool {
        let end = loop.now.advanced(by: .seconds(10))
        while !condition() {
            guard loop.now < end else { return false }
            wait(loop)
        }
        return true
    }

    @Test func `a program's own poll loop resolves, connects, sends, receives and ends`() async throws {
        try await onThread {
            let loop = EmbeddedLoop()
            let listener = try Listener()
            #expect(loop.fileDescriptor == nil && !loop.wantsRead && !loop.wantsWrite)
            #expect(loop.nextDeadline == nil && loop.pollTimeout == -1 && loop.nextTimeout == nil)
            var resolved: [SocketAddress] = []
            _ = loop.resolve("localhost", port: 1) { result in resolved = (try? result.get()) ?? [] }
            #expect(run(loop) { !resolved.isEmpty })
            var transport: (any StreamTransport)?
            _ = loop.connect(to: listener.address) { transport = try? $0.get() }
            #expect(run(loop) { transport != nil })
            let stream = try #require(transport)
            let peer = try #require(listener.accept())
            let handler = RecordingHandler()
            stream.start(handler)
            #expect(loop.fileDescriptor != nil && loop.wantsRead && !loop.wantsWrite)
            let bytes = [UInt8](repeating: 7, count: 8 << 20)
            stream.send(ByteSlice(bytes))
            stream.flush()
            #expect(loop.wantsWrite)
            var count = 0
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            #expect(
                run(loop) {
                    count += buffer.withUnsafeMutableBytes { (try? System.read(peer, $0)) ?? 0 }
                    return count == bytes.count
                })
            _ = try System.send(peer, ByteSlice([1, 2, 3]))
            #expect(run(loop) { handler.received == [1, 2, 3] })
            System.close(peer)
            #expect(run(loop) { handler.isClosed })
            #expect(loop.fileDescriptor == nil)
            loop.close()
        }
    }

    @Test func `deadlines and posts are served by process alone`() async throws {
        try await onThread {
            let loop = EmbeddedLoop()
            var fired = false
            let made = loop.now
            loop.callLater(.milliseconds(5)) { fired = true }
            #expect(loop.nextDeadline.map { made.duration(to: $0) >= .milliseconds(5) } == true)
            // On a busy machine the deadline may have passed already.
            #expect((0 ... 5).contains(loop.pollTimeout))
            let far = loop.callLater(.seconds(60)) {}
            #expect((0 ... 5).contains(loop.pollTimeout))
            far.cancel()
            loop.process()
            #expect(run(loop) { fired })
            #expect(made.duration(to: loop.now) >= .milliseconds(5))
            let ran = Guarded(false)
            let mailbox = loop.mailbox
            Thread { try? mailbox.addCallbackThreadsafe { ran.withLock { $0 = true } } }.start()
            #expect(run(loop) { ran.withLock { $0 } })
            // Inside a callback it does nothing.
            var depth = 0
            loop.callLater(.zero) {
                depth += 1
                loop.process()
            }
            loop.callLater(.zero) { depth += 1 }
            loop.process()
            #expect(depth == 2)
            loop.close()
        }
    }

    @Test func `several descriptors are watched side by side`() async throws {
        try await onThread {
            let loop = EmbeddedLoop()
            let (near, far) = try System.socketPair()
            var calls: [Int32] = []
            for descriptor in [near, far] { try loop.setWriter(descriptor) { calls.append(descriptor) } }
            try loop.setReader(near) {}
            #expect(
                loop.watches == [
                    EmbeddedLoop.Watch(descriptor: near, interest: [.readable, .writable]),
                    EmbeddedLoop.Watch(descriptor: far, interest: .writable),
                ])
            loop.process([
                EmbeddedLoop.Watch(descriptor: far, interest: [.readable, .writable]),
                EmbeddedLoop.Watch(descriptor: 999_999, interest: .readable),
            ])
            #expect(calls == [far])
            // With several it looks by itself.
            loop.process()
            #expect(calls == [far, near, far])
            for descriptor in [near, far] {
                loop.removeReader(descriptor)
                loop.removeWriter(descriptor)
                System.close(descriptor)
            }
            #expect(loop.watches.isEmpty)
            loop.close()
        }
    }

    @Test func `an address that does not answer keeps none behind it waiting`() async throws {
        try await onThread {
            let loop = EmbeddedLoop()
            let hole = try BlackHole()
            let listener = try Listener()
            var outcomes: [String] = []
            let lost = loop.connect(to: hole.address) { _ in outcomes.append("hole") }
            _ = loop.connect(to: listener.address) { _ in outcomes.append("listener") }
            #expect(loop.watches.count == 2)
            #expect(run(loop) { !outcomes.isEmpty })
            #expect(outcomes == ["listener"])
            lost.cancel()
            loop.close()
        }
    }

    @Test func `a stream that is newer keeps none before it waiting`() async throws {
        try await onThread {
            let loop = EmbeddedLoop()
            let hole = try BlackHole()
            let listener = try Listener()
            var outcomes: [String] = []
            _ = loop.connect(to: listener.address) { _ in outcomes.append("listener") }
            let lost = loop.connect(to: hole.address) { _ in outcomes.append("hole") }
            loop.callLater(.milliseconds(20)) {}
            #expect(run(loop) { !outcomes.isEmpty })
            #expect(outcomes == ["listener"])
            lost.cancel()
            loop.close()
        }
    }

    @Test func `a socket is not taken for connected because the program says that it is ready`() async throws {
        try await onThread {
            let loop = EmbeddedLoop()
            let hole = try BlackHole()
            var outcomes = 0
            let lost = loop.connect(to: hole.address) { _ in outcomes += 1 }
            for _ in 0 ..< 3 { loop.process(readable: true, writable: true) }
            for _ in 0 ..< 3 { loop.process(loop.watches) }
            #expect(outcomes == 0)
            lost.cancel()
            loop.close()
        }
    }

    @Test func `a closed loop touches no descriptor`() async throws {
        try await onThread {
            let loop = EmbeddedLoop()
            #expect(loop.wakeDescriptor >= 0)
            loop.close()
            #expect(loop.wakeDescriptor == -1 && loop.fileDescriptor == nil && loop.watches.isEmpty)
            loop.process()
            loop.process(readable: true, writable: true)
            loop.process([EmbeddedLoop.Watch(descriptor: 0, interest: .readable)])
        }
    }
}
