internal import AMQPProtocol
internal import Testing

@testable internal import AMQPConnection

@Suite struct ChannelStateMachineTests {
    static let ours = ChannelClose(replyCode: 200, replyText: "bye", classID: 0, methodID: 0)
    static let theirs = ChannelClose(replyCode: 404, replyText: "NOT_FOUND", classID: 50, methodID: 10)
    static let lost = AMQPError(.streamLost, blame: .transport, "gone")

    @Test func openedAndClosedByTheUser() {
        var machine = ChannelStateMachine()
        #expect(machine.line == "opening")
        #expect(machine.receivedOpenOK() == true)
        #expect(machine.receivedOpenOK() == false)
        #expect(machine.line == "open")
        #expect(machine.refusal == nil)
        #expect(machine.requestedClose(Self.ours) == true)
        #expect(machine.requestedClose(Self.ours) == false)
        #expect(machine.line == "closing")
        #expect(machine.refusal?.code == .channelWrongState)
        #expect(machine.receivedCloseOK() == nil, "nothing was sent yet")
        machine.closeSent()
        #expect(machine.line == "closing, sent")
        #expect(machine.receivedCloseOK()?.code == .channelClosedByClient)
        #expect(machine.line == "closed channelClosedByClient")
        #expect(machine.receivedCloseOK() == nil)
        #expect(machine.connectionEnded(Self.lost) == false)
    }

    @Test func theBrokersCloseNamesTheMethodThatFailed() throws {
        var machine = ChannelStateMachine()
        _ = machine.receivedOpenOK()
        guard case .end(let error, isFree: true) = machine.receivedClose(Self.theirs) else {
            Issue.record("the channel does not end")
            return
        }
        #expect(error.code == .channelClosedByBroker)
        #expect(error.replyCode == 404)
        #expect(error.replyText == "NOT_FOUND")
        #expect(error.method == .queueDeclare)
        #expect(machine.refusal?.code == .channelWrongState)
        #expect(machine.refusal?.replyCode == 404)
        #expect(machine.receivedClose(Self.theirs).line == "none")
    }

    @Test func closesThatCrossKeepTheNumberUntilCloseOK() {
        var machine = ChannelStateMachine()
        _ = machine.receivedOpenOK()
        _ = machine.requestedClose(Self.ours)
        machine.closeSent()
        #expect(machine.receivedClose(Self.theirs).line == "end channelClosedByBroker, number in use")
        #expect(machine.line == "lingering")
        #expect(machine.receivedClose(Self.theirs).line == "none")
        #expect(machine.receivedCloseOK() == nil)
        #expect(machine.line == "closed channelClosedByBroker")
    }

    @Test func theBrokersCloseOvertakesACloseThatWaits() {
        var machine = ChannelStateMachine()
        _ = machine.receivedOpenOK()
        _ = machine.requestedClose(Self.ours)
        #expect(machine.receivedClose(Self.theirs).line == "end channelClosedByBroker, number free")
        machine.closeSent()
        #expect(machine.line == "closed channelClosedByBroker")
    }

    @Test func closedWhileItOpens() {
        var machine = ChannelStateMachine()
        #expect(machine.requestedClose(Self.ours) == true)
        #expect(machine.receivedOpenOK() == false)
        machine.closeSent()
        #expect(machine.receivedCloseOK()?.code == .channelClosedByClient)
    }

    @Test func theConnectionsEndEndsEachStateOnce() {
        var opening = ChannelStateMachine()
        #expect(opening.connectionEnded(Self.lost) == true)
        #expect(opening.connectionEnded(Self.lost) == false)
        #expect(opening.refusal?.code == .channelWrongState)

        var open = ChannelStateMachine()
        _ = open.receivedOpenOK()
        #expect(open.connectionEnded(Self.lost) == true)
        #expect(open.line == "closed streamLost")

        var closing = ChannelStateMachine()
        _ = closing.requestedClose(Self.ours)
        #expect(closing.connectionEnded(Self.lost) == true)

        var lingering = ChannelStateMachine()
        _ = lingering.receivedOpenOK()
        _ = lingering.requestedClose(Self.ours)
        lingering.closeSent()
        _ = lingering.receivedClose(Self.theirs)
        #expect(lingering.connectionEnded(Self.lost) == false, "it has ended for the user already")
    }
}

extension ChannelStateMachine {
    fileprivate var line: String {
        switch state {
        case .opening: "opening"
        case .open: "open"
        case .closing(_, let isSent): isSent ? "closing, sent" : "closing"
        case .lingering: "lingering"
        case .closed(let error): "closed \(error.code)"
        }
    }
}

extension ChannelStateMachine.BrokerCloseAction {
    fileprivate var line: String {
        switch self {
        case .end(let error, let isFree): "end \(error.code), number \(isFree ? "free" : "in use")"
        case .none: "none"
        }
    }
}
