public import AMQPProtocol

/// A connected byte stream: what a connection talks through.
///
/// A transport belongs to its loop's thread. Its handler hears of bytes and of the end, never inside a call that it
/// makes to the transport.
public protocol StreamTransport: AnyObject {
    /// Sets the handler and begins to read; called once.
    func start(_ handler: any StreamHandler)

    /// Queues bytes behind those queued before; nothing is written yet. The transport keeps the slice until it is sent.
    func send(_ bytes: ByteSlice)

    /// Writes what is queued as far as the stream takes it now, in as few system calls as possible, and goes on with
    /// the rest whenever the stream takes more.
    func flush()

    /// The number of bytes that are queued and not yet given to the stream.
    var unsentByteCount: Int { get }

    /// Stops reading until ``resumeReading()``; the peer is held back by the stream's own flow control.
    func pauseReading()

    /// Reads again after ``pauseReading()``.
    func resumeReading()

    /// Sends what is queued, then closes the stream. The handler's ``StreamHandler/streamClosed(_:)`` follows.
    ///
    /// What comes meanwhile need not be delivered any more; a connection drops it.
    func close()

    /// Drops what is queued and closes the stream. The handler's ``StreamHandler/streamClosed(_:)`` follows.
    func abort()

    /// Where the stream leads, for messages; `nil` if it has no address.
    var peerAddress: SocketAddress? { get }
}

/// What hears of a stream's bytes and of its end; a connection is one.
public protocol StreamHandler: AnyObject {
    /// The stream is readable: `read` puts bytes into the memory that it is given and returns how many.
    ///
    /// The handler chooses the memory, calls `read` exactly once, and processes the bytes before it returns. This is
    /// the way for transports that read from the system, since nothing is copied.
    func streamReadable(_ read: (UnsafeMutableRawBufferPointer) -> Int)

    /// Bytes have come; they are valid during this call only. This is the way for transports that own their buffers.
    func streamReceived(_ bytes: UnsafeRawBufferPointer)

    /// Some of the queued bytes were given to the stream: ``StreamTransport/unsentByteCount`` has shrunk.
    func streamSent(_ byteCount: Int)

    /// The stream is over: the last call, made exactly once, never inside a call of the handler's.
    ///
    /// - Parameter error: why the stream was lost; `nil` after ``StreamTransport/close()`` or
    ///   ``StreamTransport/abort()`` of our own.
    func streamClosed(_ error: AMQPError?)
}
