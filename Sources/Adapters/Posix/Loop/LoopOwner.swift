import Synchronization

/// Which thread a loop belongs to: the part of a loop that other threads may look at.
final class LoopOwner: Sendable {
    private let thread = Atomic<UInt>(System.currentThread)
    private let inTurn = Atomic<Bool>(false)
    private let check: (@Sendable () -> Bool)?

    init(check: (@Sendable () -> Bool)?) {
        self.check = check
    }

    /// Whether the calling thread is the loop's.
    var isCurrent: Bool {
        if let check { return check() }
        return thread.load(ordering: .relaxed) == System.currentThread
    }

    /// Whether this is called from one of the loop's own callbacks.
    var isInOwnTurn: Bool {
        inTurn.load(ordering: .relaxed) && isCurrent
    }

    /// The loop's thread, for messages.
    var description: String { "\(thread.load(ordering: .relaxed))" }

    /// The calling thread becomes the loop's.
    func adopt() {
        thread.store(System.currentThread, ordering: .relaxed)
    }

    func setInTurn(_ value: Bool) {
        inTurn.store(value, ordering: .relaxed)
    }
}
