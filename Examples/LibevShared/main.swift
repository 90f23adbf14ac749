// One libev loop, shared by a program with a pipe and a timer of its own and by AMQP.
//
//     printf 'one\ntwo\n' | LibevShared        the broker of AMQP_URL
//
// Each line of standard input is published to a queue of our own; what comes back is printed. The program ends when
// standard input has ended and every line has come back.

import AMQPLibev
import Foundation

let url = ProcessInfo.processInfo.environment["AMQP_URL"] ?? "amqp://localhost"
let parameters = try ConnectionParameters(url: url)
guard let shared = ev_default_loop(0) else { exit(1) }
let program = Program(on: shared)
let echo = Echo()
let loop = try LibevLoop(on: shared)
var failure: AMQPError?

program.onLines = { echo.publish($0) }
program.onEnd = { echo.end() }

let connection = Connection(parameters, on: loop) { echo.onConnected($0) }  // 1
echo.onEnd = { error in
    failure = failure ?? error
    program.stop()
    loop.close()
}
connection.onOpenError { _, error in echo.onEnd?(error) }
connection.onClose { _, error in echo.onEnd?(error.code == .connectionClosedByClient ? nil : error) }

// Not `loop.start()`: the program runs its loop, as it did before it knew of AMQP. It returns when the program's
// watchers are stopped and the AMQP loop is closed, since nothing is left on it then.
ev_run(shared, 0)
if let failure { print("no more AMQP: \(failure)") }
exit(failure == nil ? 0 : 1)
