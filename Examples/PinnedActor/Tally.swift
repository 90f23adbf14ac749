import AMQPAsync

/// An actor that lives on an event loop. Its state is changed by its own methods and by the connection's callbacks, all of
/// them on the loop's thread: nothing hops, and nothing needs a lock.
actor Tally {
    private let executor: IOLoopExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private var connection: Connection?
    private var counts: [String: Int] = [:]
    private var total = 0
    private var waiting: (count: Int, continuation: CheckedContinuation<[String: Int], any Error>)?

    init(on executor: IOLoopExecutor) {
        self.executor = executor
    }

    /// Publishes words to a queue of its own, and counts what comes back.
    ///
    /// - Returns: how often each word came.
    /// - Throws: why the connection could not be opened, or what ended it.
    func count(_ words: [String], _ parameters: ConnectionParameters) async throws -> [String: Int] {
        // The loop's objects are used as on any loop: the actor is on it.
        connection = try executor.withLoop { loop in
            Connection(
                parameters, on: loop, onOpen: { self.onConnected($0, words) },
                onOpenError: { _, error in self.end(.failure(error)) },
                onClose: { _, error in self.end(.failure(error)) })
        }
        let counts = try await withCheckedThrowingContinuation { waiting = (words.count, $0) }
        connection?.close()
        return counts
    }

    private func onConnected(_ connection: Connection, _ words: [String]) {
        connection.channel { channel in
            channel.queueDeclare(exclusive: true) { result in
                guard case .success(let declared) = result else { return connection.close() }
                channel.basicConsume(declared.queue, autoAck: true) { _, delivery in self.add(delivery.text) }
                for word in words { _ = try? channel.basicPublish(word, routingKey: declared.queue) }
            }
        }
    }

    private func add(_ word: String) {
        counts[word, default: 0] += 1
        total += 1
        if total == waiting?.count { end(.success(counts)) }
    }

    private func end(_ result: Result<[String: Int], any Error>) {
        waiting.take()?.continuation.resume(with: result)
    }
}
