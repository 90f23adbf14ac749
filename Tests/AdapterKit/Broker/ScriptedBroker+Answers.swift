internal import AMQPConnection

extension ScriptedBroker {
    /// What a broker does about a method.
    func answer(_ method: Method, channel: UInt16) {
        switch method {
        case .connectionStartOK: send(.connectionTune(script.tune), channel: 0)
        case .connectionOpen: send(.connectionOpenOK(ConnectionOpenOK()), channel: 0)
        case .connectionClose:
            send(.connectionCloseOK(ConnectionCloseOK()), channel: 0)
            end(nil)
        case .connectionUpdateSecret: send(.connectionUpdateSecretOK(ConnectionUpdateSecretOK()), channel: 0)
        case .channelOpen:
            channels[channel] = BrokerChannel()
            send(.channelOpenOK(ChannelOpenOK()), channel: channel)
        case .channelClose:
            channels[channel] = nil
            send(.channelCloseOK(ChannelCloseOK()), channel: channel)
        case .channelFlow(let flow): send(.channelFlowOK(ChannelFlowOK(active: flow.active)), channel: channel)
        case .exchangeDeclare(let declare):
            exchanges[declare.exchange] = declare.type
            if !declare.noWait { send(.exchangeDeclareOK(ExchangeDeclareOK()), channel: channel) }
        case .exchangeDelete(let delete):
            exchanges[delete.exchange] = nil
            if !delete.noWait { send(.exchangeDeleteOK(ExchangeDeleteOK()), channel: channel) }
        case .queueDeclare(let declare): self.declare(declare, channel)
        case .queueBind(let bind):
            bindings.append(bind)
            if !bind.noWait { send(.queueBindOK(QueueBindOK()), channel: channel) }
        case .queueUnbind(let unbind):
            bindings.removeAll {
                ($0.queue, $0.exchange, $0.routingKey) == (unbind.queue, unbind.exchange, unbind.routingKey)
            }
            send(.queueUnbindOK(QueueUnbindOK()), channel: channel)
        case .queuePurge(let purge):
            let count = UInt32(queues[purge.queue]?.count ?? 0)
            queues[purge.queue]?.removeAll()
            if !purge.noWait { send(.queuePurgeOK(QueuePurgeOK(messageCount: count)), channel: channel) }
        case .queueDelete(let delete):
            let count = UInt32(queues.removeValue(forKey: delete.queue)?.count ?? 0)
            if !delete.noWait { send(.queueDeleteOK(QueueDeleteOK(messageCount: count)), channel: channel) }
        case .basicQos: send(.basicQosOK(BasicQosOK()), channel: channel)
        case .basicConsume(let consume): self.consume(consume, channel)
        case .basicCancel(let cancel):
            channels[channel]?.consumers.removeAll { $0.tag == cancel.consumerTag }
            if !cancel.noWait {
                send(.basicCancelOK(BasicCancelOK(consumerTag: cancel.consumerTag)), channel: channel)
            }
        case .basicGet(let get): self.get(get, channel)
        case .basicRecover: send(.basicRecoverOK(BasicRecoverOK()), channel: channel)
        case .confirmSelect(let select):
            channels[channel]?.isConfirming = true
            if !select.noWait { send(.confirmSelectOK(ConfirmSelectOK()), channel: channel) }
        case .txSelect: send(.txSelectOK(TxSelectOK()), channel: channel)
        case .txCommit: send(.txCommitOK(TxCommitOK()), channel: channel)
        case .txRollback: send(.txRollbackOK(TxRollbackOK()), channel: channel)
        default: return
        }
    }

    private func declare(_ declare: QueueDeclare, _ channel: UInt16) {
        var name = declare.queue
        if name.isEmpty {
            generatedNames += 1
            name = "amq.gen-\(generatedNames)"
        }
        guard queues[name] != nil || !declare.passive else {
            return closeChannel(404, "NOT_FOUND - no queue '\(name)'", .queueDeclare, channel: channel)
        }
        queues[name] = queues[name] ?? []
        guard !declare.noWait else { return }
        let count = UInt32(queues[name]?.count ?? 0)
        send(
            .queueDeclareOK(QueueDeclareOK(queue: name, messageCount: count, consumerCount: 0)), channel: channel)
    }

    private func consume(_ consume: BasicConsume, _ channel: UInt16) {
        guard let waiting = queues[consume.queue] else {
            return closeChannel(404, "NOT_FOUND - no queue '\(consume.queue)'", .basicConsume, channel: channel)
        }
        let consumer = BrokerChannel.Consumer(tag: consume.consumerTag, queue: consume.queue)
        channels[channel]?.consumers.append(consumer)
        if !consume.noWait {
            send(.basicConsumeOK(BasicConsumeOK(consumerTag: consume.consumerTag)), channel: channel)
        }
        queues[consume.queue] = []
        for message in waiting { deliver(message, tag: consumer.tag, channel: channel) }
    }

    private func get(_ get: BasicGet, _ channel: UInt16) {
        guard var waiting = queues[get.queue], !waiting.isEmpty else {
            return send(.basicGetEmpty(BasicGetEmpty()), channel: channel)
        }
        let message = waiting.removeFirst()
        queues[get.queue] = waiting
        channels[channel]?.deliveryCount += 1
        let getOK = BasicGetOK(
            deliveryTag: channels[channel]?.deliveryCount ?? 1, redelivered: false, exchange: message.exchange,
            routingKey: message.routingKey, messageCount: UInt32(waiting.count))
        send(getOK, message, channel: channel)
    }

    /// Routes a message that was published, returns it if it must be, and confirms it.
    func publish(_ message: BrokerMessage, isMandatory: Bool, channel: UInt16) {
        guard let type = exchanges[message.exchange] else {
            return closeChannel(404, "NOT_FOUND - no exchange '\(message.exchange)'", .basicPublish, channel: channel)
        }
        let targets =
            message.exchange.isEmpty
            ? [message.routingKey]
            : bindings.filter { $0.exchange == message.exchange }
                .filter { type == "fanout" || $0.routingKey == message.routingKey }.map(\.queue)
        let known = targets.filter { queues[$0] != nil }
        if known.isEmpty, isMandatory {
            let method = BasicReturn(
                replyCode: 312, replyText: "NO_ROUTE", exchange: message.exchange, routingKey: message.routingKey)
            send(method, message, channel: channel)
        }
        for queue in known { enqueue(message, queue) }
        guard var state = channels[channel], state.isConfirming else { return }
        state.publishCount += 1
        channels[channel] = state
        send(.basicAck(BasicAck(deliveryTag: state.publishCount, multiple: false)), channel: channel)
    }

    private func enqueue(_ message: BrokerMessage, _ queue: String) {
        for number in channels.keys.sorted() {
            if let consumer = channels[number]?.consumers.first(where: { $0.queue == queue }) {
                return deliver(message, tag: consumer.tag, channel: number)
            }
        }
        queues[queue]?.append(message)
    }
}
