// AMQP inside a program that has a poll(2) loop of its own, and no event loop of any library.
//
//     printf 'one\ntwo\n' | EmbeddedPoll        the broker of AMQP_URL
//
// Each line of standard input is published to a queue of our own; what comes back is printed. The program ends when
// standard input has ended and every line has come back.

import AMQPPosix
import Foundation

func brokerParameters() -> ConnectionParameters {
    do {
        return try ConnectionParameters(url: ProcessInfo.processInfo.environment["AMQP_URL"] ?? "amqp://localhost")
    } catch {
        print("AMQP_URL: \(error)")
        exit(1)
    }
}

/// What the program does with its connection: nothing in here knows about loops.
final class Echo {
    private let connection: Connection
    private var channel: Channel?
    private var queue = ""
    private var pending: [String] = []
    private var awaited = 0
    private var hasEnded = false

    init(on loop: EmbeddedLoop) {
        connection = Connection(brokerParameters(), on: loop)
        connection.onOpenError { _, error in
            print("no connection: \(error)")
            exit(1)
        }
        connection.onOpen { [self] connection in connection.channel(onOpen: opened) }
    }

    var isClosed: Bool { connection.isClosed }

    /// A line of standard input; it waits until there is a queue.
    func publish(_ line: String) {
        pending.append(line)
        publishPending()
    }

    /// Standard input has ended.
    func end() {
        hasEnded = true
        closeWhenDone()
    }

    private func opened(_ channel: Channel) {
        channel.queueDeclare(exclusive: true) { [self] result in
            guard case .success(let declared) = result else { return }
            queue = declared.queue
            channel.basicConsume(queue, onMessage: received)
            self.channel = channel
            publishPending()
            closeWhenDone()
        }
    }

    private func publishPending() {
        guard let channel else { return }
        for line in pending {
            do {
                _ = try channel.basicPublish(line, routingKey: queue)
                awaited += 1
            } catch {
                print("not published: \(error)")
            }
        }
        pending = []
    }

    private func received(_ channel: Channel, _ delivery: Delivery) {
        print(delivery.text)
        channel.basicAck(delivery.tag)
        awaited -= 1
        closeWhenDone()
    }

    private func closeWhenDone() {
        guard hasEnded, channel != nil, pending.isEmpty, awaited == 0, connection.isOpen else { return }
        connection.close()
    }
}

/// Takes whole lines out of what was read so far.
func takeLines(from text: inout String) -> [String] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    text = lines.removeLast()
    return lines
}

let loop = EmbeddedLoop()
let echo = Echo(on: loop)
var input = ""
var isInputOpen = true

while !echo.isClosed {
    // What to wait for: our own descriptor, the one that other threads wake us with, and the connection's: several while
    // the addresses of the broker are tried. poll(2) ignores entries below zero.
    let watches = loop.watches
    var entries = [
        pollfd(fd: isInputOpen ? 0 : -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: loop.wakeDescriptor, events: Int16(POLLIN), revents: 0),
    ]
    for watch in watches {
        var events: Int16 = 0
        if watch.interest.contains(.readable) { events |= Int16(POLLIN) }
        if watch.interest.contains(.writable) { events |= Int16(POLLOUT) }
        entries.append(pollfd(fd: watch.descriptor, events: events, revents: 0))
    }
    poll(&entries, nfds_t(entries.count), loop.pollTimeout)

    // What was found. That a descriptor is not ready for all that was asked for does no harm.
    loop.process(zip(watches, entries[2...]).filter { $1.revents != 0 }.map { $0.0 })

    if entries[0].revents != 0 {
        let data = FileHandle.standardInput.availableData
        input += String(decoding: data, as: UTF8.self)
        isInputOpen = !data.isEmpty
        if !isInputOpen && !input.isEmpty { input += "\n" }
        for line in takeLines(from: &input) { echo.publish(line) }
        if !isInputOpen { echo.end() }
    }
}
loop.close()
