import AMQPProtocol

extension ConnectionParameters {
    /// The parameters as a URL for logs, with `***` in the password's place.
    ///
    /// Host, port, user and virtual host are always there, the query holds what is not at its default. What a URL cannot
    /// express is left out (see ``urlIncludingPassword()``).
    public var url: String {
        let user = (credentials as? any UserNameCredentials).map { "\(PercentCoding.encode($0.username)):***@" } ?? ""
        return printed(userInfo: user, tables: printableTables { try? JSONWriter.text($0, part: $1) })
    }

    /// The parameters as a URL that ``init(url:)`` reads as the same parameters, the password in clear text.
    ///
    /// `handlerErrorPolicy` and `logger` belong to the program and are not part of a URL.
    ///
    /// - Throws: ``AMQPError/Code/invalidArgument`` if the parameters are not valid; ``AMQPError/Code/notSupported`` if a
    ///   parameter has a value that a URL cannot express: the empty virtual host, credentials of the program's own,
    ///   client properties that are not JSON.
    public func urlIncludingPassword() throws(AMQPError) -> String {
        try validate()
        func inexpressible(_ part: String) -> AMQPError {
            AMQPError(.notSupported, blame: .application, "\(part) has a value that a URL cannot express")
        }
        guard !virtualHost.isEmpty else { throw inexpressible("virtualHost") }
        guard !locale.isEmpty else { throw inexpressible("locale") }
        guard connectionName != "" else { throw inexpressible("connectionName") }
        var user = ""
        if let credentials = credentials as? any UserNameCredentials {
            user = "\(PercentCoding.encode(credentials.username)):\(PercentCoding.encode(credentials.password))@"
        } else if !(credentials is ExternalCredentials) {
            throw inexpressible("credentials")
        }
        var tables: [(URLQueryKey, String)] = []
        for (key, table) in nonDefaultTables {
            tables.append((key, try JSONWriter.text(table, part: key.rawValue)))
        }
        return printed(userInfo: user, tables: tables)
    }

    private var nonDefaultTables: [(URLQueryKey, FieldTable)] {
        [(.clientProperties, clientProperties), (.tcpOptions, socketOptions.table)].filter { !$0.1.isEmpty }
    }

    private func printableTables(_ text: (FieldTable, String) -> String?) -> [(URLQueryKey, String)] {
        nonDefaultTables.compactMap { key, table in text(table, key.rawValue).map { (key, $0) } }
    }

    private func printed(userInfo: String, tables: [(URLQueryKey, String)]) -> String {
        let host = IPv6Text.isAddress(host) ? "[\(PercentCoding.encodeAddress(host))]" : PercentCoding.encode(host)
        var items = nonDefaultItems
        items += tables
        let query = items.map { "\($0.0.rawValue)=\(PercentCoding.encode($0.1))" }.joined(separator: "&")
        return
            "amqp://\(userInfo)\(host):\(port)/\(PercentCoding.encode(virtualHost))\(query.isEmpty ? "" : "?\(query)")"
    }

    private var nonDefaultItems: [(URLQueryKey, String)] {
        let other = ConnectionParameters()
        var items: [(URLQueryKey, String)] = []
        switch credentials {
        case is AMQPlainCredentials: items.append((.authMechanism, "amqplain"))
        case is ExternalCredentials: items.append((.authMechanism, "external"))
        default: break
        }
        if channelMax != other.channelMax { items.append((.channelMax, "\(channelMax)")) }
        if frameMax != other.frameMax { items.append((.frameMax, "\(frameMax)")) }
        if let heartbeat { items.append((.heartbeat, "\(heartbeat)")) }
        if socketTimeout != other.socketTimeout { items.append((.socketTimeout, DecimalSeconds.text(socketTimeout))) }
        if stackTimeout != other.stackTimeout { items.append((.stackTimeout, DecimalSeconds.text(stackTimeout))) }
        if locale != other.locale { items.append((.locale, locale)) }
        if let connectionName { items.append((.connectionName, connectionName)) }
        if messageSizeLimit != other.messageSizeLimit { items.append((.messageSizeLimit, "\(messageSizeLimit)")) }
        if outputLimit != other.outputLimit { items.append((.outputLimit, "\(outputLimit)")) }
        return items
    }
}
