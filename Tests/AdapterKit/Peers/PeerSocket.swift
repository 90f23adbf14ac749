package import AMQPConnection
internal import AMQPPosix

/// A non-blocking descriptor that plays the far end of something in a check: no loop, each call says what happened.
package final class PeerSocket: Sendable {
    /// The number of the descriptor; it belongs to this object until it is closed.
    let descriptor: Int32
    private let isOpen = Guarded(true)

    init(adopting descriptor: Int32) { self.descriptor = descriptor }

    deinit { close() }

    /// Two UNIX domain sockets that are connected with each other.
    static func pair() throws(SystemError) -> (PeerSocket, PeerSocket) {
        let ends = try System.socketPair()
        return (PeerSocket(adopting: ends.0), PeerSocket(adopting: ends.1))
    }

    /// Two TCP sockets that are connected with each other over loopback.
    static func tcpPair() throws(SystemError) -> (PeerSocket, PeerSocket) {
        let listener = try PeerListener()
        let near = try connecting(to: listener.address)
        guard let far = listener.accept(within: .seconds(5)) else {
            throw SystemError(call: "accept", number: 0, text: "no connection came over loopback")
        }
        guard near.wait(forReading: false, within: .seconds(5)) else {
            throw SystemError(call: "connect", number: 0, text: "loopback did not connect")
        }
        return (near, far)
    }

    /// A pipe: its reading end and its writing end.
    static func pipe() throws(SystemError) -> (reader: PeerSocket, writer: PeerSocket) {
        let ends = try System.pipe()
        return (PeerSocket(adopting: ends.reader), PeerSocket(adopting: ends.writer))
    }

    /// A socket whose connection attempt has begun.
    package static func connecting(to address: SocketAddress) throws(SystemError) -> PeerSocket {
        let made = PeerSocket(adopting: try System.socket(for: address))
        _ = try System.connect(made.descriptor, to: address)
        return made
    }

    /// Reads what is there, at most `limit` bytes: `nil` if there is nothing yet, empty at the end of the stream.
    package func read(upTo limit: Int = 65536) throws(SystemError) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: max(limit, 1))
        let outcome = bytes.withUnsafeMutableBytes { memory in
            Result { () throws(SystemError) in
                try whileOpen { () throws(SystemError) in try System.read(descriptor, memory) }
            }
        }
        let count = try outcome.get()
        guard let count else { return nil }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// Writes what a socket takes now and says how many bytes that was.
    func write(_ bytes: some Collection<UInt8>) throws(SystemError) -> Int {
        guard !bytes.isEmpty else { return 0 }
        let slice = ByteSlice(bytes)
        return try whileOpen { () throws(SystemError) in try System.send(descriptor, slice) } ?? 0
    }

    /// Writes to a pipe.
    func writePipe(_ bytes: [UInt8]) {
        _ = try? bytes.withUnsafeBytes { (memory) throws(SystemError) in try System.write(descriptor, memory) }
    }

    /// Writes everything, waiting for room; `false` if that took longer than the limit or the stream is broken.
    @discardableResult
    package func writeAll(_ bytes: [UInt8], within limit: Duration = .seconds(5)) -> Bool {
        let end = System.now.advanced(by: limit)
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let count = try? write(rest.prefix(1 << 20)) else { return false }
            rest = rest.dropFirst(count)
            if count == 0, !wait(forReading: false, within: System.now.duration(to: end)) { return false }
        }
        return true
    }

    /// Reads until `count` bytes are there, the stream ends or the limit is over, and returns what came.
    func readBytes(_ count: Int, within limit: Duration = .seconds(5)) -> [UInt8] {
        let end = System.now.advanced(by: limit)
        var bytes: [UInt8] = []
        while bytes.count < count {
            do throws(SystemError) {
                if let piece = try read(upTo: min(count - bytes.count, 1 << 20)) {
                    if piece.isEmpty { return bytes }
                    bytes += piece
                } else if !wait(forReading: true, within: System.now.duration(to: end)) {
                    return bytes
                }
            } catch {
                return bytes
            }
        }
        return bytes
    }

    /// Whether the stream ends within the limit, with nothing more to read.
    func ends(within limit: Duration = .seconds(5)) -> Bool {
        _ = wait(forReading: true, within: limit)
        return (try? read()) == .some([])
    }

    /// Waits until the descriptor is readable (or writable), has an error or is at its end.
    package func wait(forReading: Bool, within limit: Duration) -> Bool {
        !System.wait(for: forReading ? .readable : .writable, of: descriptor, atMost: limit).isEmpty
    }

    /// Ends one direction or both; the descriptor stays open.
    func shutDown(_ direction: System.Direction) { System.shutDown(descriptor, direction) }

    /// Whether it was closed or reset here.
    var isClosed: Bool { isOpen.withLock { !$0 } }

    /// Closes the descriptor; closing twice does nothing.
    func close() { end(System.close) }

    /// Closes a TCP stream in such a way that its peer is reset.
    func reset() { end(System.closeWithReset) }

    private func end(_ body: (Int32) -> Void) {
        isOpen.withLock { isOpen in
            if isOpen { body(descriptor) }
            isOpen = false
        }
    }

    /// Makes a system call that does not block, unless another thread has closed the descriptor: its number may belong
    /// to somebody else by now.
    private func whileOpen(_ call: () throws(SystemError) -> Int?) throws(SystemError) -> Int? {
        let outcome = isOpen.withLock { isOpen -> Result<Int?, SystemError> in
            guard isOpen else { return .failure(SystemError(call: "read or write", number: 9, text: "closed here")) }
            do throws(SystemError) {
                return .success(try call())
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }
}
