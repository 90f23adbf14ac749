/// How a stream is lost.
public enum StreamCut: Sendable, Hashable {
    /// The receiver sees the end of the stream, as after a FIN; the sender's stream is reset.
    case endOfStream
    /// Both ends see a reset, as after a RST.
    case reset
}
