import AMQPProtocol
import Logging

/// When publishers should hold back: what waits to be sent, and what the broker says.
extension Connection {
    /// How much acknowledgements and answers may go beyond the output limit, at least.
    private static let smallestOutputReserve = 65_536

    /// The amount of waiting output changed.
    func outputChanged() {
        let waiting = output.byteCount + transportBacklog + heldByteCount
        let isAbove = waiting > (isAboveWaterMark ? outputLimits.lowWaterMark : outputLimits.highWaterMark)
        if isAbove != isAboveWaterMark {
            isAboveWaterMark = isAbove
            gateChanged()
        }
        guard outputLimits.detectsBackpressure else { return }
        let average = (bytesSent + UInt64(output.byteCount)) / max(framesSent, 1)
        let (limit, isAnything) = average.multipliedReportingOverflow(by: UInt64(max(backpressureMultiplier, 0)))
        if (!isAnything && waiting > limit) != isUnderBackpressure {
            isUnderBackpressure.toggle()
            gateChanged()
        }
    }

    /// Why a call of the user's cannot add `size` bytes to the output; `nil` if it can (``ConnectionParameters/outputLimit``).
    func outputRefusal(of size: Int, _ method: MethodID) -> AMQPError? {
        let room = outputLimits.limit - size
        // What the stream has not taken is asked for only if it matters.
        guard output.byteCount + transportBacklog + heldByteCount > room,
            unsentByteCount + heldByteCount > room
        else { return nil }
        return AMQPError(
            .outputBufferFull, blame: .application,
            "\(unsentByteCount + heldByteCount) bytes wait to be sent; the limit is \(outputLimits.limit)",
            method: method)
    }

    /// Acknowledgements, answers and heartbeats cannot be refused: if they go far beyond the limit, the peer is one that
    /// does not read, and the connection ends.
    func endIfOutputIsTooLarge() {
        let limit = outputLimits.limit
        let reserve = max(limit / 8, Connection.smallestOutputReserve)
        guard output.byteCount + transportBacklog > limit, unsentByteCount - reserve > limit, !isEndingForOutput
        else { return }
        isEndingForOutput = true
        let error = AMQPError(
            .outputBufferFull, blame: .peer,
            "\(unsentByteCount) bytes wait to be sent; the broker does not read what it is answered")
        runLater { self.abort(error) }
    }

    /// Something changed that publishers wait for: the listeners are told in a later turn, with what is true then.
    func gateChanged() {
        guard !isGateCheckScheduled, !hasEnded else { return }
        isGateCheckScheduled = true
        runLater { [self] in
            isGateCheckScheduled = false
            guard !hasEnded else { return }
            for channel in channels.all { channel.tellGate() }
            guard isUnderBackpressure != toldBackpressure else { return }
            toldBackpressure = isUnderBackpressure
            if toldBackpressure { logger.warning("\(unsentByteCount) bytes wait to be sent") }
            emit((self, isUnderBackpressure), to: backpressureListeners, "onBackpressure")
        }
    }
}

extension Channel {
    /// Whether it is a good time to publish: the channel is open, the broker neither blocks the connection nor stops the
    /// channel's flow, less output waits than the parameters' water marks allow, and fewer publishes are unconfirmed
    /// than ``unconfirmedLimit``.
    ///
    /// A publish that is made all the same is not refused (before the parameters' output limit is reached).
    public var mayPublish: Bool {
        let isOpen = isGateOpen
        if !isOpen { wasGateSeenClosed = true }
        return isOpen
    }

    var isGateOpen: Bool {
        isOpen && isFlowActive && connection.blockedReason == nil && !connection.isAboveWaterMark
            && confirms.openCount < (unconfirmedMaximum ?? .max)
    }

    /// Calls `listener` when ``mayPublish`` has changed on an open channel, with its value; never inside a call of the
    /// user's. The channel's end is told by ``onClose(_:)``.
    ///
    /// Whoever has seen ``mayPublish`` say no hears `true` when it says yes again, even if both lie so close together
    /// that `false` was never told.
    @discardableResult
    public func onMayPublish(_ listener: @escaping (Channel, Bool) throws -> Void) -> ListenerToken {
        gateListeners.add { try listener($0.0, $0.1) }
    }

    /// Tells the listeners if the gate is not as they were told last.
    func tellGate() {
        guard self.isOpen else { return }
        let isOpen = isGateOpen
        guard isOpen != toldGate || (isOpen && wasGateSeenClosed) else { return }
        toldGate = isOpen
        wasGateSeenClosed = !isOpen
        emit((self, isOpen), to: gateListeners, "onMayPublish")
    }
}
