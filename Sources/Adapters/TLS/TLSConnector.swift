package import AMQPConnection

/// A stream that is being secured.
package final class TLSConnector: Cancellable {
    package typealias Outcome = Result<any StreamTransport, AMQPError>

    private let base: any StreamTransport
    private var transport: TLSTransport?
    private var completion: ((Outcome) -> Void)?

    /// Puts TLS around a stream that has not been started, and shakes hands; what ``IOLoop/secure(_:host:_:_:)`` promises.
    package init(
        _ base: any StreamTransport, host: String, _ configuration: TLSConfiguration, on loop: any IOLoop,
        _ completion: @escaping (Outcome) -> Void
    ) {
        self.base = base
        self.completion = completion
        do throws(TLSError) {
            let transport = TLSTransport(base, try TLSSession(configuration, host: host), on: loop)
            self.transport = transport
            transport.shakeHands { error in
                self.finish(error.map { .failure($0) } ?? .success(transport))
            }
        } catch {
            base.abort()
            let error = AMQPError(error, doing: "preparing TLS")
            loop.callLater(.zero) { self.finish(.failure(error)) }
        }
    }

    package func cancel() {
        guard completion != nil else { return }
        completion = nil
        transport?.abort()
        transport = nil
    }

    private func finish(_ outcome: Outcome) {
        guard let completion else { return }
        self.completion = nil
        transport = nil
        completion(outcome)
    }
}
