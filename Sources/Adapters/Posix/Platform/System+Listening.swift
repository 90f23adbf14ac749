package import AMQPConnection

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The server side, for the peers that tests talk to.
extension System {
    /// A non-blocking socket that listens; port 0 takes a free one.
    package static func listen(on address: SocketAddress, backlog: Int32 = 128) throws(SystemError) -> Int32 {
        let descriptor = try socket(for: address)
        do throws(SystemError) {
            if case .unix = address {} else { try setOption(descriptor, level: SOL_SOCKET, SO_REUSEADDR, 1) }
            let result = try address.withNative { (pointer, length) throws(SystemError) -> Int32 in
                bind(descriptor, pointer, length)
            }
            guard result == 0 else { throw lastError("bind") }
            #if canImport(Glibc)
            guard Glibc.listen(descriptor, backlog) == 0 else { throw lastError("listen") }
            #elseif canImport(Musl)
            guard Musl.listen(descriptor, backlog) == 0 else { throw lastError("listen") }
            #else
            guard Darwin.listen(descriptor, backlog) == 0 else { throw lastError("listen") }
            #endif
            return descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// The next connection of a listener, non-blocking; `nil` if nobody is waiting.
    package static func accept(_ listener: Int32) throws(SystemError) -> Int32? {
        while true {
            #if canImport(Glibc)
            let descriptor = Glibc.accept(listener, nil, nil)
            #elseif canImport(Musl)
            let descriptor = Musl.accept(listener, nil, nil)
            #else
            let descriptor = Darwin.accept(listener, nil, nil)
            #endif
            if descriptor >= 0 {
                do throws(SystemError) {
                    try prepare(descriptor)
                } catch {
                    close(descriptor)
                    throw error
                }
                return descriptor
            }
            if errno == EINTR || errno == ECONNABORTED { continue }
            if wouldBlock { return nil }
            throw lastError("accept")
        }
    }

    /// Makes closing the socket reset the connection instead of ending it.
    package static func resetOnClose(_ descriptor: Int32) {
        var value = linger(l_onoff: 1, l_linger: 0)
        _ = setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    }
}
