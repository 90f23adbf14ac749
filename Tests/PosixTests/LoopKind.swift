import AMQPPosix
import AMQPSelect

/// The loops that every test here runs on.
enum LoopKind: String, CaseIterable, Sendable {
    case select

    func make() throws -> HostedLoop {
        switch self {
        case .select: SelectLoop()
        }
    }
}
