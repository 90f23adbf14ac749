// expected: risks causing data races
import AMQPSelect

func misuse(_ channel: Channel) {
    Task.detached { channel.basicAck(1) }
}
