internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// What becomes of requests that the broker does not answer in time, and of answers that come late.
@Suite struct RequestDeadlineTests {
    /// A broker that keeps silent about some methods, and a channel whose requests may take 5 s.
    private func silentRig(_ silent: Set<String>) throws -> (Rig, Channel) {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        channel.requestTimeout = .seconds(5)
        rig.broker.onMethod = { _, method, _ in silent.contains("\(method.id)") }
        _ = rig.takeReceived()
        return (rig, channel)
    }

    private func answer(_ rig: Rig, _ methods: Method...) {
        rig.brokerSends { broker in
            for method in methods { broker.send(method, channel: 1) }
        }
    }

    private static func declared(_ name: String) -> Method {
        .queueDeclareOK(QueueDeclareOK(queue: name, messageCount: 0, consumerCount: 0))
    }

    @Test func aRequestFailsOnceAtItsDeadline() throws {
        let (rig, channel) = try silentRig(["queue.declare"])
        let start = rig.loop.now
        var failure: AMQPError?
        rig.log.call {
            channel.queueDeclare("a") { result in
                rig.log.add("a")
                if case .failure(let error) = result { failure = error }
            }
        }
        #expect(rig.loop.run(until: { failure != nil }))
        #expect(start.duration(to: rig.loop.now) == .seconds(5))
        #expect(failure?.code == .deadlineExceeded && failure?.blame == .deadline && failure?.method == .queueDeclare)
        answer(rig, Self.declared("a"))
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["open", "a"])
        #expect(channel.isOpen)
    }

    @Test func anAnswerInTimeLeavesNothingBehind() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open(ConnectionParameters(stackTimeout: nil)))
        let start = rig.loop.now
        channel.queueDeclare("a", completion: rig.log.completion("a"))
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["open", "a: ok"])
        #expect(rig.loop.now == start)
    }

    @Test(arguments: [nil, Duration.seconds(7)])
    func theLimitBeginsWithTheParameters(limit: Duration?) throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open(ConnectionParameters(stackTimeout: nil, requestTimeout: limit)))
        #expect(channel.requestTimeout == limit)
        rig.broker.onMethod = { _, method, _ in method.id == .queueDeclare }
        let start = rig.loop.now
        channel.queueDeclare("a", completion: rig.log.completion("a"))
        rig.loop.run(until: { false })
        #expect(rig.log.lines == (limit == nil ? ["open"] : ["open", "a: deadlineExceeded 0"]))
        #expect(start.duration(to: rig.loop.now) == limit ?? .zero)
    }

    @Test func aLateAnswerIsNotTakenForTheNextRequests() throws {
        let (rig, channel) = try silentRig([])
        var isSilent = true
        rig.broker.onMethod = { _, method, _ in isSilent && method.id == .queueDeclare }
        channel.queueDeclare("a", completion: rig.log.completion("a"))
        rig.loop.advance(by: .seconds(6))
        isSilent = false
        let told: (QueueDeclareOK) -> Void = { rig.log.add($0.queue) }
        channel.queueDeclare("b", completion: rig.log.completion("b", told))
        rig.loop.settle()
        #expect(rig.takeReceived() == ["queue.declare"])
        answer(rig, Self.declared("a"))
        #expect(rig.log.lines == ["open", "a: deadlineExceeded 0", "b: ok", "b"])
    }

    @Test func aRequestThatHasNotLeftIsDropped() throws {
        let (rig, channel) = try silentRig(["queue.declare"])
        channel.queueDeclare("a", completion: rig.log.completion("a"))
        rig.loop.advance(by: .seconds(3))
        channel.queuePurge("b", completion: rig.log.completion("b"))
        channel.requestTimeout = nil
        channel.queueBind("c", exchange: "x", completion: rig.log.completion("c"))
        rig.loop.advance(by: .seconds(6))
        #expect(rig.log.lines == ["open", "a: deadlineExceeded 0", "b: deadlineExceeded 0"])
        answer(rig, Self.declared("a"))
        #expect(rig.log.lines.last == "c: ok")
        #expect(rig.takeReceived() == ["queue.declare", "queue.bind"])
    }

    @Test func aDeadlineThatNobodyWaitsForIsReported() throws {
        let (rig, channel) = try silentRig(["basic.qos"])
        channel.basicQos(prefetchCount: 1)
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["open", "error: deadlineExceeded"])
    }

    @Test func aConsumerThatStartsTooLateIsCancelled() throws {
        let (rig, channel) = try silentRig(["basic.consume"])
        func consume(_ name: String) {
            channel.basicConsume(
                "q", consumerTag: "c", onCancel: { _, _ in rig.log.add("ended") },
                onMessage: { _, _ in rig.log.add("delivery") }, completion: rig.log.completion(name))
        }
        consume("first")
        rig.loop.advance(by: .seconds(6))
        #expect(rig.log.lines == ["open", "first: deadlineExceeded 0"])
        #expect(channel.consumerTags == [])
        rig.brokerSends { $0.deliver(ClosingTests.deliver, body: [1]) }
        #expect(rig.takeReceived() == ["basic.consume", "basic.reject"])
        consume("second")
        rig.loop.settle()
        #expect(rig.log.lines.last == "second: duplicateConsumerTag 0")
        answer(rig, .basicConsumeOK(BasicConsumeOK(consumerTag: "c")))
        rig.loop.settle()
        #expect(rig.takeReceived() == ["basic.cancel"])
        rig.broker.onMethod = { _, _, _ in false }
        consume("third")
        rig.loop.settle()
        #expect(rig.log.lines.last == "third: ok")
        #expect(channel.consumerTags == ["c"])
    }

    @Test func aCancelThatIsAnsweredTooLateFreesTheTag() throws {
        let (rig, channel) = try silentRig(["basic.cancel"])
        channel.basicConsume("q", consumerTag: "c", onMessage: { _, _ in rig.log.add("delivery") })
        rig.loop.settle()
        channel.basicCancel("c", completion: rig.log.completion("cancel"))
        rig.loop.advance(by: .seconds(6))
        #expect(channel.consumerTags == [])
        answer(rig, .basicCancelOK(BasicCancelOK(consumerTag: "c")))
        channel.basicConsume("q", consumerTag: "c", onMessage: { _, _ in }, completion: rig.log.completion("again"))
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "cancel: deadlineExceeded 0", "again: ok"])
    }

    @Test(arguments: [(false, ["basic.get", "basic.reject"]), (true, ["basic.get"])])
    func aMessageThatComesTooLateGoesBackToItsQueue(autoAck: Bool, sent: [String]) throws {
        let (rig, channel) = try silentRig(["basic.get"])
        channel.basicGet("q", autoAck: autoAck, completion: rig.log.completion("get"))
        rig.loop.advance(by: .seconds(6))
        rig.brokerSends { broker in
            let answer = BasicGetOK(deliveryTag: 7, redelivered: false, exchange: "", routingKey: "q", messageCount: 0)
            broker.deliver(answer, body: [1])
        }
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "get: deadlineExceeded 0"])
        #expect(rig.takeReceived() == sent)
        if case .basicReject(let reject)? = rig.broker.methods.last?.method {
            #expect(reject.deliveryTag == 7 && reject.requeue)
        }
    }

    @Test func anEmptyQueueThatIsToldTooLateIsNothing() throws {
        let (rig, channel) = try silentRig(["basic.get"])
        channel.basicGet("q", completion: rig.log.completion("get"))
        rig.loop.advance(by: .seconds(6))
        answer(rig, .basicGetEmpty(BasicGetEmpty()))
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "get: deadlineExceeded 0"])
        #expect(rig.takeReceived() == ["basic.get"])
    }

    @Test func aChannelThatOpensTooLateIsClosed() throws {
        let rig = Rig()
        let connection = rig.open(ConnectionParameters(requestTimeout: .seconds(5)))
        rig.broker.onMethod = { _, method, _ in method.id == .channelOpen }
        _ = rig.takeReceived()
        connection.openChannel(number: 1, completion: rig.log.completion("open 1"))
        rig.loop.advance(by: .seconds(6))
        connection.openChannel(number: 1, completion: rig.log.completion("too early"))
        rig.loop.settle()
        answer(rig, .channelOpenOK(ChannelOpenOK()))
        rig.loop.settle()
        #expect(rig.takeReceived() == ["channel.open", "channel.close"])
        rig.broker.onMethod = { _, _, _ in false }
        connection.openChannel(number: 1, completion: rig.log.completion("now"))
        rig.loop.settle()
        #expect(
            rig.log.lines == ["open", "open 1: deadlineExceeded 0", "too early: channelNumberInUse 0", "now: ok"])
    }

    @Test func aCloseThatIsNotConfirmedEndsTheChannelAndKeepsItsNumber() throws {
        let (rig, channel) = try silentRig(["channel.close"])
        rig.log.call { channel.close(completion: rig.log.completion("close")) }
        rig.loop.advance(by: .seconds(6))
        #expect(
            rig.log.lines == ["open", "channel 1 closed: deadlineExceeded", "close: deadlineExceeded 0"])
        #expect(channel.isClosed)
        channel.connection.openChannel(number: 1, completion: rig.log.completion("too early"))
        rig.loop.settle()
        #expect(rig.log.lines.last == "too early: channelNumberInUse 0")
        answer(rig, .channelCloseOK(ChannelCloseOK()))
        channel.connection.openChannel(number: 1, completion: rig.log.completion("now"))
        rig.loop.settle()
        #expect(rig.log.lines.last == "now: ok")
    }

    @Test func theEndOfTheChannelCompletesWhatHasNotReachedItsDeadlineAndNothingElse() throws {
        let (rig, channel) = try silentRig(["basic.get", "queue.declare"])
        channel.basicGet("q", completion: rig.log.completion("get"))
        rig.loop.advance(by: .seconds(3))
        channel.queueDeclare("a", completion: rig.log.completion("a"))
        rig.loop.advance(by: .seconds(3))
        answer(rig, .channelClose(ChannelClose(replyCode: 404, replyText: "gone")))
        rig.loop.run(until: { false })
        #expect(
            rig.log.lines == [
                "open", "get: deadlineExceeded 0", "a: channelClosedByBroker 404",
                "channel 1 closed: channelClosedByBroker 404",
            ])
        #expect(rig.log.lost == [] && rig.log.doubled == [])
    }
}
