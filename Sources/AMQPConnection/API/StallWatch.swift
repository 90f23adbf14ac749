import AMQPProtocol

/// Remembers which callbacks one read leads to, so that one that blocks the loop can be named. It costs a number a
/// delivery, and a look at the clock a read.
struct StallWatch {
    /// More answers than this are not told apart.
    private static let answerLimit = 8

    /// The number of the read whose frames are being handled, or were last.
    private(set) var read: UInt64 = 0
    private(set) var answers: [MethodID] = []

    /// Bytes came; what they lead to is counted from here.
    mutating func begin() {
        read &+= 1
        if !answers.isEmpty { answers.removeAll(keepingCapacity: true) }
    }

    /// A request was answered, and its completion runs next.
    mutating func answered(_ method: MethodID) {
        if answers.count < StallWatch.answerLimit { answers.append(method) }
    }
}
