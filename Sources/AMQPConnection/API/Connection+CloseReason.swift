extension Connection {
    /// Why the connection is over; `nil` as long as it is not.
    package var closeReason: AMQPError? {
        if case .closed(let reason) = machine.state { reason } else { nil }
    }
}

extension Channel {
    /// Why the channel is over; `nil` as long as it is not.
    package var closeReason: AMQPError? {
        switch machine.state {
        case .lingering(let reason), .closed(let reason): reason
        case .opening, .open, .closing: nil
        }
    }
}

extension AMQPError {
    /// Whether this is the end that the program asked for.
    package var isOrderlyEnd: Bool {
        code == .channelClosedByClient || code == .connectionClosedByClient
    }
}
