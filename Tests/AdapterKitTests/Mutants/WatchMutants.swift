internal import AMQPSelect

/// Removing a reader does not remove it.
final class KeepsRemovedReaders: ForwardingLoop {
    override func removeReader(_ descriptor: Int32) -> Bool { true }
}

/// Removing a reader takes effect in the next turn.
final class RemovesReadersLate: ForwardingLoop {
    final class Removal: TurnObserver {
        let body: () -> Void

        init(_ body: @escaping () -> Void) { self.body = body }

        func turnEnded() { body() }
    }

    override func removeReader(_ descriptor: Int32) -> Bool {
        guard base.isInTurn else { return base.removeReader(descriptor) }
        base.callAtEndOfTurn(Removal { [base] in base.removeReader(descriptor) })
        return true
    }
}

/// Events are collected by number first and delivered then, to whoever has the number by that time.
final class DeliversStaleEvents: ForwardingLoop, TurnObserver {
    private var readers: [Int32: () -> Void] = [:]
    private var ready: [Int32] = []

    override func setReader(_ descriptor: Int32, _ callback: @escaping () -> Void) throws(AMQPError) {
        readers[descriptor] = callback
        try base.setReader(descriptor) { [weak self] in self?.collect(descriptor) }
    }

    override func removeReader(_ descriptor: Int32) -> Bool {
        base.removeReader(descriptor)
        return readers.removeValue(forKey: descriptor) != nil
    }

    private func collect(_ descriptor: Int32) {
        if ready.isEmpty { base.callAtEndOfTurn(self) }
        ready.append(descriptor)
    }

    func turnEnded() {
        let batch = ready
        ready = []
        for descriptor in batch { readers[descriptor]?() }
    }
}

/// Readiness is told once, not for as long as it lasts.
final class TellsReadinessOnce: ForwardingLoop {
    override func setReader(_ descriptor: Int32, _ callback: @escaping () -> Void) throws(AMQPError) {
        try base.setReader(descriptor) { [base] in
            base.removeReader(descriptor)
            callback()
        }
    }
}

/// A watch that is set again keeps its old callback.
final class KeepsTheFirstCallback: ForwardingLoop {
    private var isWatched: Set<Int32> = []

    override func setReader(_ descriptor: Int32, _ callback: @escaping () -> Void) throws(AMQPError) {
        guard isWatched.insert(descriptor).inserted else { return }
        try base.setReader(descriptor, callback)
    }

    override func removeReader(_ descriptor: Int32) -> Bool {
        isWatched.remove(descriptor)
        return base.removeReader(descriptor)
    }
}

/// Removing the writer takes the reader away too.
final class RemovesBothWatches: ForwardingLoop {
    override func removeWriter(_ descriptor: Int32) -> Bool {
        base.removeReader(descriptor)
        return base.removeWriter(descriptor)
    }
}

/// A descriptor that cannot be is accepted and never heard of.
final class AcceptsImpossibleDescriptors: ForwardingLoop {
    override func setReader(_ descriptor: Int32, _ callback: @escaping () -> Void) throws(AMQPError) {
        if descriptor >= 0 { try base.setReader(descriptor, callback) }
    }
}

/// A failed connect is no event.
final class HidesFailedConnects: ForwardingLoop {
    override func setReader(_ descriptor: Int32, _ callback: @escaping () -> Void) throws(AMQPError) {
        try base.setReader(descriptor) { [base] in
            // A peer is there: the watch is real.
            if SocketAddress.ofSocket(descriptor, peer: true) != nil {
                callback()
            } else {
                base.removeReader(descriptor)
            }
        }
    }
}
