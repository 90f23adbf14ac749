import AMQPConnection

/// Records what a stream tells.
final class TLSProbe: StreamHandler {
    var memorySize = 65536
    var onReceive: () -> Void = {}
    private(set) var received: [UInt8] = []
    private(set) var sentByteCount = 0
    private(set) var ends: [AMQPError?] = []

    func streamReadable(_ read: (UnsafeMutableRawBufferPointer) -> Int) {
        withUnsafeTemporaryAllocation(byteCount: memorySize, alignment: 1) { memory in
            let count = read(memory)
            received += memory[..<count]
            if count > 0 { onReceive() }
        }
    }

    func streamReceived(_ bytes: UnsafeRawBufferPointer) {
        received += bytes
        onReceive()
    }

    func streamSent(_ byteCount: Int) { sentByteCount += byteCount }

    func streamClosed(_ error: AMQPError?) {
        ends.append(error)
        onReceive = {}
    }
}
