import AMQPConnection
import AMQPPosix
import Dispatch

/// The dispatch sources of one watched descriptor; used on the queue only.
///
/// A source exists only while its direction is wanted, since one for writing fires again and again. None fires after it
/// was cancelled on its own queue, so what happened before a removal is never told after it.
final class DispatchWatch {
    private let queue: DispatchQueue
    private let copy: DescriptorCopy
    private let handler: () -> Void
    private var reader: (any DispatchSourceRead)?
    private var writer: (any DispatchSourceWrite)?
    private(set) var interest: Readiness = []

    /// - Parameter handler: called on the queue when something happened to the descriptor.
    init(_ descriptor: Int32, on queue: DispatchQueue, _ handler: @escaping () -> Void) throws(AMQPError) {
        self.queue = queue
        self.handler = handler
        copy = try DescriptorCopy(of: descriptor)
    }

    /// Whether the number still belongs to the file that is being watched.
    func isOf(_ descriptor: Int32) -> Bool {
        System.isSameFile(descriptor, copy.descriptor)
    }

    /// What the descriptor is ready for now, and whether it has failed or was hung up.
    var state: (readiness: Readiness, isOver: Bool) {
        System.probe(copy.descriptor, for: interest)
    }

    /// Watches for something else; no interest ends it.
    func watch(for interest: Readiness) {
        self.interest = interest
        if interest.contains(.readable) != (reader != nil) {
            reader?.cancel()
            reader = interest.contains(.readable) ? makeReader() : nil
        }
        if interest.contains(.writable) != (writer != nil) {
            writer?.cancel()
            writer = interest.contains(.writable) ? makeWriter() : nil
        }
    }

    private func makeReader() -> any DispatchSourceRead {
        let source = DispatchSource.makeReadSource(fileDescriptor: copy.descriptor, queue: queue)
        prepare(source)
        return source
    }

    private func makeWriter() -> any DispatchSourceWrite {
        let source = DispatchSource.makeWriteSource(fileDescriptor: copy.descriptor, queue: queue)
        prepare(source)
        return source
    }

    private func prepare(_ source: any DispatchSourceProtocol) {
        // Handlers are released after the cancellation; this one keeps the descriptor open until then.
        source.setCancelHandler { [copy] in withExtendedLifetime(copy) {} }
        source.setEventHandler(handler: handler)
        source.activate()
    }
}
