/// Which part of an adapter a check is about; each layer needs the one before.
public enum CheckLayer: String, Sendable, Hashable, CaseIterable {
    /// Turns, timers, mailbox and descriptor watches.
    case loop
    /// Resolving, connecting and byte streams.
    case transport
    /// Whole AMQP sessions with a scripted broker.
    case session
}
