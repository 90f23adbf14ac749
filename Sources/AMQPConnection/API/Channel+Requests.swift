import AMQPProtocol

extension Channel {
    /// Sends a method that the broker answers with `Reply`, when those before it have been answered.
    ///
    /// - Parameter completion: called exactly once, never inside this call.
    func request<Reply: AMQPMethod>(
        _ method: Method, isObserved: Bool? = nil, undo: ((Answer) -> Void)? = nil,
        _ completion: ((Result<Reply, AMQPError>) throws -> Void)?
    ) {
        if let refusal = refusal(of: method) {
            connection.refuse(refusal, completion)
            return
        }
        submit(method, isObserved: isObserved ?? (completion != nil), undo: undo) { answer in
            switch answer {
            case .success(.method(let reply)):
                if let reply = reply.payload as? Reply { try completion?(.success(reply)) }
            case .success(.message):
                return
            case .failure(let error):
                try completion?(.failure(error))
            }
        }
    }

    /// Sends a method with its no-wait bit set if nobody waits for the answer, else as a request.
    func requestOrTell<Reply: AMQPMethod>(
        _ method: Method, _ completion: ((Result<Reply, AMQPError>) throws -> Void)?
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
        connection.ioLoop.mailbox.assertCurrent()
        if let refusal = machine.refusal { return refusal }
        do {
            let size = try method.payloadSize(frameMax: connection.frameMax) + Framing.overhead
            return connection.outputRefusal(of: size, method.id)
        } catch {
            return AMQPError(error, method: method.id)
        }
    }

    /// Queues a method that has been checked; its continuation is registered before anything is written.
    func submit(
        _ method: Method, replies: [MethodID]? = nil, isObserved: Bool = true, undo: ((Answer) -> Void)? = nil,
        _ complete: ((Result<Answer, AMQPError>) throws -> Void)?
    ) {
        let method = accessTicket == 0 ? method : method.carrying(ticket: accessTicket)
        nextRequestID += 1
        let id = nextRequestID
        if let complete {
            let timer = requestTimeout.map { limit in
                connection.ioLoop.callLater(limit) { [weak self] in self?.timedOut(id, method.id, limit) }
            }
            calls[id] = PendingCall(
                method: method.id, complete: complete, isObserved: isObserved, undo: undo, timer: timer)
        }
        let size = (try? method.payloadSize(frameMax: connection.frameMax)) ?? 0
        submit(
            RPCQueue.Request(
                id: id, method: method, replies: replies ?? method.id.replies, size: size + Framing.overhead,
                submitted: connection.ioLoop.now))
    }

    /// Queues a request, and writes what may leave now.
    func submit(_ request: RPCQueue.Request) {
        let ready = requests.submit(request)
        heldOutputChanged()
        for request in ready { write(request) }
        connection.updateReading()
    }

    /// The amount of output that waits for its turn changed.
    func heldOutputChanged() {
        guard requests.waitingByteCount != countedHeldBytes else { return }
        connection.heldByteCount += requests.waitingByteCount - countedHeldBytes
        countedHeldBytes = requests.waitingByteCount
        connection.outputChanged()
    }

    /// Writes a request whose turn has come.
    private func write(_ request: RPCQueue.Request) {
        switch request.method {
        case .channelClose: machine.closeSent()
        case .confirmSelect: isInConfirmMode = true
        case .basicConsume(let consume): consumers[consume.consumerTag]?.isRequested = true
        case .basicPublish(let publish): return writeHeldPublish(publish)
        default: break
        }
        connection.send(request.method, channel: number)
    }

    /// An answer came: the next requests leave, then the completion is called.
    func received(_ answer: Answer, _ id: MethodID) throws(ProtocolError) {
        switch requests.receivedReply(id) {
        case .complete(let request, let ready):
            heldOutputChanged()
            if id == .basicRecoverOK { unacked.removeAll() }
            for next in ready { write(next) }
            guard let call = calls.removeValue(forKey: request.id) else { return }
            call.timer?.cancel()
            connection.stallWatch.answered(request.method.id)
            complete(call, .success(answer))
        case .unexpected:
            // An answer that is too late for a channel whose close was not answered in time either.
            if case .lingering = machine.state { return }
            throw ProtocolError(
                .unexpectedFrame, replyCode: 503, method: id, channel: number,
                reason: "\(id) came, which nothing that is waiting for a reply expects")
        }
    }

    // MARK: Deadlines

    /// A request was not answered in time.
    private func timedOut(_ id: UInt64, _ method: MethodID, _ limit: Duration) {
        let reason = "\(method) was not answered within \(limit)"
        let error = AMQPError(.deadlineExceeded, blame: .deadline, reason, method: method)
        guard let wasObserved = abandon(id, error) else { return }
        // The end of a channel is told by its listeners.
        if !wasObserved, method != .channelClose { connection.report(error) }
    }

    // MARK: Withdrawing

    /// The number of the request made last, by which it can be withdrawn; a call that is refused makes none.
    package var lastRequest: UInt64 { nextRequestID }

    /// Calls a request off: it fails with ``AMQPError/Code/cancelled`` at once, and nothing happens if it has ended.
    ///
    /// One that has not been sent is dropped. The answer of one that has is taken for what it is when it comes, and what
    /// it made is undone: a consumer is cancelled, a message goes back to its queue, a channel is closed.
    package func withdraw(_ request: UInt64) {
        connection.ioLoop.mailbox.assertCurrent()
        _ = abandon(request, AMQPError(.cancelled, blame: .application, "the call was cancelled"))
    }

    /// Fails a request that nobody waits for any more.
    ///
    /// - Returns: whether the user has heard of it; `nil` if it had ended.
    private func abandon(_ id: UInt64, _ error: AMQPError) -> Bool? {
        guard let call = calls[id], !call.isAbandoned else { return nil }
        calls[id] = nil
        call.timer?.cancel()
        let keepsItsPlace = requests.abandon(id)
        heldOutputChanged()
        if keepsItsPlace, let undo = call.undo {
            // The answer may still come: the request keeps its place until then.
            calls[id] = PendingCall(
                method: call.method, complete: { if case .success(let answer) = $0 { undo(answer) } },
                isObserved: false, isAbandoned: true)
        }
        complete(call, .failure(error))
        return call.isObserved
    }
}
