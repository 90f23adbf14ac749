internal import AMQPAsync
internal import AMQPConnection

/// Reads a consumer's deliveries with `for await`, on the loop of the benchmark.
actor BenchReader {
    private(set) var count = 0
    private let executor: IOLoopExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(on executor: IOLoopExecutor) {
        self.executor = executor
    }

    /// Consumes until `wanted` deliveries have come.
    func read(_ wanted: Int, from channel: AsyncChannel) async throws {
        for try await delivery in try await channel.basicConsume("q", consumerTag: "ctag1.bench", autoAck: true) {
            count += delivery.tag > 0 ? 1 : 0
            if count == wanted { break }
        }
    }
}
