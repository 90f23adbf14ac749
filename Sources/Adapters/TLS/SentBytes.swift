/// Tells how many plain bytes have left when so many bytes of ciphertext have.
struct SentBytes {
    /// Ciphertext that was given to the base, and the plain bytes that have left when all of it has.
    private struct Mark {
        var ciphertext: UInt64
        var plain: UInt64
    }

    private var marks: [Mark] = []
    private var encryptedCount: UInt64 = 0
    private var givenCount: UInt64 = 0
    private var sentCount: UInt64 = 0
    private var toldCount: UInt64 = 0

    /// So many plain bytes were encrypted.
    mutating func encrypted(_ count: Int) {
        encryptedCount &+= UInt64(count.magnitude)
    }

    /// So many bytes of ciphertext, holding all that was encrypted, were given to the base.
    mutating func given(_ count: Int) {
        givenCount &+= UInt64(count.magnitude)
        marks.append(Mark(ciphertext: givenCount, plain: encryptedCount))
    }

    /// The base has sent so many bytes; returns how many plain ones that makes.
    mutating func sent(_ count: Int) -> Int {
        sentCount &+= UInt64(count.magnitude)
        let passed = marks.prefix { $0.ciphertext <= sentCount }
        guard let last = passed.last else { return 0 }
        defer { toldCount = last.plain }
        marks.removeFirst(passed.count)
        return Int(clamping: last.plain &- toldCount)
    }
}
