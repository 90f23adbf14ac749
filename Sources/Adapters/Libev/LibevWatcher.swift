/// The memory of one libev watcher, at an address that stays the same; it is freed with this object.
///
/// Who owns it stops the watcher first.
final class LibevWatcher<Kind> {
    let pointer: UnsafeMutablePointer<Kind>

    init(_ value: Kind) {
        pointer = .allocate(capacity: 1)
        pointer.initialize(to: value)
    }

    deinit {
        // SAFETY: libev forgets a watcher when it is stopped, also inside the watcher's own callback, which is the last
        // that libev does with it. The memory was allocated in `init` and is freed only here.
        pointer.deinitialize(count: 1)
        pointer.deallocate()
    }
}
