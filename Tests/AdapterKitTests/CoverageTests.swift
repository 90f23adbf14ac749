internal import AdapterKit
internal import Foundation
internal import Testing

/// The kit covers at least the behaviours that Pika tests its I/O services with, and every law of the loop contract.
@Suite struct CoverageTests {
    static let cases = [
        "TestGetNativeIOLoop", "TestRunWithStopFromThreadsafeCallback", "TestCallLaterDoesNotCallAheadOfTime",
        "TestCallLaterCancelReturnsNone", "TestCallLaterCancelTwiceFromOwnCallback", "TestCallLaterCallInOrder",
        "TestCallLaterCancelledDoesNotCallBack", "TestSocketWatchersUponConnectionAndNoIncomingData",
        "TestSocketWatchersUponConnectionAndIncomingData", "TestSocketWatchersWhenFailsToConnect",
        "TestSocketWatchersAfterRemotePeerCloses", "TestSocketWatchersAfterRemotePeerClosesWithIncomingData",
        "TestSocketWatchersAfterRemotePeerShutsRead", "TestSocketWatchersAfterRemotePeerShutsWrite",
        "TestSocketWatchersAfterRemotePeerShutsWriteWithIncomingData",
        "TestSocketWatchersAfterRemotePeerShutsReadWrite", "TestSocketWatchersAfterLocalPeerShutsRead",
        "TestSocketWatchersAfterLocalPeerShutsWrite", "TestSocketWatchersAfterLocalPeerShutsReadWrite",
        "TestGetaddrinfoLocalhostPort80", "TestGetaddrinfoNonExistentHost", "TestGetaddrinfoCancelBeforeLoopRun",
        "TestGetaddrinfoCancelAfterLoopRun", "TestConnectSocketIPv4Success", "TestConnectSocketIPv4Fail",
        "TestConnectSocketToDisconnectedPeer", "TestConnectSocketIPv4Cancel", "TestConnectSocketIPv6Success",
        "TestConnectSocketIPv6Fail", "TestStreamConnectorTxRx", "TestStreamConnectorBrokenPipe",
        "TestStreamConnectorEOFReceived", "TestStreamConnectorConnectionMadeFails",
        "TestStreamConnectorEOFReceivedFails", "TestStreamConnectorDataReceivedFails",
        "TestStreamConnectorAbortTransport", "TestStreamConnectorCancelLinkup",
    ]

    /// Cases whose subject does not exist here: nobody hands a socket to a loop that could be unconnected, and a
    /// stream's handler is an object, not something that the stream constructs.
    static let withoutSubject = [
        "TestStreamConnectorRaisesValueErrorFromUnconnectedSocket", "TestStreamConnectorProtocolConstructorFails",
    ]

    @Test func everyCaseOfPikasIsCovered() {
        #expect(Self.cases.count + Self.withoutSubject.count == 39)
        let covered = Set(AdapterCheck.all.flatMap(\.covers))
        #expect(Self.cases.filter { !covered.contains($0) } == [])
    }

    @Test func everyLawIsCovered() {
        let covered = Set(AdapterCheck.all.flatMap(\.covers))
        #expect((1 ... 10).map { "L\($0)" }.filter { !covered.contains($0) } == [])
    }

    @Test func documentationTellsHowManyMutantsThereAre() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/conformance.md"), encoding: .utf8)
        #expect(text.contains("in \(Set(Mutant.all.map(\.description)).count) ways"))
    }

    @Test func everyCheckHasANameOfItsOwn() {
        #expect(CheckMatrix(checks: AdapterCheck.all, adapters: []).ambiguousNames == [])
    }
}
