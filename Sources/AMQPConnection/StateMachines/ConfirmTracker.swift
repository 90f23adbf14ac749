/// The publishes of a channel in confirm mode that the broker has not answered yet.
///
/// Publishes have sequence numbers from 1 in the order in which they were sent; the broker's delivery tags are these
/// numbers. An ack or nack with `multiple` covers every open number up to its own. A `basic.return` comes before the ack
/// of its message and does not say which one it is: it belongs to the oldest open mandatory publish that is equal to it; if
/// there is none, to the oldest that differs in its properties only.
struct ConfirmTracker<Continuation> {
    private struct Entry {
        var continuation: Continuation?
        /// For mandatory publishes: tells whether a returned message is this one.
        var fingerprint: PublishFingerprint
        var isOpen = true
    }

    private var entries = RingBuffer<Entry>()
    /// The sequence numbers of the mandatory publishes that have not come back, by fingerprint; some may have ended, or
    /// come back by their other fingerprint.
    private var returnable: [Int: RingBuffer<UInt64>] = [:]
    private var looselyReturnable: [Int: RingBuffer<UInt64>] = [:]
    private var firstSequence: UInt64 = 1
    /// The messages that came back, by sequence number: few, if any.
    private var returned: [UInt64: ReturnedMessage] = [:]

    /// The sequence number of the next publish.
    private(set) var nextSequence: UInt64 = 1

    /// The number of publishes without an answer.
    private(set) var openCount = 0

    /// A message was published; returns its sequence number.
    mutating func published(_ continuation: Continuation?, fingerprint: PublishFingerprint) -> UInt64 {
        defer { nextSequence += 1 }
        entries.append(Entry(continuation: continuation, fingerprint: fingerprint))
        openCount += 1
        if fingerprint != .none {
            returnable[fingerprint.whole, default: RingBuffer()].append(nextSequence)
            looselyReturnable[fingerprint.loose, default: RingBuffer()].append(nextSequence)
        }
        return nextSequence
    }

    /// A message came back.
    mutating func received(_ message: ReturnedMessage, fingerprint: PublishFingerprint) {
        forgetEnded(fingerprint)
        let sequence = returnable[fingerprint.whole]?.first ?? looselyReturnable[fingerprint.loose]?.first
        guard let sequence else { return }
        returned[sequence] = message
        forgetEnded(entries[Int(sequence - firstSequence)].fingerprint)
    }

    /// Whether a publish is open and has not come back.
    private func isReturnable(_ sequence: UInt64) -> Bool { isOpen(sequence) && returned[sequence] == nil }

    private func isOpen(_ sequence: UInt64) -> Bool {
        guard sequence >= firstSequence, sequence < nextSequence else { return false }
        return entries[Int(sequence - firstSequence)].isOpen
    }

    /// Drops what has ended or come back from the front of a fingerprint's publishes, and the fingerprint with the last.
    private mutating func forgetEnded(_ fingerprint: PublishFingerprint) {
        while let sequence = returnable[fingerprint.whole]?.first, !isReturnable(sequence) {
            _ = returnable[fingerprint.whole]?.popFirst()
        }
        if returnable[fingerprint.whole]?.isEmpty == true { returnable[fingerprint.whole] = nil }
        while let sequence = looselyReturnable[fingerprint.loose]?.first, !isReturnable(sequence) {
            _ = looselyReturnable[fingerprint.loose]?.popFirst()
        }
        if looselyReturnable[fingerprint.loose]?.isEmpty == true { looselyReturnable[fingerprint.loose] = nil }
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
            entries[index] = Entry(continuation: nil, fingerprint: .none, isOpen: false)
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
        if entry.fingerprint != .none { forgetEnded(entry.fingerprint) }
        var outcome = outcome
        if !returned.isEmpty, let message = returned.removeValue(forKey: sequence) { outcome = .returned(message) }
        resolved.append(Resolved(sequence: sequence, outcome: outcome, continuation: entry.continuation))
    }

    /// Ends everything; returns the open publishes in order.
    mutating func removeAll() -> [(UInt64, Continuation?)] {
        let open = entries.removeAll().enumerated().filter(\.element.isOpen)
            .map { (firstSequence + UInt64($0.offset), $0.element.continuation) }
        returnable = [:]
        looselyReturnable = [:]
        firstSequence = nextSequence
        returned = [:]
        openCount = 0
        return open
    }
}
