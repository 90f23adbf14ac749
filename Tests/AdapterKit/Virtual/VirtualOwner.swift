internal import AMQPPosix
internal import Synchronization

/// Which thread a virtual loop belongs to: the one that ran it last, or made it.
final class VirtualOwner: Sendable {
    private let thread = Atomic<UInt>(System.currentThread)

    var isCurrent: Bool { thread.load(ordering: .relaxed) == System.currentThread }

    func adopt() { thread.store(System.currentThread, ordering: .relaxed) }
}
