// expected: capture of 'channel' with non-Sendable type 'Channel' in a '@Sendable' closure
import AMQPSelect

func startThread(_ body: @escaping @Sendable () -> Void) {}

func misuse(_ channel: Channel) {
    startThread { channel.basicAck(1) }
}
