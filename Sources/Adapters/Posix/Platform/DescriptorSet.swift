#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A set of descriptors in the layout of select(2), whose bits are set by checked code of our own.
///
/// The C macros write behind the set when a descriptor is too large; here such a descriptor is refused.
package struct DescriptorSet {
    private static let bits = UInt32.bitWidth
    private var words = [UInt32](repeating: 0, count: MemoryLayout<fd_set>.size / MemoryLayout<UInt32>.size)

    package init() {}

    /// Whether the set can hold the descriptor.
    package static func canHold(_ descriptor: Int32) -> Bool {
        descriptor >= 0 && Int(descriptor) < System.selectCapacity
    }

    /// Adds a descriptor; does nothing if the set cannot hold it.
    package mutating func insert(_ descriptor: Int32) {
        guard Self.canHold(descriptor) else { return }
        words[Self.index(Int(descriptor) / Self.bits)] |= 1 << (Int(descriptor) % Self.bits)
    }

    /// Removes a descriptor.
    package mutating func remove(_ descriptor: Int32) {
        guard Self.canHold(descriptor) else { return }
        words[Self.index(Int(descriptor) / Self.bits)] &= ~(1 << (Int(descriptor) % Self.bits))
    }

    /// Whether the descriptor is in the set.
    package func contains(_ descriptor: Int32) -> Bool {
        guard Self.canHold(descriptor) else { return false }
        return words[Self.index(Int(descriptor) / Self.bits)] & (1 << (Int(descriptor) % Self.bits)) != 0
    }

    /// Empties the set.
    package mutating func removeAll() {
        for index in words.indices { words[index] = 0 }
    }

    /// Takes over the content of another set without allocating.
    package mutating func assign(_ other: DescriptorSet) {
        for index in words.indices { words[index] = other.words[index] }
    }

    /// Calls `body` for each descriptor that is in this set or in the other, in ascending order.
    package func forEach(or other: DescriptorSet, _ body: (Int32) -> Void) {
        for word in words.indices {
            var bits = words[Self.index(word)] | other.words[Self.index(word)]
            while bits != 0 {
                body(Int32(word * Self.bits + bits.trailingZeroBitCount))
                bits &= bits - 1
            }
        }
    }

    mutating func withMutableNative<Value>(_ body: (UnsafeMutablePointer<fd_set>) -> Value) -> Value {
        words.withUnsafeMutableBytes { memory in
            // SAFETY: the array is exactly as long as an `fd_set`, whose alignment (8) array storage always has.
            guard let base = memory.baseAddress else { preconditionFailure("an fd_set has no bytes") }
            return body(base.assumingMemoryBound(to: fd_set.self))
        }
    }

    /// The system's sets are made of `long`: on a big-endian machine the halves of each stand in the other order.
    private static func index(_ word: Int) -> Int {
        #if _endian(big)
        word ^ 1
        #else
        word
        #endif
    }
}
