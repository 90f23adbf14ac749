import AMQPConnection
import AMQPProtocol

/// A consumer with a handler, and the call that waits for its end. It belongs to the loop's thread.
final class HandlerWait {
    /// Starts the consumer; it passes on what to do when the consumer is over, and when the broker has answered.
    typealias Start =
        @Sendable (
            Channel, _ onCancel: @escaping (Channel, AMQPError) -> Void,
            _ completion: @escaping (Result<BasicConsumeOK, AMQPError>) -> Void
        ) -> OffLoopConsumer

    private let pending: PendingReply<Void>
    private weak var seat: ChannelSeat?
    private(set) var consumer: OffLoopConsumer?
    private var token: ListenerToken?

    /// Starts a consumer, and finishes the call when it is over.
    static func begin(_ pending: PendingReply<Void>, on seat: ChannelSeat, _ start: Start) {
        let wait = HandlerWait(pending, on: seat)
        let channel = seat.channel
        wait.token = channel.onClose { _, error in wait.end(error) }
        let consumer = start(
            channel, { _, error in wait.end(error) },
            { result in
                if case .failure(let error) = result { wait.finish(.failure(error)) }
            })
        wait.consumer = consumer
        // A tag that is in use is refused, and its consumer goes on.
        if seat.handlerWaits[consumer.consumerTag] == nil { seat.handlerWaits[consumer.consumerTag] = wait }
        pending.withdraw = { wait.withdraw() }
    }

    private init(_ pending: PendingReply<Void>, on seat: ChannelSeat) {
        self.pending = pending
        self.seat = seat
    }

    /// Cancels the consumer by its name: the call returns when no handler is running any more.
    ///
    /// - Parameter completion: called when the broker has answered, which a handler may wait for.
    func cancel(_ consumer: OffLoopConsumer, _ completion: @escaping (Result<BasicCancelOK, AMQPError>) -> Void) {
        var answer: Result<BasicCancelOK, AMQPError>?
        var isDrained = false
        let end = { [self] in
            guard isDrained, let answer else { return }
            switch answer {
            // Whoever cancels, and is cancelled itself, has ended the consumer all the same.
            case .success: finish(.success(()))
            case .failure(let error) where error.code == .cancelled: finish(.success(()))
            case .failure(let error): self.end(error)
            }
        }
        consumer.cancel(
            answered: { [self] result in
                leaveSeat()
                completion(result)
                answer = result
                end()
            },
            drained: {
                isDrained = true
                end()
            })
    }

    /// The task was cancelled: the handlers that are running are waited for, the broker is not.
    private func withdraw() {
        leaveSeat()
        guard let consumer else { return }
        consumer.cancel(answered: { _ in }, drained: { [self] in finish(.failure(.cancelled)) })
    }

    private func end(_ error: AMQPError) {
        finish(error.isOrderlyEnd ? .success(()) : .failure(error))
    }

    private func finish(_ result: Result<Void, AMQPError>) {
        leaveSeat()
        token?.remove()
        token = nil
        consumer = nil
        pending.finish(result)
    }

    private func leaveSeat() {
        guard let tag = consumer?.consumerTag, seat?.handlerWaits[tag] === self else { return }
        seat?.handlerWaits[tag] = nil
    }
}
