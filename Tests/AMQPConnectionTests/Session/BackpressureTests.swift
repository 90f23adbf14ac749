internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// Output that piles up, as Pika 0.13 tells it, and its relief.
@Suite struct BackpressureTests {
    /// Publishes until at least `count` bytes wait.
    private func publish(_ rig: Rig, _ channel: Channel, untilWaiting count: Int) throws {
        try rig.log.call {
            while channel.connection.unsentByteCount < count {
                try channel.basicPublish(String(repeating: "x", count: 100), routingKey: "k")
            }
        }
    }

    /// Lets nothing leave any more.
    private func shut(_ rig: Rig) {
        rig.pipe.toServer.isStalled = true
        rig.pipe.toServer.capacity = 0
    }

    @Test func outputThatPilesUpIsToldOnceAndItsReliefToo() throws {
        let rig = Rig()
        let connection = rig.open(ConnectionParameters(backpressureDetection: true))
        connection.onBackpressure { rig.log.add("backpressure \($1)") }
        let channel = try rig.openChannel(connection)
        shut(rig)
        try rig.log.call {
            for _ in 1 ... 100 { try channel.basicPublish("x", routingKey: "k") }
        }
        #expect(rig.log.lines == ["open"])
        rig.loop.settle()
        try publish(rig, channel, untilWaiting: 50_000)
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "backpressure true"])
        rig.pipe.toServer.isStalled = false
        rig.pipe.toServer.capacity = .max
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "backpressure true", "backpressure false"])
        #expect(rig.log.insideCalls == [])
    }

    @Test func fewFramesOfAverageSizeAreNoBackpressure() throws {
        let rig = Rig()
        let connection = rig.open(ConnectionParameters(backpressureDetection: true))
        connection.onBackpressure { rig.log.add("backpressure \($1)") }
        let channel = try rig.openChannel(connection)
        for _ in 1 ... 100 {
            try channel.basicPublish("x", routingKey: "k")
            rig.loop.settle()
        }
        shut(rig)
        // Three frames each: nine frames.
        for _ in 1 ... 3 { try channel.basicPublish("x", routingKey: "k") }
        rig.loop.settle()
        #expect(rig.log.lines == ["open"])
        try channel.basicPublish("x", routingKey: "k")
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "backpressure true"])
    }

    @Test(arguments: [(Int.max, false), (Int.min, true), (-1, true), (0, true)])
    func anyMultiplierIsTaken(multiplier: Int, isTold: Bool) throws {
        let rig = Rig()
        let connection = rig.open(ConnectionParameters(backpressureDetection: true))
        let channel = try rig.openChannel(connection)
        connection.backpressureMultiplier = multiplier
        connection.onBackpressure { rig.log.add("backpressure \($1)") }
        shut(rig)
        try publish(rig, channel, untilWaiting: 5000)
        rig.loop.settle()
        #expect(rig.log.lines == (isTold ? ["open", "backpressure true"] : ["open"]))
    }

    @Test func withoutTheDetectionNothingIsTold() throws {
        let rig = Rig()
        let connection = rig.open()
        connection.onBackpressure { rig.log.add("backpressure \($1)") }
        let channel = try rig.openChannel(connection)
        shut(rig)
        try publish(rig, channel, untilWaiting: 50_000)
        rig.loop.settle()
        #expect(rig.log.lines == ["open"])
    }
}
