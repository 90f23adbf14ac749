/// The listeners of one event, called in the order in which they were added.
///
/// An event goes to those that were there when it began; one that is removed meanwhile is not called any more. Listeners
/// that want one event only are taken out before the first of them is called.
package final class Listeners<Event> {
    private final class Entry {
        let isOneShot: Bool
        let wants: ((Event) -> Bool)?
        let call: (Event) throws -> Void
        var isRemoved = false

        init(isOneShot: Bool, wants: ((Event) -> Bool)?, call: @escaping (Event) throws -> Void) {
            self.isOneShot = isOneShot
            self.wants = wants
            self.call = call
        }
    }

    private var entries: [Entry] = []
    private var hasEnded = false

    package init() {}

    var isEmpty: Bool { entries.isEmpty }

    /// Adds a listener.
    ///
    /// - Parameters:
    ///   - isOneShot: whether it is removed with the first event that it wants.
    ///   - wants: which events it wants; all if `nil`.
    package func add(
        isOneShot: Bool = false, where wants: ((Event) -> Bool)? = nil, _ call: @escaping (Event) throws -> Void
    ) -> ListenerToken {
        guard !hasEnded else { return ListenerToken {} }
        let entry = Entry(isOneShot: isOneShot, wants: wants, call: call)
        entries.append(entry)
        return ListenerToken { [weak self, weak entry] in
            guard let entry else { return }
            entry.isRemoved = true
            self?.entries.removeAll { $0 === entry }
        }
    }

    /// Forgets everybody, for good: the object has had its last event, and nobody is kept who would wait for more.
    func end() {
        let entries = self.entries
        for entry in entries { entry.isRemoved = true }
        self.entries = []
        hasEnded = true
        // What the listeners hold goes last: its release may run user code that comes back here.
        withExtendedLifetime(entries) {}
    }

    /// Tells everybody who listens now; one that throws keeps nobody else from being called.
    ///
    /// - Parameter failed: called with what a listener throws.
    package func emit(_ event: Event, failed: (any Error) -> Void) {
        guard !entries.isEmpty else { return }
        let called = entries.filter { $0.wants?(event) ?? true }
        if called.contains(where: \.isOneShot) {
            entries.removeAll { entry in entry.isOneShot && called.contains { $0 === entry } }
        }
        for entry in called where !entry.isRemoved {
            do { try entry.call(event) } catch { failed(error) }
        }
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
