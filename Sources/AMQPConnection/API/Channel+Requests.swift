import AMQPProtocol

extension Channel {
    /// Sends a method that the broker answers with `Reply`, when those before it have been answered.
    ///
    /// - Parameter completion: called exactly once, never inside this call.
    func request<Reply: AMQPMethod>(_ method: Method, _ completion: ((Result<Reply, AMQPError>) -> Void)?) {
        if let refusal = refusal(of: method) {
            connection.refuse(refusal, completion)
            return
        }
        submit(method) { result in
            switch result {
            case .success(let reply):
                if let reply = reply.payload as? Reply { completion?(.success(reply)) }
            case .failure(let error):
                completion?(.failure(error))
            }
        }
    }

    /// Sends a method with its no-wait bit set if nobody waits for the answer, else as a request.
    func requestOrTell<Reply: AMQPMethod>(
        _ method: Method, _ completion: ((Result<Reply, AMQPError>) -> Void)?
    ) {
        guard completion == nil else {
            request(method, completion)
            return
        }
        if let refusal = refusal(of: method) {
            connection.refuse(refusal, completion)
            return
        }
        submit(method, replies: [], nil)
    }

    /// Why a method cannot be sent: the channel's state, or an argument that cannot be encoded.
    func refusal(of method: Method) -> AMQPError? {
        if let refusal = machine.refusal { return refusal }
        do {
            _ = try method.payloadSize(frameMax: connection.frameMax)
            return nil
        } catch {
            return AMQPError(error, method: method.id)
        }
    }

    /// Queues a method that has been checked; its continuation is registered before anything is written.
    @discardableResult
    func submit(
        _ method: Method, replies: [MethodID]? = nil, _ completion: ((Result<Method, AMQPError>) -> Void)?
    ) -> UInt64 {
        nextRequestID += 1
        let id = nextRequestID
        if let completion { completions[id] = completion }
        let request = RPCQueue.Request(id: id, method: method, replies: replies ?? method.id.replies)
        for ready in requests.submit(request) { write(ready) }
        return id
    }

    /// Writes a request whose turn has come.
    private func write(_ request: RPCQueue.Request) {
        switch request.method {
        case .channelClose: machine.closeSent()
        case .confirmSelect: isConfirming = true
        case .basicGet: getInFlight = request.id
        default: break
        }
        connection.send(request.method, channel: number)
    }

    /// A method came that answers a request: the next ones leave, then the completion is called.
    func receivedReply(_ method: Method) throws(ProtocolError) {
        let request = try takeRequest(answeredBy: method.id)
        completions.removeValue(forKey: request.id)?(.success(method))
    }

    /// The request that a reply belongs to; those behind it leave.
    func takeRequest(answeredBy id: MethodID) throws(ProtocolError) -> RPCQueue.Request {
        switch requests.receivedReply(id) {
        case .complete(let request, let ready):
            for next in ready { write(next) }
            return request
        case .unexpected:
            throw ProtocolError(
                .unexpectedFrame, replyCode: 503, method: id, channel: number,
                reason: "\(id) came, which nothing that is waiting for a reply expects")
        }
    }
}
