import AMQPProtocol
import Logging
import Testing

@testable import AMQPConnection

/// The password in none of the ways in which Swift turns values into text.
@Suite struct RedactionTests {
    static let secret = "S3cr3t-p4ss"

    static var values: [(String, Any)] {
        let plain = PlainCredentials(username: "user", password: secret)
        let old = AMQPlainCredentials(username: "user", password: secret)
        let choice = CredentialsChoice([ExternalCredentials(), plain, old])
        let erasing = ErasingCredentials(choice)
        let expiring = ExpiringCredentials(username: "user", password: secret, validFor: .seconds(1))
        let all: [any Credentials] = [plain, old, choice, erasing, expiring]
        var values: [(String, Any)] = all.map { ($0.mechanism, $0) }
        values.append(("chosen", (try? erasing.credentials(for: ["PLAIN"])) as Any))
        for credentials in all {
            let parameters = ConnectionParameters(credentials: credentials)
            var machine = HandshakeStateMachine(parameters)
            let startOK = try? machine.receivedStart(.offering("PLAIN AMQPLAIN"))
            values.append(("parameters", parameters))
            values.append(("URL", parameters.url))
            values.append(("machine", machine))
            values.append(("start-ok", startOK as Any))
            values.append(("method", startOK.map { Method.connectionStartOK($0) } as Any))
        }
        return values
    }

    static func renderings(_ value: Any) -> [String] {
        var dumped = ""
        dump(value, to: &dumped)
        return [
            "\(value)", String(describing: value), String(reflecting: value), dumped, "\([value])", "\(["key": value])",
            "\(Mirror(reflecting: value).children.map { "\($0)" })", String(reflecting: Optional(value)),
        ]
    }

    @Test func noRenderingOfAValueShowsThePassword() {
        var count = 0
        for (name, value) in Self.values {
            for (index, text) in Self.renderings(value).enumerated() {
                #expect(!text.contains(Self.secret), "\(name), rendering \(index)")
                count += 1
            }
        }
        #expect(count >= 30)
    }

    static let spoiledURLs = [
        "http://u:SECRET@h", "amqp//u:SECRET@h",
        "amqps://u:SECRET@h?verify=SECRET", "amqp://u:SECRET@h:x", "amqp://u:SECRET@h:0",
        "amqp://u:SECRET@h/a/b", "amqp://u:SECRET@h?x=1", "amqp://u:SECRET@h?SECRET=1",
        "amqp://u:SECRET@h?heartbeat=SECRET",
        "amqp://u:SECRET@h?password=SECRET", "amqp://u:SECRET@h#f", "amqp://u:SECRET/x@h", "amqp://u:SECRET?x@h",
        "amqp://u:SECRET?x=1", "amqp://u:1?SECRET", "amqp://u:1?SECRET=1", "amqp://u:1?SECRET=1@h",
        "amqp://u:a@b?SECRET=1@h",
        "amqp://u:1?a=1&SECRET=1", "amqp://u:1/SECRET/x", "amqp://u:SECRET#x@h",
        "amqp://u:SECRET", "amqp://u:SECRET%@h", "amqp://u:SECRET%zz@h", "amqp://u:SECRET%00@h", "amqp://u:SECRET%0A@h",
        "amqp://u:SECRET @h", "amqp://SECRET@h", "amqp://u:SECRET@[h", "amqp://u:SECRET@::1", "amqp://[SECRET]",
        "amqp://h:SECRET", "amqp://h/%00SECRET", "amqp://u:SECRET@h?client_properties={\"SECRET\"}",
        "amqp://u:SECRET@h?client_properties={\"a\":SECRET}", "amqp://u:SECRET@h?tcp_options={\"SECRET\":1}",
        "amqp://u:SECRET@h?auth_mechanism=SECRET", "amqp://u:SECRET@h?auth_mechanism=external", "u:SECRET@h", "SECRET",
    ]

    @Test(arguments: spoiledURLs)
    func noErrorOfAURLShowsThePassword(_ url: String) {
        // The second one looks like the name of a key.
        for secret in [Self.secret, "topsecret"] {
            let error = #expect(throws: AMQPError.self) {
                try ConnectionParameters(url: url.replacing("SECRET", with: secret))
            }
            guard let error else { continue }
            for (index, text) in Self.renderings(error).enumerated() {
                #expect(!text.contains(secret), "rendering \(index)")
            }
        }
    }
}
