internal import AMQPLibev
internal import AdapterKit
internal import LibevSupport

extension AdapterUnderTest {
    /// A `LibevLoop` on a loop that a program made; the checks of the host layer run that by `ev_run`.
    static let borrowedLibev = AdapterUnderTest(
        "libev (borrowed)", features: [.descriptors, .wholeTurns, .closing, .stallReports, .sockets, .borrowed]
    ) {
        let program = try LibevProgram()
        var host = LoopHost(hosted: try LibevLoop(on: program.loop))
        host.foreign = LoopHost.Foreign(
            callLater: { program.callLater($0, $1) }, run: { program.run() }, stop: { program.stop() })
        return host
    }
}
