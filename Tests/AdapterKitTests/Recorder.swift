internal import AMQPConnection

/// Records what a stream tells its handler.
final class Recorder: StreamHandler {
    var received: [UInt8] = []
    var pieces: [Int] = []
    var sent = 0
    var ends: [AMQPError?] = []

    func streamReadable(_ read: (UnsafeMutableRawBufferPointer) -> Int) {
        let bytes = [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            count = read(UnsafeMutableRawBufferPointer(buffer))
        }
        received += bytes
        pieces.append(bytes.count)
    }

    func streamReceived(_ bytes: UnsafeRawBufferPointer) {
        received += bytes
        pieces.append(bytes.count)
    }

    func streamSent(_ byteCount: Int) { sent += byteCount }

    func streamClosed(_ error: AMQPError?) { ends.append(error) }
}
