internal import Testing

@testable internal import AMQPConnection

@Suite struct DeadlineTableTests {
    private func at(_ nanoseconds: UInt64) -> LoopInstant { LoopInstant(nanoseconds: nanoseconds) }

    @Test func theEarliestIsNext() {
        var table = DeadlineTable()
        #expect(table.next == nil)
        table[.heartbeatReceive] = at(30)
        table[.open] = at(10)
        #expect(table.next == at(10))
        table[.open] = nil
        #expect(table.next == at(30))
        table[.heartbeatReceive] = at(5)
        #expect(table.next == at(5))
    }

    @Test func whatHasPassedIsTakenOnce() {
        var table = DeadlineTable()
        table[.open] = at(10)
        table[.heartbeatSend] = at(10)
        table[.close] = at(11)
        #expect(table.takePassed(at(9)) == [])
        #expect(table.takePassed(at(10)) == [.open, .heartbeatSend])
        #expect(table.takePassed(at(10)) == [])
        #expect(table[.close] == at(11))
        table.removeAll()
        #expect(table.next == nil)
        #expect(table.takePassed(at(.max)) == [])
    }
}
