import AMQPConnection

/// Random parameters, each of them what a URL can express; those of a seed are always the same.
struct RandomParameters {
    private var random: SplitMix

    init(seed: UInt64) {
        random = SplitMix(seed: seed)
    }

    mutating func next() -> ConnectionParameters {
        var parameters = ConnectionParameters()
        parameters.host = host()
        if chance(2) { parameters.port = .random(in: 1 ... .max, using: &random) }
        if chance(2) { parameters.virtualHost = text(1 ... 20) }
        if chance(2) { parameters.credentials = credentials() }
        if chance(4) { parameters.channelMax = .random(in: 1 ... .max, using: &random) }
        if chance(4) { parameters.frameMax = .random(in: 4096 ... Int(Int32.max), using: &random) }
        if chance(4) { parameters.heartbeat = .seconds(.random(in: 0 ... .max, using: &random)) }
        if chance(4) { parameters.socketTimeout = timeout() }
        if chance(4) { parameters.stackTimeout = timeout() }
        if chance(4) { parameters.resolveTimeout = timeout() }
        if chance(4) { parameters.connectionAttempts = .random(in: 1 ... .max, using: &random) }
        if chance(4) { parameters.retryDelay = chance(4) ? .zero : timeout() ?? .seconds(1) }
        if chance(4) { parameters.addressOrder = .sequential }
        if chance(8) { parameters.locale = text(1 ... 20) }
        if chance(4) { parameters.connectionName = text(1 ... 20, controls: true) }
        if chance(4) { parameters.clientProperties = table(depth: 0) }
        if chance(8) { parameters.messageSizeLimit = .random(in: 0 ... .max, using: &random) }
        if chance(8) { parameters.outputLimit = .random(in: 1 ... .max, using: &random) }
        if chance(4) { parameters.requestTimeout = timeout() }
        if chance(4) { parameters.blockedConnectionTimeout = chance(4) ? .zero : timeout() }
        if chance(4) { parameters.backpressureDetection = true }
        if chance(8) {
            parameters.outputHighWaterMark = .random(in: 0 ... .max, using: &random)
            parameters.outputLowWaterMark = .random(in: 0 ... parameters.outputHighWaterMark, using: &random)
        }
        if chance(4) { parameters.socketOptions = socketOptions() }
        if chance(3) { parameters.tls = tls() }
        return parameters
    }

    private mutating func chance(_ oneIn: Int) -> Bool { Int.random(in: 0 ..< oneIn, using: &random) == 0 }

    private static let addresses = ["::1", "::", "2001:db8::7", "::ffff:10.0.0.1", "fe80::1%eth0", "FE80::A%2]/@"]

    private mutating func host() -> String {
        if chance(8) { return "/run/\(text(1 ... 20))" }
        if chance(4) { return RandomParameters.addresses.randomElement(using: &random) ?? "::1" }
        let name = text(1 ... 20).utf8.map { $0 == UInt8(ascii: ":") ? UInt8(ascii: ".") : $0 }
        return String(decoding: name, as: UTF8.self)
    }

    private mutating func credentials() -> any Credentials {
        let plain = PlainCredentials(username: text(0 ... 12), password: text(0 ... 30))
        let old = AMQPlainCredentials(username: plain.username, password: plain.password)
        let all: [any Credentials] = [plain, old, ExternalCredentials()].shuffled(using: &random)
        return chance(3) ? CredentialsChoice(Array(all.prefix(.random(in: 2 ... 3, using: &random)))) : all[0]
    }

    private mutating func timeout() -> Duration? {
        if chance(4) { return nil }
        let seconds = chance(8) ? Int64.random(in: 1 ... .max, using: &random) : .random(in: 1 ... 100, using: &random)
        let part = chance(2) ? 0 : Int64.random(in: 0 ..< 1_000_000_000_000_000_000, using: &random)
        return Duration(secondsComponent: seconds, attosecondsComponent: part)
    }

    private mutating func socketOptions() -> SocketOptions {
        func number(_ least: Int) -> Int? { chance(2) ? .random(in: least ... Int(Int32.max), using: &random) : nil }
        return SocketOptions(
            keepAlive: chance(2) ? nil : chance(2), keepAliveIdle: number(1), keepAliveInterval: number(1),
            keepAliveCount: number(1),
            userTimeout: number(0))
    }

    private mutating func tls() -> TLSConfiguration {
        var tls = TLSConfiguration()
        if chance(4) { tls = tls.insecurelySkippingVerification() }
        if chance(2) { tls.authorityFile = text(1 ... 20) }
        if chance(4) { tls.authorityFolder = text(1 ... 20) }
        if chance(4) { tls.authorityPEM = "-\(text(0 ... 20))\n" }
        if chance(2) {
            tls.certificateFile = text(1 ... 20)
            if chance(2) { tls.keyFile = text(1 ... 20) }
            if chance(2) { tls.keyPassword = text(1 ... 20) }
        }
        if chance(4) { tls.serverName = text(1 ... 20) }
        if chance(4) { tls.sendsServerName = false }
        if chance(4) { tls.minimumVersion = .tls13 }
        if chance(4) { tls.maximumVersion = .tls13 }
        if chance(4) {
            let bytes = text(1 ... 20).utf8.map { $0 == UInt8(ascii: "@") ? UInt8(ascii: "x") : $0 }
            tls.cipherList = String(decoding: bytes, as: UTF8.self)
        }
        return tls
    }

    private mutating func table(depth: Int) -> FieldTable {
        var table = FieldTable()
        for _ in 0 ..< Int.random(in: 0 ... 3, using: &random) {
            table[text(0 ... 10, controls: true)] = value(depth: depth)
        }
        return table
    }

    private mutating func value(depth: Int) -> FieldValue {
        switch Int.random(in: depth < 4 ? 0 ... 7 : 0 ... 5, using: &random) {
        case 0: return .boolean(chance(2))
        case 1: return .int32(.random(in: .min ... .max, using: &random))
        case 2:
            let number = Int64.random(in: .min ... .max, using: &random)
            return Int32(exactly: number) == nil ? .int64(number) : .void
        case 3:
            let number = Double(bitPattern: random.next())
            return .double(number.isFinite ? number : 0)
        case 4: return .text(text(0 ... 20, controls: true))
        case 5: return .void
        case 6: return .array((0 ..< Int.random(in: 0 ... 3, using: &random)).map { _ in value(depth: depth + 1) })
        default: return .table(table(depth: depth + 1))
        }
    }

    private static let delimiters = Array("/?#[]@:!$&'()*,;=%+ \"\\{}|^`<>-._~".unicodeScalars)

    /// A text that is rich in the characters that mean something in a URL.
    private mutating func text(_ length: ClosedRange<Int>, controls: Bool = false) -> String {
        var text = String.UnicodeScalarView()
        for _ in 0 ..< Int.random(in: length, using: &random) {
            switch Int.random(in: 0 ..< 8, using: &random) {
            case 0 ... 2: text.append(RandomParameters.delimiters.randomElement(using: &random) ?? "/")
            case 3 where controls: text.append(Unicode.Scalar(UInt8.random(in: 0 ..< 32, using: &random)))
            case 4: text.append(Unicode.Scalar(UInt32.random(in: 0xA0 ... 0xD7FF, using: &random)) ?? "é")
            case 5: text.append(Unicode.Scalar(UInt32.random(in: 0xE000 ... 0x10FFFF, using: &random)) ?? "🐹")
            default: text.append(Unicode.Scalar(UInt8.random(in: 97 ... 122, using: &random)))
            }
        }
        return String(text)
    }
}
