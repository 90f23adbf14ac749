/// The listeners of one event, called in the order in which they were added.
///
/// An event goes to those that were there when it began; one that is removed meanwhile is not called any more.
package final class Listeners<Event> {
    private var entries: [(id: UInt64, call: (Event) -> Void)] = []
    private var nextID: UInt64 = 0
    private var hasEnded = false

    package init() {}

    var isEmpty: Bool { entries.isEmpty }

    package func add(_ call: @escaping (Event) -> Void) -> ListenerToken {
        guard !hasEnded else { return ListenerToken {} }
        nextID += 1
        let id = nextID
        entries.append((id, call))
        return ListenerToken { [weak self] in self?.entries.removeAll { $0.id == id } }
    }

    /// Forgets everybody, for good: the object has had its last event, and nobody is kept who would wait for more.
    func end() {
        entries = []
        hasEnded = true
    }

    /// Tells everybody who listens now.
    package func emit(_ event: Event) {
        for entry in entries where entries.contains(where: { $0.id == entry.id }) { entry.call(event) }
    }

    /// Tells everybody who listens now, and forgets them: for an event that is the last one.
    func emitLast(_ event: Event) {
        let last = entries
        defer { entries = [] }
        for entry in last where entries.contains(where: { $0.id == entry.id }) { entry.call(event) }
    }
}

/// Removes a listener.
public final class ListenerToken {
    private var removal: (() -> Void)?

    package init(_ removal: @escaping () -> Void) {
        self.removal = removal
    }

    /// Removes the listener; also from inside a listener, and more than once. Dropping the token removes nothing.
    public func remove() {
        removal?()
        removal = nil
    }
}

@available(*, unavailable)
extension ListenerToken: Sendable {}
