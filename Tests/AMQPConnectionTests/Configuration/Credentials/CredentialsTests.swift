import Synchronization
import Testing

@testable import AMQPConnection

@Suite struct CredentialsTests {
    @Test func plainSendsNameAndPasswordBehindNULs() throws {
        let credentials = PlainCredentials(username: "ü", password: "p w")
        #expect(credentials.mechanism == "PLAIN")
        #expect(try Array(credentials.initialResponse()) == [0, 0xC3, 0xBC, 0] + Array("p w".utf8))
        #expect(try credentials.response(to: [1]) == nil)
    }

    /// The bytes that librabbitmq and py-amqplib send.
    @Test func amqplainSendsATableWithoutItsLength() throws {
        let credentials = AMQPlainCredentials()
        #expect(credentials.mechanism == "AMQPLAIN")
        let expected =
            [5] + Array("LOGIN".utf8) + Array("S\0\0\0\u{5}guest".utf8) + [8] + Array("PASSWORD".utf8)
            + Array("S\0\0\0\u{5}guest".utf8)
        #expect(try Array(credentials.initialResponse()) == expected)
        #expect(try credentials.response(to: [1]) == nil)
    }

    @Test func externalSendsNothing() throws {
        #expect(ExternalCredentials().mechanism == "EXTERNAL")
        #expect(try ExternalCredentials().initialResponse().isEmpty)
    }

    @Test(arguments: (0 ... 0xA0 as ClosedRange<UInt32>).compactMap(Unicode.Scalar.init))
    func controlCharactersAreRefusedInNameAndPassword(_ scalar: Unicode.Scalar) throws {
        let isControl = scalar.value < 32 || (127 ..< 160).contains(scalar.value)
        for text in ["\(scalar)", "secret\(scalar)", "\(scalar)secret", "sec\(scalar)ret"] {
            let all: [any Credentials] = [
                PlainCredentials(username: text), PlainCredentials(password: text),
                AMQPlainCredentials(username: text), AMQPlainCredentials(password: text),
            ]
            for credentials in all {
                guard isControl else {
                    try credentials.validate()
                    _ = try credentials.initialResponse()
                    continue
                }
                for call in [{ try credentials.validate() }, { _ = try credentials.initialResponse() }] {
                    let error = #expect(throws: AMQPError.self) { try call() }
                    #expect(error?.code == .invalidArgument)
                    #expect(error?.reason.contains("sec") == false)
                }
            }
        }
    }

    @Test(arguments: [
        ("PLAIN", "PLAIN"), ("AMQPLAIN PLAIN", "PLAIN"), ("AMQPLAIN", "AMQPLAIN"), ("PLAIN EXTERNAL", "EXTERNAL"),
        ("X PLAIN  AMQPLAIN", "PLAIN"),
    ])
    func theFirstOfAChoiceThatIsOfferedIsUsed(offered: String, used: String) throws {
        let choice = CredentialsChoice([ExternalCredentials(), PlainCredentials(), AMQPlainCredentials()])
        var machine = HandshakeStateMachine(ConnectionParameters(credentials: choice))
        #expect(try machine.receivedStart(.offering(offered)).mechanism == used)
    }

    @Test(arguments: ["", " ", "X", "PLAINX", "plain", "EXTERNAL"])
    func noneOfferedIsAnErrorThatNamesWhatIsNeeded(offered: String) {
        let choice = CredentialsChoice([PlainCredentials(password: "secret"), AMQPlainCredentials()])
        for (credentials, needed) in [(choice as any Credentials, "PLAIN or AMQPLAIN"), (PlainCredentials(), "PLAIN")] {
            var machine = HandshakeStateMachine(ConnectionParameters(credentials: credentials))
            let error = #expect(throws: AMQPError.self) { try machine.receivedStart(.offering(offered)) }
            #expect(error?.code == .authenticationMechanismNotOffered)
            #expect(error?.reason.hasSuffix("need \(needed)") == true)
        }
    }

    @Test func challengesGoToTheChosenCredentials() throws {
        struct Talking: Credentials {
            let mechanism = "TALK"
            func initialResponse() throws(AMQPError) -> ByteSlice { [0] }
            func response(to challenge: ByteSlice) throws(AMQPError) -> ByteSlice? { challenge }
        }
        let choice = CredentialsChoice([PlainCredentials(), Talking()])
        for credentials in [choice, ErasingCredentials(choice)] as [any Credentials] {
            var machine = HandshakeStateMachine(ConnectionParameters(credentials: credentials))
            #expect(try machine.receivedStart(.offering("TALK")).response == [0])
            #expect(try machine.receivedSecure(ConnectionSecure(challenge: [7])).response == [7])
        }
    }

    @Test func erasingCredentialsWorkUntilABrokerHasAcceptedThem() throws {
        let erasing = ErasingCredentials(CredentialsChoice([PlainCredentials(password: "secret")]))
        let parameters = ConnectionParameters(credentials: erasing)
        let tune = ConnectionTune(channelMax: 0, frameMax: 0, heartbeat: 0)
        for _ in 0 ..< 2 {
            // The broker went away or refused: the next attempt logs in with the same.
            var refused = HandshakeStateMachine(parameters)
            #expect(try refused.receivedStart(.offering("PLAIN")).response.text == "\0guest\0secret")
        }
        var accepted = HandshakeStateMachine(parameters)
        _ = try accepted.receivedStart(.offering("PLAIN"))
        _ = try accepted.receivedTune(tune)
        #expect("\(erasing)" == "erased")
        var later = HandshakeStateMachine(parameters)
        for call in [{ try parameters.validate() }, { _ = try later.receivedStart(.offering("PLAIN")) }] {
            let error = #expect(throws: AMQPError.self) { try call() }
            #expect(error?.code == .invalidArgument)
            #expect(error?.reason.contains("erased") == true)
        }
    }

    @Test func credentialsHearOnceThatTheyWereAccepted() throws {
        final class Counting: Credentials {
            let mechanism = "PLAIN"
            let count = Atomic(0)
            func initialResponse() throws(AMQPError) -> ByteSlice { [0] }
            func accepted() { count.add(1, ordering: .relaxed) }
        }
        let tune = ConnectionTune(channelMax: 0, frameMax: 0, heartbeat: 0)
        let counting = Counting()
        for (index, credentials) in [counting as any Credentials, ErasingCredentials(counting)].enumerated() {
            var machine = HandshakeStateMachine(ConnectionParameters(credentials: credentials))
            _ = try machine.receivedStart(.offering("PLAIN"))
            #expect(counting.count.load(ordering: .relaxed) == index)
            _ = try machine.receivedTune(tune)
            #expect(counting.count.load(ordering: .relaxed) == index + 1)
        }
    }
}
