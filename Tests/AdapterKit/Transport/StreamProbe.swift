internal import AMQPConnection

/// Records what a stream tells its handler, and reports what a stream must never do: an event inside a call of the
/// handler's, or one after the end.
final class StreamProbe: StreamHandler {
    /// How much memory the probe gives to each read.
    var memorySize = 16384
    /// Whether the bytes are kept; otherwise only counted.
    var keepsBytes = true
    var onReceive: () -> Void = {}
    var onSent: () -> Void = {}
    var onClosed: () -> Void = {}

    private(set) var received: [UInt8] = []
    private(set) var receivedByteCount = 0
    private(set) var receiveEvents = 0
    private(set) var sentByteCount = 0
    private(set) var ends: [AMQPError?] = []
    private let check: CheckRun

    init(_ check: CheckRun) { self.check = check }

    /// The code of the error that ended the stream; `nil` also if it has not ended.
    var endCode: AMQPError.Code? { ends.first.flatMap { $0?.code } }

    func streamReadable(_ read: (UnsafeMutableRawBufferPointer) -> Int) {
        event("streamReadable")
        withUnsafeTemporaryAllocation(byteCount: memorySize, alignment: 1) { memory in
            let count = read(memory)
            guard count <= memory.count, count >= 0 else {
                return check.fail("a read into \(memory.count) bytes returned \(count)")
            }
            took(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<count]))
        }
    }

    func streamReceived(_ bytes: UnsafeRawBufferPointer) {
        event("streamReceived")
        took(bytes)
    }

    func streamSent(_ byteCount: Int) {
        event("streamSent")
        sentByteCount += byteCount
        onSent()
    }

    func streamClosed(_ error: AMQPError?) {
        event("streamClosed")
        ends.append(error)
        let closed = onClosed
        // They usually hold the probe, which would keep itself, its stream and the check alive.
        onReceive = {}
        onSent = {}
        onClosed = {}
        closed()
    }

    private func event(_ name: String) {
        check.entered(name)
        check.expect(ends.isEmpty, "\(name) came after the end of the stream")
    }

    private func took(_ bytes: UnsafeRawBufferPointer) {
        receiveEvents += 1
        receivedByteCount += bytes.count
        if keepsBytes { received += bytes }
        onReceive()
    }
}
