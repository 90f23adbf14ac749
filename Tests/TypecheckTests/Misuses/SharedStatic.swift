// expected: is not concurrency-safe because non-'Sendable' type 'Connection' may have shared mutable state
import AMQPSelect

enum Shared {
    static let connection = Connection(ConnectionParameters(), on: SelectLoop())
}
