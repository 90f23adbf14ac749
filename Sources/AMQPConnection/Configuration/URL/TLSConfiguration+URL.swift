import AMQPProtocol

extension TLSConfiguration {
    /// The keys of a URL that belong to TLS.
    static let queryKeys: [URLQueryKey] = [
        .sslOptions, .caCertFile, .certFile, .keyFile, .password, .verify, .serverNameIndication,
    ]

    /// Reads what a URL of the scheme `amqps` says in Pika's `ssl_options` and in the Erlang client's keys.
    init(_ query: URLQuery) throws(AMQPError) {
        self.init()
        if let table = try query.table(.sslOptions) { try take(table) }
        try set(\.authorityFile, query.text(.caCertFile), .caCertFile)
        try set(\.certificateFile, query.text(.certFile), .certFile)
        try set(\.keyFile, query.text(.keyFile), .keyFile)
        try set(\.keyPassword, query.text(.password), .password)
        if query.text(.serverNameIndication) == "disable" {
            sendsServerName = false
        } else {
            try set(\.serverName, query.text(.serverNameIndication), .serverNameIndication)
        }
        switch query.text(.verify) {
        case nil, "verify_peer": break
        case "verify_none": self = insecurelySkippingVerification()
        case .some: throw AMQPError(invalidURL: "verify: verify_peer or verify_none is expected")
        }
    }

    private mutating func set(
        _ path: WritableKeyPath<TLSConfiguration, String?>, _ text: String?, _ key: URLQueryKey
    ) throws(AMQPError) {
        guard let text else { return }
        guard self[keyPath: path] == nil else {
            throw AMQPError(invalidURL: "\(key.rawValue): ssl_options has the same; one is expected")
        }
        self[keyPath: path] = text
    }

    private mutating func take(_ table: FieldTable) throws(AMQPError) {
        var taken: Set<SSLOption> = []
        for entry in table.entries {
            guard let option = SSLOption(named: entry.key) else {
                throw AMQPError(invalidURL: "ssl_options: \(SSLOption.names) are the options")
            }
            guard taken.insert(option).inserted else {
                throw AMQPError(invalidURL: "ssl_options: \(option.rawValue) comes several times")
            }
            guard let text = entry.value.stringValue, !text.isEmpty else {
                throw AMQPError(invalidURL: "ssl_options: \(option.rawValue): a text is expected")
            }
            try take(option, text)
        }
    }

    private mutating func take(_ option: SSLOption, _ text: String) throws(AMQPError) {
        switch option {
        case .caFile: authorityFile = text
        case .caPath: authorityFolder = text
        case .caData: authorityPEM = text
        case .certFile: certificateFile = text
        case .keyFile: keyFile = text
        case .password: keyPassword = text
        case .ciphers: cipherList = text
        case .serverHostname: serverName = text
        case .minimumVersion: minimumVersion = try TLSConfiguration.version(option, text)
        case .maximumVersion: maximumVersion = try TLSConfiguration.version(option, text)
        case .protocol:
            let version = try TLSConfiguration.version(option, text)
            minimumVersion = version
            maximumVersion = version
        }
    }

    private static func version(_ option: SSLOption, _ text: String) throws(AMQPError) -> TLSVersion {
        switch text {
        case "1.2", "TLSv1.2": return .tls12
        case "1.3", "TLSv1.3": return .tls13
        default: throw AMQPError(invalidURL: "ssl_options: \(option.rawValue): 1.2 or 1.3 is expected")
        }
    }

    // MARK: Printing

    /// Whether a URL can say all of it. Certificates and keys as text do not belong into one, and what weakens it stays in
    /// the program, but for `verify_none`.
    var isExpressible: Bool {
        certificatePEM == nil && keyPEM == nil && verifiesCertificate == verifiesHostname && !allowsInsecureVersions
    }

    /// What is not at its default, as `ssl_options`.
    func options(showingPassword: Bool) -> FieldTable {
        let other = TLSConfiguration()
        let all: [(SSLOption, String?)] = [
            (.caFile, authorityFile), (.caPath, authorityFolder), (.caData, authorityPEM), (.certFile, certificateFile),
            (.keyFile, keyFile), (.password, keyPassword.map { showingPassword ? $0 : "***" }), (.ciphers, cipherList),
            (.serverHostname, serverName),
            (.minimumVersion, minimumVersion > other.minimumVersion ? minimumVersion.rawValue : nil),
            (.maximumVersion, maximumVersion?.rawValue),
        ]
        var table = FieldTable()
        for case (let option, let text?) in all { table[option.rawValue] = .text(text) }
        return table
    }

    /// What is not at its default and has a key of its own.
    var items: [(URLQueryKey, String)] {
        var items: [(URLQueryKey, String)] = []
        if !sendsServerName { items.append((.serverNameIndication, "disable")) }
        if !verifiesCertificate { items.append((.verify, "verify_none")) }
        return items
    }
}

/// The options of Pika's `ssl_options`, and ours for the versions.
private enum SSLOption: String, CaseIterable {
    case caFile = "cafile"
    case caPath = "capath"
    case caData = "cadata"
    case certFile = "certfile"
    case keyFile = "keyfile"
    case password
    case ciphers
    case serverHostname = "server_hostname"
    case `protocol`
    case minimumVersion = "minimum_version"
    case maximumVersion = "maximum_version"

    /// The option of a name; Pika has two names for those of the authorities.
    init?(named name: String) {
        switch name {
        case "ca_certs": self = .caFile
        case "ca_path": self = .caPath
        case "ca_data": self = .caData
        default: self.init(rawValue: name)
        }
    }

    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
