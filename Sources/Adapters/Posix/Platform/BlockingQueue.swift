#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

// SAFETY: `elements` and `isClosed` are used under the mutex only; mutex and condition live as long as this does.
/// A queue that threads wait at for something to do.
final class BlockingQueue<Element: Sendable>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var elements: [Element?] = []
    private var head = 0
    private var waitingCount = 0
    private var isClosed = false

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Adds an element at the end.
    ///
    /// - Returns: whether nobody waits for it; `nil` if the queue is closed, and has not taken it.
    func put(_ element: Element) -> Bool? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard !isClosed else { return nil }
        elements.append(element)
        pthread_cond_signal(condition)
        return waitingCount < elements.count - head
    }

    /// Takes the first element; waits for one if there is none.
    ///
    /// - Returns: `nil` if the queue is closed and empty.
    func take() -> Element? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        waitingCount += 1
        while head == elements.count && !isClosed { pthread_cond_wait(condition, mutex) }
        waitingCount -= 1
        guard head < elements.count else { return nil }
        let element = elements[head].take()
        head += 1
        if head == elements.count || head >= 1024 {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }

    /// Takes nothing more; what is in it can still be taken.
    func close() {
        pthread_mutex_lock(mutex)
        isClosed = true
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }
}
