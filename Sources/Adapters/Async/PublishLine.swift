import AMQPConnection

/// A channel with those who wait to publish on it until the gate is open, first come, first served. It belongs to the
/// channel's loop.
final class PublishLine {
    /// One publish that waits.
    private final class Publish {
        let attempt: () -> Void

        init(_ attempt: @escaping () -> Void) {
            self.attempt = attempt
        }
    }

    let channel: Channel
    private var waiting: [Publish] = []
    private var isAdvancing = false

    init(_ channel: Channel) {
        self.channel = channel
        channel.onMayPublish { [weak self] _, isOpen in
            if isOpen { self?.advance() }
        }
        channel.onClose { [weak self] _, _ in self?.advance() }
    }

    /// Whether a publish need not wait. On a channel that is over it fails at once.
    var isFree: Bool { waiting.isEmpty && !isAdvancing && (channel.mayPublish || !channel.isOpen) }

    /// How many wait.
    var count: Int { waiting.count }

    /// Makes a publish now, or when its turn comes and the gate is open, or the channel is over.
    ///
    /// - Returns: what takes it back; `nil` if it was made.
    func join(_ attempt: @escaping () -> Void) -> (() -> Void)? {
        if isFree {
            attempt()
            return nil
        }
        let publish = Publish(attempt)
        waiting.append(publish)
        return { [weak self] in self?.waiting.removeAll { $0 === publish } }
    }

    private func advance() {
        guard !isAdvancing else { return }
        isAdvancing = true
        defer { isAdvancing = false }
        var count = 0
        // `mayPublish` is asked again for each: the one before may have closed the gate, which will open again then.
        while count < waiting.count, channel.mayPublish || !channel.isOpen {
            let publish = waiting[count]
            count += 1
            publish.attempt()
        }
        waiting.removeFirst(count)
    }
}
