// expected: capture of 'channel' with non-Sendable type 'Channel' in a '@Sendable' closure
import AMQPSelect

func misuse(_ channel: Channel, _ loop: SelectLoop) throws {
    try loop.mailbox.addCallbackThreadsafe { channel.basicAck(1) }
}
