public import AMQPProtocol
import Logging

extension Channel {
    /// Acknowledges a message (`basic.ack`).
    ///
    /// The broker does not answer; a tag that it does not know closes the channel (406). On a channel that is over, the
    /// message has gone back to its queue already, and nothing is sent.
    ///
    /// - Parameters:
    ///   - deliveryTag: the delivery's ``Delivery/tag``; 0 with `multiple` means all so far.
    ///   - multiple: whether all earlier unacknowledged messages of the channel are meant too.
    public func basicAck(_ deliveryTag: UInt64, multiple: Bool = false) {
        unacked.answered(deliveryTag, multiple: multiple)
        acknowledge(BasicAck(deliveryTag: deliveryTag, multiple: multiple))
    }

    /// Refuses one or several messages (`basic.nack`, an extension of RabbitMQ's).
    ///
    /// - Parameters:
    ///   - deliveryTag: the delivery's ``Delivery/tag``; 0 with `multiple` means all so far.
    ///   - multiple: whether all earlier unacknowledged messages of the channel are meant too.
    ///   - requeue: whether the broker puts them back into the queue, or drops (or dead-letters) them.
    public func basicNack(_ deliveryTag: UInt64, multiple: Bool = false, requeue: Bool = true) {
        unacked.answered(deliveryTag, multiple: multiple)
        acknowledge(BasicNack(deliveryTag: deliveryTag, multiple: multiple, requeue: requeue))
    }

    /// Refuses one message (`basic.reject`).
    ///
    /// - Parameters:
    ///   - deliveryTag: the delivery's ``Delivery/tag``.
    ///   - requeue: whether the broker puts it back into the queue, or drops (or dead-letters) it.
    public func basicReject(_ deliveryTag: UInt64, requeue: Bool = true) {
        unacked.answered(deliveryTag, multiple: false)
        acknowledge(BasicReject(deliveryTag: deliveryTag, requeue: requeue))
    }

    /// Has all unacknowledged messages of the channel delivered again (`basic.recover`).
    ///
    /// - Parameters:
    ///   - requeue: whether they go back to their queues. RabbitMQ knows only `true`, and closes the connection (540)
    ///     otherwise; `false` is therefore refused here with ``AMQPError/Code/notSupported`` when the broker is RabbitMQ.
    ///   - completion: called exactly once, with the broker's answer or the reason for failure.
    public func basicRecover(
        requeue: Bool = true, completion: ((Result<BasicRecoverOK, AMQPError>) throws -> Void)? = nil
    ) {
        if let refusal = recoverRefusal(requeue: requeue, .basicRecover) {
            connection.refuse(refusal, completion)
            return
        }
        request(.basicRecover(BasicRecover(requeue: requeue)), completion)
    }

    /// Has all unacknowledged messages of the channel delivered again, without an answer (`basic.recover-async`, which the
    /// specification has deprecated). Like an acknowledgement, it does not wait for requests, and is dropped on a channel
    /// that is over.
    ///
    /// - Parameter requeue: whether they go back to their queues. `false` is refused as in
    ///   ``basicRecover(requeue:completion:)``; the error goes to the connection's ``Connection/onError(_:)`` listeners.
    public func basicRecoverAsync(requeue: Bool = true) {
        if let refusal = recoverRefusal(requeue: requeue, .basicRecoverAsync) {
            connection.refuse(refusal, nil as ((Result<Void, AMQPError>) -> Void)?)
            return
        }
        unacked.removeAll()
        acknowledge(BasicRecoverAsync(requeue: requeue))
    }

    /// Limits how many messages may be unacknowledged at a time (`basic.qos`).
    ///
    /// - Parameters:
    ///   - prefetchSize: the limit in bytes, 0 for none. RabbitMQ knows only 0, and closes the connection (540)
    ///     otherwise.
    ///   - prefetchCount: the limit in messages, 0 for none.
    ///   - global: on RabbitMQ: `false` limits each new consumer of the channel, `true` all of them together.
    ///   - completion: called exactly once, with the broker's answer or the reason for failure.
    public func basicQos(
        prefetchSize: UInt32 = 0, prefetchCount: UInt16, global: Bool = false,
        completion: ((Result<BasicQosOK, AMQPError>) throws -> Void)? = nil
    ) {
        let qos = BasicQos(prefetchSize: prefetchSize, prefetchCount: prefetchCount, global: global)
        request(.basicQos(qos), completion)
    }

    private func recoverRefusal(requeue: Bool, _ method: MethodID) -> AMQPError? {
        guard !requeue, connection.serverProperties["product"] == .text("RabbitMQ") else { return nil }
        let reason = "RabbitMQ does not support \(method) without requeue"
        return AMQPError(.notSupported, blame: .application, reason, method: method)
    }

    private func acknowledge<Acknowledgement: AMQPMethod>(_ method: Acknowledgement) {
        connection.mailbox.assertCurrent()
        guard isOpen else {
            let id = Acknowledgement.id
            connection.logger.debug("\(id) on \(self) is dropped: its messages have gone back to their queues")
            return
        }
        do {
            try connection.output.append(method, channel: number, frameMax: connection.frameMax)
        } catch {
            assertionFailure("an acknowledgement has numbers only: \(error)")
        }
        connection.outputGrew()
        connection.endIfOutputIsTooLarge()
    }
}
