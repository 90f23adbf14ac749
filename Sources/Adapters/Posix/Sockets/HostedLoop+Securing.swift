#if TLS
public import AMQPConnection
internal import AMQPTLS

extension HostedLoop {
    /// Puts TLS around a stream, by OpenSSL in memory, and shakes hands; see ``IOLoop/secure(_:host:_:_:)``.
    ///
    /// The files of the configuration are read inside this call. On a loop that is closed already nothing is called.
    public func secure(
        _ stream: any StreamTransport, host: String, _ configuration: TLSConfiguration,
        _ completion: @escaping (Result<any StreamTransport, AMQPError>) -> Void
    ) -> any Cancellable {
        assertCurrent()
        return TLSConnector(stream, host: host, configuration, on: self, completion)
    }
}
#endif
