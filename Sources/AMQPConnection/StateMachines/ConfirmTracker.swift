/// The publishes of a channel in confirm mode that the broker has not answered yet.
///
/// Publishes have sequence numbers from 1 in the order in which they were sent; the broker's delivery tags are these
/// numbers. An ack or nack with `multiple` covers every open number up to its own. A `basic.return` comes before the ack
/// of its message and does not say which one it is: it belongs to the oldest open mandatory publish with the same
/// exchange, routing key and body.
struct ConfirmTracker<Continuation> {
    private struct Entry {
        var continuation: Continuation?
        /// For mandatory publishes: tells whether a returned message is this one. 0 for others.
        var fingerprint: Int
        var isOpen = true
    }

    private var entries = RingBuffer<Entry>()
    /// The sequence numbers of the mandatory publishes that have not come back, by fingerprint; some may have ended.
    private var returnable: [Int: RingBuffer<UInt64>] = [:]
    private var firstSequence: UInt64 = 1
    /// The messages that came back, by sequence number: few, if any.
    private var returned: [UInt64: ReturnedMessage] = [:]

    /// The sequence number of the next publish.
    private(set) var nextSequence: UInt64 = 1

    /// The number of publishes without an answer.
    private(set) var openCount = 0

    /// A message was published; returns its sequence number.
    mutating func published(_ continuation: Continuation?, fingerprint: Int) -> UInt64 {
        defer { nextSequence += 1 }
        entries.append(Entry(continuation: continuation, fingerprint: fingerprint))
        openCount += 1
        if fingerprint != 0 { returnable[fingerprint, default: RingBuffer()].append(nextSequence) }
        return nextSequence
    }

    /// A message came back.
    mutating func received(_ message: ReturnedMessage, fingerprint: Int) {
        while let sequence = returnable[fingerprint]?.popFirst() {
            guard isOpen(sequence) else { continue }
            returned[sequence] = message
            break
        }
        forgetEnded(fingerprint)
    }

    private func isOpen(_ sequence: UInt64) -> Bool {
        guard sequence >= firstSequence, sequence < nextSequence else { return false }
        return entries[Int(sequence - firstSequence)].isOpen
    }

    /// Drops what has ended from the front of a fingerprint's publishes, and the fingerprint with the last.
    private mutating func forgetEnded(_ fingerprint: Int) {
        while let sequence = returnable[fingerprint]?.first, !isOpen(sequence) {
            _ = returnable[fingerprint]?.popFirst()
        }
        if returnable[fingerprint]?.isEmpty == true { returnable[fingerprint] = nil }
    }

    /// A publish that has ended.
    struct Resolved {
        var sequence: UInt64
        var outcome: PublishOutcome
        var continuation: Continuation?
    }

    /// The broker answered; appends every publish that this ends to `resolved`, in order.
    ///
    /// - Parameters:
    ///   - tag: the delivery tag of the answer; 0 with `multiple` means all. One that was never sent is ignored.
    ///   - multiple: whether the answer covers all lower numbers too.
    mutating func answered(_ tag: UInt64, multiple: Bool, isAck: Bool, into resolved: inout [Resolved]) {
        let last = tag == 0 && multiple ? nextSequence - 1 : tag
        guard last >= firstSequence, last < nextSequence else { return }
        if !multiple, last > firstSequence {
            let index = Int(last - firstSequence)
            let entry = entries[index]
            entries[index] = Entry(continuation: nil, fingerprint: 0, isOpen: false)
            end(entry, last, isAck ? .confirmed : .nacked, into: &resolved)
            return
        }
        while firstSequence <= last || entries.first?.isOpen == false, let entry = entries.popFirst() {
            firstSequence += 1
            end(entry, firstSequence - 1, isAck ? .confirmed : .nacked, into: &resolved)
        }
    }

    /// What was published before a sequence number has waited long enough; appends what this ends to `resolved`.
    mutating func expire(before limit: UInt64, _ error: AMQPError, into resolved: inout [Resolved]) {
        let limit = min(limit, nextSequence)
        while firstSequence < limit || entries.first?.isOpen == false, let entry = entries.popFirst() {
            firstSequence += 1
            returned[firstSequence - 1] = nil
            end(entry, firstSequence - 1, .lost(error), into: &resolved)
        }
    }

    /// A publish that was taken out of the entries has ended, unless that had happened before.
    private mutating func end(
        _ entry: Entry, _ sequence: UInt64, _ outcome: PublishOutcome, into resolved: inout [Resolved]
    ) {
        guard entry.isOpen else { return }
        openCount -= 1
        if entry.fingerprint != 0 { forgetEnded(entry.fingerprint) }
        var outcome = outcome
        if !returned.isEmpty, let message = returned.removeValue(forKey: sequence) { outcome = .returned(message) }
        resolved.append(Resolved(sequence: sequence, outcome: outcome, continuation: entry.continuation))
    }

    /// Ends everything; returns the open publishes in order.
    mutating func removeAll() -> [(UInt64, Continuation?)] {
        let open = entries.removeAll().enumerated().filter(\.element.isOpen)
            .map { (firstSequence + UInt64($0.offset), $0.element.continuation) }
        returnable = [:]
        firstSequence = nextSequence
        returned = [:]
        openCount = 0
        return open
    }
}
