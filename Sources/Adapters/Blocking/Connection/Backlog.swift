/// What waits for the program, and keeps the stream from being read while there is too much of it. A call that waits for
/// something behind it would wait in vain then, so that not everything counts for each.
enum Backlog {
    /// Events and the messages of sequences: nothing is waited for but an answer, the time, or output that leaves.
    case everything
    /// Events only: somebody waits for events, or for a message of a sequence that has none.
    case events
    /// Nothing: somebody waits for what may lie behind events that cannot be dispatched now.
    case nothing
}
