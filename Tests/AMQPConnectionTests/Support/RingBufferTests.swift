internal import Testing

@testable internal import AMQPConnection

@Suite struct RingBufferTests {
    @Test func firstInFirstOut() {
        var ring = RingBuffer<Int>()
        #expect(ring.isEmpty)
        #expect(ring.first == nil)
        #expect(ring.popFirst() == nil)
        for value in 1 ... 20 { ring.append(value) }
        #expect(ring.first == 1)
        #expect(ring[19] == 20)
        for value in 1 ... 20 { #expect(ring.popFirst() == value) }
        #expect(ring.popFirst() == nil)
    }

    @Test func growsWhileItsContentWraps() {
        var ring = RingBuffer<Int>()
        var model: [Int] = []
        var next = 0
        var random = SplitMix(seed: 7)
        for _ in 0 ..< 20_000 {
            if random.next() % 5 < 3 {
                ring.append(next)
                model.append(next)
                next += 1
            } else {
                #expect(ring.popFirst() == (model.isEmpty ? nil : model.removeFirst()))
            }
            #expect(ring.count == model.count)
        }
        for index in model.indices { #expect(ring[index] == model[index]) }
        if !model.isEmpty {
            ring[0] = -1
            model[0] = -1
        }
        #expect(ring.removeAll() == model)
        #expect(ring.isEmpty)
    }

    @Test func theRoomOfABurstIsGivenBack() {
        var ring = RingBuffer<Int>()
        for value in 0 ..< 100_000 { ring.append(value) }
        #expect(ring.capacity == 131_072)
        for value in 0 ..< 99_990 { #expect(ring.popFirst() == value) }
        #expect(ring.capacity == RingBuffer<Int>.keptCapacity)
        #expect(ring.removeAll() == Array(99_990 ..< 100_000))
    }

    @Test func aWindowThatFillsAndEmptiesKeepsItsRoom() {
        var ring = RingBuffer<Int>()
        var capacities: Set<Int> = []
        for round in 0 ..< 100 {
            for value in 0 ..< 1000 { ring.append(value) }
            for _ in 0 ..< 1000 { _ = ring.popFirst() }
            if round > 0 { capacities.insert(ring.capacity) }
        }
        #expect(capacities == [1024])
    }

    @Test func whatWasTakenIsReleased() {
        final class Thing {}
        weak var weakThing: Thing?
        var ring = RingBuffer<Thing>()
        do {
            let thing = Thing()
            weakThing = thing
            ring.append(thing)
        }
        #expect(weakThing != nil)
        _ = ring.popFirst()
        #expect(weakThing == nil)
        #expect(ring.isEmpty)
    }
}
