import AMQPEpoll
import AMQPLibev
import AMQPPoll
import AMQPPosix
import AMQPSelect

/// The loops that every test here runs on.
enum LoopKind: String, CaseIterable, Sendable {
    case select
    case poll
    case epoll
    case embedded
    case libev

    func make() throws -> HostedLoop {
        switch self {
        case .select: SelectLoop()
        case .poll: PollLoop()
        case .epoll: try EpollLoop()
        case .embedded: EmbeddedLoop()
        case .libev: try LibevLoop()
        }
    }
}
