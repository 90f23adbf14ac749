/// One place where a broker can be reached.
public enum Endpoint: Sendable, Hashable {
    /// A host name, or an IPv4 or IPv6 address in text, and a port; `nil` is the parameters' own.
    case host(String, port: UInt16? = nil)
    /// The path of a UNIX domain socket; it begins with `/`.
    case unix(path: String)
}

extension ConnectionParameters {
    /// These parameters for each of several endpoints: the nodes of a cluster, to connect to whichever answers.
    public func at(_ endpoints: [Endpoint]) -> [ConnectionParameters] {
        endpoints.map { endpoint in
            var parameters = self
            switch endpoint {
            case .host(let host, let port):
                parameters.host = host
                if let port { parameters.port = port }
            case .unix(let path):
                parameters.host = path
            }
            return parameters
        }
    }
}
