import AMQPConnection
import AdapterKit
import BrokerSupport

extension Session {
    /// How many bytes of the broker's come behind `connection.start` until a connection is open: `connection.tune` and
    /// `connection.open-ok`.
    static let bytesBehindStart = tuneSize + openOKSize
    /// The size of the frame of `connection.tune`.
    static let tuneSize = 20
    private static let openOKSize = 13

    /// A proxy before the broker, which lives as long as the session, and the parameters that lead through it.
    func proxy(
        toServer: FaultPlan = FaultPlan(), toClient: FaultPlan = FaultPlan()
    ) throws -> (FaultProxy, ConnectionParameters) {
        // The broker listens at 127.0.0.1.
        let proxy = try FaultProxy(
            to: .ipv4(0x7F00_0001, port: parameters.port), toServer: toServer, toClient: toClient)
        keep(proxy)
        guard case .ipv4(_, let port) = proxy.address else {
            throw TestBroker.Unavailable("the proxy has no port")
        }
        var parameters = self.parameters
        parameters.port = port
        return (proxy, parameters)
    }

    /// Opens a connection through a proxy, a channel on it, and lets the proxy put `bytes` behind what the client sent.
    func channel(injecting bytes: [UInt8], _ arrange: @escaping (Channel) -> Void) throws {
        let (proxy, parameters) = try proxy()
        connect(parameters) { [self] connection in
            channel(on: connection) { channel in
                arrange(channel)
                proxy.inject(toServer: bytes)
            }
        }
    }

    /// Measures the broker's `connection.start`, and gives the number of its bytes.
    func startSize(_ then: @escaping (Int) -> Void) {
        connect { connection in then(Int(connection.bytesReceived) - Session.bytesBehindStart) }
    }
}
