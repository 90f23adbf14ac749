// What idle connections cost a busy one: the CPU time of the loop's thread per round trip of 100 bytes on one TCP
// connection, next to 10 and to 1,000 connections on which nothing happens.
//
//     IdleConnections [ROUND TRIPS]        20,000 if not said otherwise
//
// On epoll the two figures are the same, within a few percent; poll(2) pays for every descriptor in every turn.

import AMQPEpoll
import AMQPPoll
import AMQPPosix
import Foundation

/// Sends 100 bytes, waits until they have come back, and so on.
final class PingPong: StreamHandler {
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)
    private let message = ByteSlice([UInt8](repeating: 7, count: 100))
    private let stream: any StreamTransport
    private let loop: HostedLoop
    private var left = 0
    private var received = 0

    init(_ stream: any StreamTransport, on loop: HostedLoop) {
        self.stream = stream
        self.loop = loop
        stream.start(self)
    }

    deinit {
        memory.deallocate()
    }

    func run(_ count: Int) {
        left = count
        received = 0
        send()
        loop.start()
    }

    private func send() {
        stream.send(message)
        stream.flush()
    }

    func streamReadable(_ read: (UnsafeMutableRawBufferPointer) -> Int) {
        received += read(memory)
        guard received >= message.count else { return }
        received = 0
        left -= 1
        if left > 0 { send() } else { loop.stop() }
    }

    func streamReceived(_ bytes: UnsafeRawBufferPointer) {}

    func streamSent(_ byteCount: Int) {}

    func streamClosed(_ error: AMQPError?) {
        guard error?.code != .loopClosed else { return }
        fatalError("the stream ended: \(error.map { "\($0)" } ?? "closed")")
    }
}

// SAFETY: it has no state that changes.
/// The peer: accepts everybody and sends back what the last one says.
final class EchoServer: @unchecked Sendable {
    private let listener: Int32
    let address: SocketAddress

    init() throws {
        listener = try System.listen(on: .ipv4(0x7F00_0001, port: 0), backlog: 4096)
        guard let address = SocketAddress.ofSocket(listener, peer: false) else { fatalError("no address") }
        self.address = address
    }

    /// Accepts `count` idle connections and a busy one, on a thread of its own, until the busy one ends.
    func serve(idle count: Int) {
        Thread { [self] in
            var idle: [Int32] = []
            while idle.count < count { idle.append(accept()) }
            let busy = accept()
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                _ = System.wait(for: .readable, of: busy, atMost: .seconds(10))
                let received = buffer.withUnsafeMutableBytes { try? System.read(busy, $0) }
                guard let received else { continue }
                guard received > 0 else { break }
                _ = try? System.send(busy, ByteSlice(buffer[..<received]))
            }
            for descriptor in idle + [busy] { System.close(descriptor) }
        }.start()
    }

    private func accept() -> Int32 {
        while true {
            if let descriptor = try? System.accept(listener) { return descriptor }
            _ = System.wait(for: .readable, of: listener, atMost: .seconds(10))
        }
    }
}

func threadTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}

func connect(_ loop: HostedLoop, _ address: SocketAddress) -> any StreamTransport {
    var stream: (any StreamTransport)?
    _ = loop.connect(to: address) { result in
        switch result {
        case .success(let transport): stream = transport
        case .failure(let error): fatalError("\(error)")
        }
    }
    while true {
        loop.step(timeLimit: .seconds(1))
        if let stream { return stream }
    }
}

/// The CPU time of one round trip in nanoseconds, next to `idle` connections.
func measure(_ loop: HostedLoop, idle: Int, count: Int) throws -> Double {
    let server = try EchoServer()
    server.serve(idle: idle)
    let others = (0 ..< idle).map { _ in PingPong(connect(loop, server.address), on: loop) }
    let busy = PingPong(connect(loop, server.address), on: loop)
    busy.run(count / 10)
    let begin = threadTime()
    busy.run(count)
    let taken = threadTime() - begin
    withExtendedLifetime(others) {}
    loop.close()
    return taken / Double(count)
}

var limit = rlimit()
getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
limit.rlim_cur = min(limit.rlim_max, 16384)
setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
let count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 20_000

for (name, make) in [("Epoll", { try EpollLoop() }), ("Poll", { PollLoop() })] as [(String, () throws -> HostedLoop)] {
    var figures: [Int: [Double]] = [:]
    // Alternating, so that what else the machine does hits both alike.
    for _ in 0 ..< 5 {
        for idle in [10, 1000] {
            figures[idle, default: []].append(try measure(try make(), idle: idle, count: count))
        }
    }
    let medians = [10, 1000].map { (figures[$0] ?? []).sorted()[2] }
    print(
        "\(name): \(Int(medians[0])) ns of CPU a round trip next to 10 idle connections, \(Int(medians[1])) next to 1000",
        "(x \((medians[1] / medians[0] * 100).rounded() / 100))")
}
