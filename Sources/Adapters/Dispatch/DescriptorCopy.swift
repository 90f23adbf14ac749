import AMQPConnection
import AMQPPosix

/// A descriptor of our own for somebody's open file, closed with the last reference.
///
/// A dispatch source gives up its descriptor only after its cancellation, on another thread and later; until then the
/// number must not be closed, let alone belong to another file. The user of a loop may close a descriptor as soon as it
/// is removed. So the sources watch a copy, which lives until they have been cancelled.
final class DescriptorCopy {
    let descriptor: Int32

    init(of descriptor: Int32) throws(AMQPError) {
        do {
            self.descriptor = try System.duplicate(descriptor)
        } catch {
            throw AMQPError(
                .descriptorNotWatchable, blame: .application, "descriptor \(descriptor) cannot be watched",
                underlying: error)
        }
    }

    deinit {
        System.close(descriptor)
    }
}
