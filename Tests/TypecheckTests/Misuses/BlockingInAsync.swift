// expected: unavailable from asynchronous contexts
import AMQPBlocking

func misuse(_ channel: BlockingChannel) async throws {
    try channel.basicAck(1)
}
