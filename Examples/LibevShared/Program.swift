import AMQPLibev
import Foundation

/// A program around a libev loop. It watches a pipe (standard input) and, by a timer of its own, hands on the lines that
/// came, fifty times a second. Nothing in here knows about AMQP.
final class Program {
    private let loop: OpaquePointer
    private let input = UnsafeMutablePointer<ev_io>.allocate(capacity: 1)
    private let timer = UnsafeMutablePointer<ev_timer>.allocate(capacity: 1)
    private var text = ""
    private var lines: [String] = []
    private var isInputOver = false

    /// Lines came on standard input.
    var onLines: ([String]) -> Void = { _ in }
    /// No more lines will come; called once, last.
    var onEnd: () -> Void = {}

    init(on loop: OpaquePointer) {
        self.loop = loop
        input.initialize(to: ev_io())
        timer.initialize(to: ev_timer())
        // libev's callbacks get what is in `data`. A C function cannot capture anything else.
        clibev_io_init(input, { _, watcher, _ in Program.of(watcher?.pointee.data)?.readInput() }, 0, Int32(EV_READ))
        clibev_timer_init(timer, { _, watcher, _ in Program.of(watcher?.pointee.data)?.handOn() }, 0.02, 0.02)
        // SAFETY: the watchers are stopped before the program goes.
        input.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        timer.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        ev_io_start(loop, input)
        ev_timer_start(loop, timer)
    }

    deinit {
        stop()
        input.deallocate()
        timer.deallocate()
    }

    /// Ends both watchers; `ev_run` returns when nothing else is left on the loop.
    func stop() {
        ev_io_stop(loop, input)
        ev_timer_stop(loop, timer)
    }

    private static func of(_ data: UnsafeMutableRawPointer?) -> Program? {
        // SAFETY: only this class' watchers have these callbacks, and they are stopped before it goes.
        data.map { Unmanaged<Program>.fromOpaque($0).takeUnretainedValue() }
    }

    private func readInput() {
        let data = FileHandle.standardInput.availableData
        text += String(decoding: data, as: UTF8.self)
        var whole = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        text = whole.removeLast()
        lines += whole
        guard data.isEmpty else { return }
        if !text.isEmpty { lines.append(text) }
        isInputOver = true
        ev_io_stop(loop, input)
    }

    private func handOn() {
        let lines = self.lines
        self.lines = []
        if !lines.isEmpty { onLines(lines) }
        guard isInputOver else { return }
        stop()
        onEnd()
    }
}
