internal import AMQPProtocol
internal import Testing

@testable internal import AMQPConnection

@Suite struct RPCQueueTests {
    private func request(_ id: UInt64, _ method: Method, noReply: Bool = false) -> RPCQueue.Request {
        RPCQueue.Request(id: id, method: method, replies: noReply ? [] : method.id.replies)
    }

    @Test func oneInFlightTheOthersInOrder() {
        var queue = RPCQueue()
        #expect(queue.submit(request(1, .queueDeclare(QueueDeclare()))).ids == [1])
        #expect(queue.methodInFlight == .queueDeclare)
        #expect(queue.submit(request(2, .basicQos(BasicQos()))).ids == [])
        #expect(queue.submit(request(3, .txSelect(TxSelect()))).ids == [])
        #expect(queue.count == 3)
        #expect(queue.receivedReply(.basicQosOK).line == "unexpected")
        #expect(queue.receivedReply(.queueDeclareOK).line == "complete 1, send [2]")
        #expect(queue.receivedReply(.queueDeclareOK).line == "unexpected")
        #expect(queue.receivedReply(.basicQosOK).line == "complete 2, send [3]")
        #expect(queue.receivedReply(.txSelectOK).line == "complete 3, send []")
        #expect(queue.receivedReply(.txSelectOK).line == "unexpected")
        #expect(queue.count == 0)
    }

    @Test func noWaitKeepsItsPlaceAndHoldsUpNobody() {
        var queue = RPCQueue()
        #expect(queue.submit(request(1, .queueBind(QueueBind(exchange: "x")), noReply: true)).ids == [1])
        #expect(queue.submit(request(2, .queueDeclare(QueueDeclare()))).ids == [2])
        #expect(queue.submit(request(3, .queueBind(QueueBind(exchange: "x")), noReply: true)).ids == [])
        #expect(queue.submit(request(4, .queueBind(QueueBind(exchange: "x")), noReply: true)).ids == [])
        #expect(queue.submit(request(5, .queuePurge(QueuePurge()))).ids == [])
        #expect(queue.submit(request(6, .queueBind(QueueBind(exchange: "x")), noReply: true)).ids == [])
        #expect(queue.receivedReply(.queueDeclareOK).line == "complete 2, send [3, 4, 5]")
        #expect(queue.receivedReply(.queuePurgeOK).line == "complete 5, send [6]")
        #expect(queue.count == 0)
    }

    @Test(arguments: [MethodID.basicGetOK, .basicGetEmpty])
    func aRequestMayHaveSeveralReplies(reply: MethodID) {
        var queue = RPCQueue()
        _ = queue.submit(request(1, .basicGet(BasicGet())))
        #expect(queue.receivedReply(reply).line == "complete 1, send []")
    }

    @Test func removingAllGivesTheOneInFlightFirst() {
        var queue = RPCQueue()
        for id in 1 ... 4 as ClosedRange<UInt64> { _ = queue.submit(request(id, .queueDeclare(QueueDeclare()))) }
        #expect(queue.removeAll().ids == [1, 2, 3, 4])
        #expect(queue.removeAll().ids == [])
        #expect(queue.methodInFlight == nil)
        #expect(queue.submit(request(5, .queueDeclare(QueueDeclare()))).ids == [5])
    }
}

extension [RPCQueue.Request] {
    fileprivate var ids: [UInt64] { map(\.id) }
}

extension RPCQueue.ReplyAction {
    fileprivate var line: String {
        switch self {
        case .complete(let request, let ready): "complete \(request.id), send \(ready.map(\.id))"
        case .unexpected: "unexpected"
        }
    }
}
