extension TLSConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// What is not at its default; keys and their password are left out.
    public var description: String {
        "TLS(" + children.map { "\($0.label): \($0.value)" }.joined(separator: ", ") + ")"
    }
    /// The same as ``description``.
    public var debugDescription: String { description }
    /// Shows what ``description`` does.
    public var customMirror: Mirror {
        Mirror(self, children: children.map { (label: String?.some($0.label), value: $0.value) }, displayStyle: .struct)
    }

    private var children: [(label: String, value: String)] {
        let all: [(String, String?)] = [
            ("authorityFile", authorityFile), ("authorityFolder", authorityFolder),
            ("authorityPEM", authorityPEM.map { "\($0.utf8.count) bytes" }), ("certificateFile", certificateFile),
            ("certificatePEM", certificatePEM.map { "\($0.utf8.count) bytes" }), ("keyFile", keyFile),
            ("keyPEM", keyPEM.map { _ in "given" }), ("keyPassword", keyPassword.map { _ in "given" }),
            ("serverName", serverName), ("sendsServerName", sendsServerName ? nil : "false"),
            ("minimumVersion", minimumVersion == .tls12 ? nil : minimumVersion.rawValue),
            ("maximumVersion", maximumVersion?.rawValue), ("cipherList", cipherList),
            ("verifiesCertificate", verifiesCertificate ? nil : "false"),
            ("verifiesHostname", verifiesHostname ? nil : "false"),
        ]
        return all.compactMap { label, value in value.map { (label, $0) } }
    }
}
