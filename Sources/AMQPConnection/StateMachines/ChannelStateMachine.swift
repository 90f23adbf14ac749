import AMQPProtocol

/// The life of a channel (specification 2.2.5).
///
///     opening --open-ok--> open --close/close-ok--> closed
///        |                  |                          ^
///        +------------------+--------------------------+   (broker's close, end of the connection)
///
/// While closing, the requests that were made before still complete; `channel.close` waits behind them. A close of the
/// broker's that crosses ours ends the channel for the user, but its number stays in use until our close-ok has come.
struct ChannelStateMachine {
    enum State {
        case opening
        case open
        /// Closed by the user; `isSent` once `channel.close` has left.
        case closing(ChannelClose, isSent: Bool)
        /// Over for the user, while our `channel.close` is still unanswered.
        case lingering(AMQPError)
        case closed(AMQPError)
    }

    private(set) var state = State.opening

    var isOpen: Bool {
        if case .open = state { true } else { false }
    }

    /// `channel.open-ok` came; returns whether the user is told (not if the channel is closing already).
    mutating func receivedOpenOK() -> Bool {
        guard case .opening = state else { return false }
        state = .open
        return true
    }

    /// The user wants to close; returns whether `channel.close` is to be queued.
    mutating func requestedClose(_ close: ChannelClose) -> Bool {
        switch state {
        case .opening, .open:
            state = .closing(close, isSent: false)
            return true
        case .closing, .lingering, .closed:
            return false
        }
    }

    /// `channel.close` has left.
    mutating func closeSent() {
        guard case .closing(let close, false) = state else { return }
        state = .closing(close, isSent: true)
    }

    /// `channel.close-ok` came; returns the reason that everything ends with, if it has not ended already.
    mutating func receivedCloseOK() -> AMQPError? {
        switch state {
        case .closing(let close, isSent: true):
            let error = AMQPError(
                .channelClosedByClient, blame: .application, "the channel was closed by its user",
                replyCode: close.replyCode, replyText: close.replyText)
            state = .closed(error)
            return error
        case .lingering(let error):
            state = .closed(error)
            return nil
        case .opening, .open, .closing, .closed:
            return nil
        }
    }

    enum BrokerCloseAction {
        /// Everything ends with the error; the number is free if `isFree`.
        case end(AMQPError, isFree: Bool)
        /// It has ended already: only answer.
        case none
    }

    /// `channel.close` came; it is answered with close-ok in every case.
    mutating func receivedClose(_ close: ChannelClose) -> BrokerCloseAction {
        let failed = MethodID(classID: close.classID, methodID: close.methodID)
        let error = AMQPError(
            .channelClosedByBroker, blame: .application, "the broker closed the channel", replyCode: close.replyCode,
            replyText: close.replyText, method: failed.wireValue == 0 ? nil : failed)
        switch state {
        case .opening, .open, .closing(_, isSent: false):
            state = .closed(error)
            return .end(error, isFree: true)
        case .closing(_, isSent: true):
            state = .lingering(error)
            return .end(error, isFree: false)
        case .lingering, .closed:
            return .none
        }
    }

    /// Our `channel.close` was not answered in time; returns whether everything ends with the error. The number stays in
    /// use: the answer may still come.
    mutating func closeTimedOut(_ error: AMQPError) -> Bool {
        guard case .closing = state else { return false }
        state = .lingering(error)
        return true
    }

    /// The connection is over; returns whether the channel had not ended yet.
    mutating func connectionEnded(_ error: AMQPError) -> Bool {
        switch state {
        case .opening, .open, .closing:
            state = .closed(error)
            return true
        case .lingering:
            state = .closed(error)
            return false
        case .closed:
            return false
        }
    }

    /// Why a call cannot be made now; `nil` if it can.
    var refusal: AMQPError? {
        switch state {
        case .opening, .open:
            return nil
        case .closing:
            return AMQPError(.channelWrongState, blame: .application, "the channel is closing")
        case .lingering(let reason), .closed(let reason):
            return AMQPError(
                .channelWrongState, blame: .application, "the channel is closed", replyCode: reason.replyCode,
                replyText: reason.replyText, method: reason.method, underlying: reason)
        }
    }
}
