@testable import AMQPPosix
import Foundation
import Testing

#if os(Linux)
import CLinux

/// What the system is told of a socket's options.
@Suite struct SocketOptionTests {
    /// The value of an option whose value is an integer.
    private func value(_ descriptor: Int32, _ level: Int32, _ option: Int32) -> Int32 {
        var value: Int32 = -1
        var length = socklen_t(MemoryLayout<Int32>.size)
        #expect(getsockopt(descriptor, level, option, &value, &length) == 0)
        return value
    }

    private func configured(_ options: SocketOptions, _ check: (Int32) -> Void) throws {
        let descriptor = try System.socket(for: .ipv4(0x7F00_0001, port: 1))
        try System.configure(descriptor, options)
        check(descriptor)
        System.close(descriptor)
    }

    @Test func `every option reaches the socket`() throws {
        let options = SocketOptions(
            keepAlive: true, keepAliveIdle: 31, keepAliveInterval: 7, keepAliveCount: 3, userTimeout: 20_000)
        try configured(options) { socket in
            let tcp = Int32(IPPROTO_TCP)
            #expect(value(socket, tcp, TCP_NODELAY) == 1)
            #expect(value(socket, SOL_SOCKET, SO_KEEPALIVE) == 1)
            #expect(value(socket, tcp, TCP_KEEPIDLE) == 31)
            #expect(value(socket, tcp, TCP_KEEPINTVL) == 7)
            #expect(value(socket, tcp, TCP_KEEPCNT) == 3)
            #expect(value(socket, tcp, TCP_USER_TIMEOUT) == 20_000)
        }
    }

    /// Options, and whether the peer is probed.
    static let probing: [(SocketOptions, Int32)] = [
        (SocketOptions(), 0), (SocketOptions(keepAlive: true), 1), (SocketOptions(keepAlive: false), 0),
        (SocketOptions(keepAliveIdle: 60), 1), (SocketOptions(keepAliveInterval: 60), 1),
        (SocketOptions(keepAliveCount: 2), 1), (SocketOptions(userTimeout: 1000), 0),
        (SocketOptions(keepAlive: false, keepAliveIdle: 60), 0),
    ]

    @Test(arguments: probing)
    func `a number for the probes turns them on, unless they are turned off by name`(
        options: SocketOptions, expected: Int32
    ) throws {
        try configured(options) { #expect(value($0, SOL_SOCKET, SO_KEEPALIVE) == expected) }
    }

    @Test func `a wait in nanoseconds that fails is known from one that a signal ended`() {
        var events = [epoll_event(), epoll_event()]
        #expect(ochotona_epoll_wait_ns(-1, &events, 2, 0, 0) == OCHOTONA_UNSUPPORTED)
    }
}
#endif
