import AMQPProtocol

extension ConnectionParameters {
    /// The parameters as a URL for logs, with `***` in the password's place.
    ///
    /// Host, port, user and virtual host are always there, the query holds what is not at its default. What a URL cannot
    /// express is left out (see ``urlIncludingPassword()``).
    public var url: String {
        var user = ""
        if let credentials = expressibleCredentials, let known = userNameCredentials(credentials) {
            user = "\(PercentCoding.encode(known.username)):***@"
        }
        let tables = nonDefaultTables(showingPassword: false).compactMap { key, table in
            (try? JSONWriter.text(table, part: key.rawValue)).map { (key, $0) }
        }
        return printed(userInfo: user, tables: tables)
    }

    /// The parameters as a URL that ``init(url:)`` reads as the same parameters, the password in clear text.
    ///
    /// `handlerErrorPolicy` and `logger` belong to the program and are not part of a URL.
    ///
    /// - Throws: ``AMQPError/Code/invalidArgument`` if the parameters are not valid; ``AMQPError/Code/notSupported`` if a
    ///   parameter has a value that a URL cannot express: an empty virtual host, locale or name, a function for the
    ///   heartbeat, a credentials provider or credentials of the program's own, client properties that are not JSON, TLS with
    ///   a certificate or key as text or with weakened verification other than none.
    public func urlIncludingPassword() throws(AMQPError) -> String {
        try validate()
        guard credentialsProvider == nil else { throw inexpressible("credentialsProvider") }
        guard let credentials = expressibleCredentials else { throw inexpressible("credentials") }
        guard tls?.isExpressible ?? true else { throw inexpressible("tls") }
        guard !virtualHost.isEmpty else { throw inexpressible("virtualHost") }
        guard !locale.isEmpty else { throw inexpressible("locale") }
        guard connectionName != "" else { throw inexpressible("connectionName") }
        if case .chosen = heartbeat { throw inexpressible("heartbeat") }
        var user = ""
        if let known = userNameCredentials(credentials) {
            user = "\(PercentCoding.encode(known.username)):\(PercentCoding.encode(known.password))@"
        }
        var tables: [(URLQueryKey, String)] = []
        for (key, table) in nonDefaultTables(showingPassword: true) {
            tables.append((key, try JSONWriter.text(table, part: key.rawValue)))
        }
        return printed(userInfo: user, tables: tables)
    }

    private func inexpressible(_ parameter: String) -> AMQPError {
        AMQPError(.notSupported, blame: .application, "\(parameter) has a value that a URL cannot express")
    }

    /// The credentials in the order of preference; `nil` if a URL cannot express them: a mechanism that it has no name
    /// for, or twice, or one user for one mechanism and another for the next.
    private var expressibleCredentials: [any Credentials]? {
        let candidates = (credentials as? CredentialsChoice)?.candidates ?? [credentials]
        let mechanisms = candidates.compactMap { URLMechanism($0) }
        guard mechanisms.count == candidates.count, Set(mechanisms).count == mechanisms.count else { return nil }
        let users = candidates.compactMap { $0 as? any UserNameCredentials }
        guard let first = users.first else { return candidates }
        let isOneUser = users.allSatisfy { $0.username == first.username && $0.password == first.password }
        return isOneUser ? candidates : nil
    }

    private func userNameCredentials(_ candidates: [any Credentials]) -> (any UserNameCredentials)? {
        candidates.lazy.compactMap { $0 as? any UserNameCredentials }.first
    }

    private func nonDefaultTables(showingPassword: Bool) -> [(URLQueryKey, FieldTable)] {
        let tlsOptions = tls?.options(showingPassword: showingPassword) ?? [:]
        let all: [(URLQueryKey, FieldTable)] = [
            (.clientProperties, clientProperties), (.tcpOptions, socketOptions.table), (.sslOptions, tlsOptions),
        ]
        return all.filter { !$0.1.isEmpty }
    }

    private func printed(userInfo: String, tables: [(URLQueryKey, String)]) -> String {
        let host = IPv6Text.isAddress(host) ? "[\(PercentCoding.encodeAddress(host))]" : PercentCoding.encode(host)
        var items = nonDefaultItems
        items += tables
        let query = items.map { "\($0.0.rawValue)=\(PercentCoding.encode($0.1))" }.joined(separator: "&")
        return
            "\(tls == nil ? "amqp" : "amqps")://\(userInfo)\(host):\(port)/\(PercentCoding.encode(virtualHost))\(query.isEmpty ? "" : "?\(query)")"
    }

    private var nonDefaultItems: [(URLQueryKey, String)] {
        let other = ConnectionParameters()
        var items: [(URLQueryKey, String)] = []
        let mechanisms = expressibleCredentials?.compactMap { URLMechanism($0) } ?? []
        if mechanisms != [.plain] { items += mechanisms.map { (.authMechanism, $0.rawValue) } }
        if channelMax != other.channelMax { items.append((.channelMax, "\(channelMax)")) }
        if frameMax != other.frameMax { items.append((.frameMax, "\(frameMax)")) }
        if case .seconds(let seconds) = heartbeat { items.append((.heartbeat, "\(seconds)")) }
        if connectionAttempts != other.connectionAttempts {
            items.append((.connectionAttempts, "\(connectionAttempts)"))
        }
        if retryDelay != other.retryDelay { items.append((.retryDelay, DecimalSeconds.text(retryDelay))) }
        if addressOrder != other.addressOrder { items.append((.addressOrder, "\(addressOrder)")) }
        if resolveTimeout != other.resolveTimeout {
            items.append((.resolveTimeout, DecimalSeconds.text(resolveTimeout)))
        }
        if socketTimeout != other.socketTimeout { items.append((.socketTimeout, DecimalSeconds.text(socketTimeout))) }
        if stackTimeout != other.stackTimeout { items.append((.stackTimeout, DecimalSeconds.text(stackTimeout))) }
        if requestTimeout != other.requestTimeout {
            items.append((.requestTimeout, DecimalSeconds.text(requestTimeout)))
        }
        if blockedConnectionTimeout != other.blockedConnectionTimeout {
            items.append((.blockedConnectionTimeout, DecimalSeconds.text(blockedConnectionTimeout)))
        }
        items += tls?.items ?? []
        if locale != other.locale { items.append((.locale, locale)) }
        if let connectionName { items.append((.connectionName, connectionName)) }
        if messageSizeLimit != other.messageSizeLimit { items.append((.messageSizeLimit, "\(messageSizeLimit)")) }
        if outputLimit != other.outputLimit { items.append((.outputLimit, "\(outputLimit)")) }
        if outputHighWaterMark != other.outputHighWaterMark {
            items.append((.outputHighWaterMark, "\(outputHighWaterMark)"))
        }
        if outputLowWaterMark != other.outputLowWaterMark {
            items.append((.outputLowWaterMark, "\(outputLowWaterMark)"))
        }
        if backpressureDetection != other.backpressureDetection {
            items.append((.backpressureDetection, backpressureDetection ? "t" : "f"))
        }
        return items.filter { !$0.1.isEmpty }
    }
}
