/// Callbacks of the program's that kept a loop from everything else: heartbeats, timers and other connections were late by
/// as much. Work that takes long belongs on another thread, for example with ``Channel/consume(_:on:maxInFlight:consumerTag:exclusive:arguments:onFailure:onCancel:completion:handler:)``.
public struct CallbackStall: Sendable {
    /// How long the callbacks that one read led to took together.
    public var duration: Duration
    /// What was called, for example `the handler of consumer "orders" on channel 1`; mostly one.
    public var callbacks: [String]
}

extension CallbackStall: CustomStringConvertible {
    /// What was called, and how long it blocked the loop.
    public var description: String {
        let names = callbacks.isEmpty ? "a callback" : callbacks.joined(separator: ", ")
        return "\(names) blocked the loop for \(duration)"
    }
}
