import AMQPAsync
import Foundation

let url = ProcessInfo.processInfo.environment["AMQP_URL"] ?? "amqp://localhost"

let consuming = Task {
    try await AMQP.withConnection(url) { connection in  // 1
        let channel = try await connection.channel()  // 2
        try await channel.queueDeclare("test", durable: true)  // 3
        let deliveries = try await channel.basicConsume("test")  // 4
        print("connected, waiting for messages in queue \"test\"; Ctrl-C ends")
        for try await delivery in deliveries {  // 5
            print(delivery.text)
            channel.basicAck(delivery.tag)
        }
    }
}

// Ctrl-C cancels the task: its scope closes the connection.
signal(SIGINT, SIG_IGN)
let interrupt = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
interrupt.setEventHandler { consuming.cancel() }
interrupt.activate()

do {
    try await consuming.value
} catch let error as AMQPError where error.code == .cancelled {
    exit(0)
} catch {
    print(error)
    exit(1)
}
