internal import Testing

@testable internal import AMQPConnection

@Suite struct UnackedTagsTests {
    @Test func tagsAreCountedAsASetOfThemWouldCountThem() {
        var random = SplitMix(seed: 7)
        for _ in 0 ..< 50 {
            var tags = UnackedTags()
            var model: Set<UInt64> = []
            var next: UInt64 = 1
            for _ in 0 ..< 500 {
                switch Int.random(in: 0 ..< 10, using: &random) {
                case 0 ..< 5:
                    next += UInt64.random(in: 1 ... 3, using: &random)
                    tags.delivered(next)
                    model.insert(next)
                case 5 ..< 9:
                    let tag = UInt64.random(in: 0 ... next + 1, using: &random)
                    tags.answered(tag, multiple: false)
                    model.remove(tag)
                default:
                    let tag = UInt64.random(in: 0 ... next / 2, using: &random)
                    tags.answered(tag, multiple: true)
                    model = tag == 0 ? [] : model.filter { $0 > tag }
                }
                #expect(tags.count == model.count)
            }
        }
    }

    @Test func tagsThatDoNotRiseAreNotCounted() {
        var tags = UnackedTags()
        for tag in [5, 5, 3, 0, .max, .max] as [UInt64] { tags.delivered(tag) }
        #expect(tags.count == 2)
        tags.answered(.max, multiple: true)
        #expect(tags.count == 0)
        tags.answered(0, multiple: true)
        tags.answered(1, multiple: false)
        #expect(tags.count == 0)
    }
}
