internal import AMQPConnection
internal import AdapterKit
internal import Testing

/// One rich session, with the broker's bytes cut in every way.
@Suite struct RichSessionTests {
    /// The session with the broker's bytes in one piece per answer: what all others are compared with.
    static func reference() -> RichSession {
        let session = RichSession()
        session.run()
        return session
    }

    @Test func theSessionGoesAsWritten() {
        let session = Self.reference()
        #expect(
            session.log.lines == [
                "connection open",
                "channel 1 open: ok",
                "channel 2 open: ok",
                "channel 3 open: ok",
                "exchange: ok",
                "passive declare: channelClosedByBroker 404",
                "qos behind it: channelClosedByBroker 404",
                "get behind it: channelClosedByBroker 404",
                "channel 2 closed: channelClosedByBroker queue.declare",
                "close behind it: channelClosedByBroker 404",
                "flow: ok",
                "flow: false",
                "flow: true",
                "queue: ok",
                "tx select: ok",
                "bind: ok",
                "tx commit: ok",
                "qos: ok",
                "tx rollback: ok",
                "delivery 1 from exchange \"ex\", routing key \"key.1\", 5 bytes, intact, "
                    + "content-type: \"text/plain\", headers: [\"n\": 1]",
                "consume first: ok",
                "delivery 2 (redelivered) from exchange \"ex\", routing key \"key.2\", 0 bytes, intact, "
                    + "content-type: \"text/plain\", headers: [\"n\": 2]",
                "delivery 3 from exchange \"ex\", routing key \"key.3\", 5000 bytes, intact, "
                    + "content-type: \"text/plain\", headers: [\"n\": 3]",
                "delivery 4 from exchange \"ex\", routing key \"key.4\", 1 bytes, intact, "
                    + "content-type: \"text/plain\", headers: [\"n\": 4]",
                "consume typed: ok",
                "delivery 1 from exchange \"\", routing key \"t\", 7 bytes: typed 1",
                "consume second: ok",
                "delivery 2 (redelivered) from exchange \"\", routing key \"t\", 7 bytes: typed 2",
                "cancel second: ok",
                "recover: ok",
                "update secret: ok",
                "get full: ok",
                "got got, 7 left",
                "get empty: ok",
                "got nothing",
                "confirm: ok",
                "first: confirmed",
                "outcome 1: confirmed",
                "second: confirmed",
                "outcome 2: confirmed",
                "third: confirmed",
                "outcome 3: confirmed",
                "refused: nacked",
                "outcome 4: nacked",
                "blocked: low on memory",
                "unblocked",
                "alarm: confirmed",
                "outcome 5: confirmed",
                "returned: returned with 312 NO_ROUTE: exchange \"ex\", routing key \"nowhere\", 3 bytes",
                "nowhere: returned nowhere",
                "outcome 6: returned nowhere",
                "first ended: consumerCancelled",
                "cancelled: first",
                "last: lost channelClosedByClient",
                "outcome 7: lost channelClosedByClient",
                "channel 1 closed: channelClosedByClient",
                "channel 3 closed: channelClosedByClient",
                "connection closed: connectionClosedByClient",
                "connection close: ok",
            ])
        #expect(session.log.lost == [])
        #expect(session.log.doubled == [])
        #expect(session.log.insideCalls == [])
        #expect(session.connection == nil, "what has ended is released")
    }

    @Test(arguments: [MemoryReadStyle.received, .readable])
    func bytesThatComeOneByOneMakeTheSameSession(style: MemoryReadStyle) {
        let reference = Self.reference()
        for size in [1, 2, 3, 7, 8, 9, 100, 4095] {
            let session = RichSession()
            session.pipe.client.readStyle = style
            session.pipe.toClient.delivery = .pieces(of: size)
            session.run()
            expectSame(session, reference, "pieces of \(size)")
        }
    }

    @Test func aThousandRandomSplitsMakeTheSameSession() {
        let reference = Self.reference()
        let length = reference.pipe.toClient.transcript.count
        var random = SplitMix(seed: 2026)
        var different = 0
        for round in 0 ..< 1000 {
            let session = RichSession()
            session.pipe.client.readStyle = Bool.random(using: &random) ? .received : .readable
            let places = (0 ..< Int.random(in: 1 ... 40, using: &random)).map { _ in
                Int.random(in: 1 ..< length, using: &random)
            }
            session.pipe.toClient.delivery = .splits(at: Set(places))
            session.run()
            if !isSame(session, reference) {
                different += 1
                expectSame(session, reference, "round \(round), split at \(places.sorted())")
            }
            if different > 3 { break }
        }
        #expect(different == 0)
        print("random splits: 1000, different sessions: \(different), bytes from the broker: \(length)")
    }

    /// A place in the stream to cut: behind every so many bytes of one side's.
    struct Cuts: Sendable, CustomStringConvertible {
        let kind: StreamCut
        let isBrokers: Bool
        let step: Int

        var description: String { "\(kind) behind every \(step) of the \(isBrokers ? "broker's" : "client's") bytes" }

        func link(_ session: RichSession) -> MemoryLink {
            isBrokers ? session.pipe.toClient : session.pipe.toServer
        }
    }

    /// The stream ends behind every single byte of the broker's and of the client's, and is reset behind every eleventh.
    @Test(arguments: [
        Cuts(kind: .endOfStream, isBrokers: true, step: 1), Cuts(kind: .reset, isBrokers: true, step: 11),
        Cuts(kind: .endOfStream, isBrokers: false, step: 1), Cuts(kind: .reset, isBrokers: false, step: 11),
    ])
    func whereverTheStreamIsCutEverythingCompletesOnce(_ place: Cuts) {
        let length = place.link(Self.reference()).transcript.count
        var cuts = 0
        var lost = 0
        var doubled = 0
        var continuations = 0
        for position in stride(from: 0, to: length, by: place.step) {
            cuts += 1
            let session = RichSession()
            place.link(session).cut(after: position, by: place.kind)
            session.run()
            continuations += session.log.completionCount
            lost += session.log.lost.count
            doubled += session.log.doubled.count
            #expect(session.log.lost == [], "cut after \(position)")
            #expect(session.log.doubled == [], "cut after \(position)")
            #expect(session.log.insideCalls == [], "cut after \(position)")
            #expect(session.connection == nil, "cut after \(position): the connection leaks")
            let lines = session.log.lines
            let terminal = lines.indices.filter {
                lines[$0].hasPrefix("connection closed:") || lines[$0].hasPrefix("connection open error:")
            }
            #expect(terminal.count == 1, "cut after \(position): \(lines)")
            let behind = lines.suffix(from: (terminal.first ?? 0) + 1)
            #expect(behind.allSatisfy { $0.hasPrefix("connection close:") }, "cut after \(position): \(lines)")
        }
        print("cuts (\(place)): \(cuts), continuations: \(continuations), lost: \(lost), doubled: \(doubled)")
    }

    private func isSame(_ session: RichSession, _ reference: RichSession) -> Bool {
        session.log.lines == reference.log.lines
            && session.pipe.toServer.transcript == reference.pipe.toServer.transcript
            && session.pipe.toClient.transcript == reference.pipe.toClient.transcript
            && session.log.lost.isEmpty && session.log.doubled.isEmpty && session.log.insideCalls.isEmpty
    }

    private func expectSame(_ session: RichSession, _ reference: RichSession, _ how: String) {
        #expect(session.log.lines == reference.log.lines, "\(how)")
        #expect(session.pipe.toServer.transcript == reference.pipe.toServer.transcript, "\(how)")
        #expect(session.pipe.toClient.transcript == reference.pipe.toClient.transcript, "\(how)")
        #expect(session.log.lost == [] && session.log.doubled == [] && session.log.insideCalls == [], "\(how)")
    }
}
