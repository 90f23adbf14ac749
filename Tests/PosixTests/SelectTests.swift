import AMQPSelect
import Foundation
import Testing

@Suite(.serialized) struct SelectTests {
    @Test func `a descriptor set holds exactly what select can watch`() {
        var set = DescriptorSet()
        let last = Int32(System.selectCapacity - 1)
        for descriptor in [0, 63, 64, last] { set.insert(descriptor) }
        for descriptor in [-1, last + 1, Int32.max, Int32.min] {
            set.insert(descriptor)
            #expect(!DescriptorSet.canHold(descriptor))
            #expect(!set.contains(descriptor))
            set.remove(descriptor)
        }
        var found: [Int32] = []
        set.forEach(or: DescriptorSet()) { found.append($0) }
        #expect(found == [0, 63, 64, last])
        set.remove(63)
        #expect(!set.contains(63) && set.contains(64))
    }

    @Test func `a descriptor above FD_SETSIZE is refused, and one below it works`() async throws {
        try await onThread {
            let loop = SelectLoop()
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            try #require(limit.rlim_cur > 1100, "the process may not open enough descriptors")
            let pair = try System.socketPair()
            let high = dup2(pair.0, 1050)
            try #require(high == 1050)
            #expect { try loop.setReader(high) {} } throws: {
                ($0 as? AMQPError)?.code == .descriptorNotWatchable
            }
            let top = Int32(System.selectCapacity - 1)
            try #require(dup2(pair.0, top) == top)
            var calls = 0
            try loop.setWriter(top) { calls += 1 }
            loop.step(timeLimit: .seconds(5))
            #expect(calls == 1)
            loop.removeWriter(top)
            for descriptor in [pair.0, pair.1, high, top] { System.close(descriptor) }
            loop.close()
        }
    }
}
