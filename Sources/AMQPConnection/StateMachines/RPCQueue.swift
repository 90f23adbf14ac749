import AMQPProtocol

/// The synchronous methods of one channel: one in flight, the others wait in order.
///
///     submitted -> waiting -> in flight -> completed (reply) or failed (close, loss, deadline)
///
/// A method that expects no reply (nowait) waits its turn too, so that requests leave in the order of the calls, but does
/// not hold up those behind it. A reply belongs to the request in flight if it is one of the methods that the request can
/// be answered with; names inside of it do not matter. A publish that is to keep its place behind requests waits here,
/// too, like a method without a reply.
struct RPCQueue {
    /// A request of the user's; its continuation is kept by the channel under `id`.
    struct Request {
        var id: UInt64
        var method: Method
        /// The methods that answer it; empty if none does.
        var replies: [MethodID]
        /// How many bytes it will add to the output.
        var size = 0
        /// When it was made.
        var submitted = LoopInstant(nanoseconds: 0)
    }

    private var inFlight: Request?
    /// Whether nobody waits for the reply to the request in flight any more.
    private var isGivenUp = false
    private var waiting = RingBuffer<Request>()

    /// The sizes of all that has not left, together.
    private(set) var waitingByteCount = 0

    /// The number of requests that have not been answered.
    var count: Int { waiting.count + (inFlight == nil ? 0 : 1) }

    /// Whether somebody waits for a reply, or behind one.
    var awaitsReply: Bool { waiting.count > 0 || (inFlight != nil && !isGivenUp) }

    /// The method that waits for its reply.
    var methodInFlight: MethodID? { inFlight?.method.id }

    /// The requests that have not been answered, in order.
    var pending: [Request] { (inFlight.map { [$0] } ?? []) + (0 ..< waiting.count).map { waiting[$0] } }

    /// Whether a request of this method has not left.
    func isWaiting(_ id: MethodID) -> Bool {
        (0 ..< waiting.count).contains { waiting[$0].method.id == id }
    }

    /// Adds a request; returns what is to be sent now.
    mutating func submit(_ request: Request) -> [Request] {
        waiting.append(request)
        waitingByteCount += request.size
        return takeSendable()
    }

    enum ReplyAction {
        /// The request is answered; the requests are to be sent next.
        case complete(Request, send: [Request])
        /// No request in flight can be answered by this.
        case unexpected
    }

    /// A method came that may be a reply.
    mutating func receivedReply(_ id: MethodID) -> ReplyAction {
        guard let request = inFlight, request.replies.contains(id) else { return .unexpected }
        inFlight = nil
        return .complete(request, send: takeSendable())
    }

    /// Nobody waits for a request any more.
    ///
    /// One that has not left is dropped, unless it is a `basic.cancel`: that still leaves when its turn comes, since the
    /// consumer is not wanted any more. The one in flight keeps its place until its answer comes, so that no answer is
    /// ever taken for another request's.
    ///
    /// - Returns: whether the request is in flight or will be.
    mutating func abandon(_ id: UInt64) -> Bool {
        if inFlight?.id == id {
            isGivenUp = true
            return true
        }
        for index in 0 ..< waiting.count where waiting[index].id == id && waiting[index].method.id == .basicCancel {
            return true
        }
        for request in waiting.removeAll() {
            if request.id == id { waitingByteCount -= request.size } else { waiting.append(request) }
        }
        return false
    }

    /// Ends everything: returns all requests, the one in flight first.
    mutating func removeAll() -> [Request] {
        let requests = (inFlight.map { [$0] } ?? []) + waiting.removeAll()
        inFlight = nil
        waitingByteCount = 0
        return requests
    }

    /// The requests that may leave now, up to one that waits for a reply.
    private mutating func takeSendable() -> [Request] {
        var sendable: [Request] = []
        while inFlight == nil, let request = waiting.popFirst() {
            waitingByteCount -= request.size
            if !request.replies.isEmpty {
                inFlight = request
                isGivenUp = false
            }
            sendable.append(request)
        }
        return sendable
    }
}
