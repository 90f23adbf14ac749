import AMQPProtocol
import Testing

struct MethodTests {
    @Test func thereIsAStructForEveryMethodOfTheTable() throws {
        let table = try Specification.load()
        let expected = table.classes.flatMap { type in
            type.methods.map { MethodID(classID: type.id, methodID: $0.id) }
        }
        #expect(MethodSamples.all.map { $0.id } == expected)
        #expect(MethodID.all == expected)
        #expect(expected.count == 66)
    }

    @Test func everyMethodIsWhatTheTableSays() throws {
        for type in try Specification.load().classes {
            for method in type.methods {
                let id = MethodID(classID: type.id, methodID: method.id)
                #expect(id.name == "\(type.name).\(method.name)")
                #expect(id.description == id.name)
                #expect(id.replies.map { $0.name } == (method.answers ?? []).map { "\(type.name).\($0)" })
                #expect(id.isSynchronous == (method.answers != nil))
                #expect(id.hasContent == (method.content ?? false))
                #expect(id.isSentByClient == (method.to != "client"))
                #expect(id.isSentByServer == (method.to != "server"))
            }
        }
    }

    @Test func everyMethodRoundTripsAndIsAnErrorWhenCutOrContinued() throws {
        var random = RandomValues(seed: 1)
        var cases = 0
        for type in MethodSamples.all {
            for _ in 0 ..< 20 {
                let method = type.init(random: &random).method
                #expect(method.id == type.id)
                let bytes = try method.encoded()
                #expect(decodeMethod(method.id, bytes).value == method)
                for length in 0 ..< bytes.count {
                    let error = decodeMethod(method.id, bytes.prefix(length)).error
                    #expect(error?.kind == .syntax && error?.method == method.id, "\(method.id) cut to \(length)")
                }
                for garbage in [[0], [0xFF], [0xCE], [UInt8](repeating: 0, count: 100)] as [[UInt8]] {
                    let error = decodeMethod(method.id, bytes + garbage).error
                    #expect(error?.kind == .syntax && error?.replyCode == 502, "\(method.id) with garbage")
                }
                cases += bytes.count + 5
            }
        }
        print("methods x prefixes: \(cases) cases")
    }

    @Test func methodsThatDoNotExistAreErrorsWithCode503() {
        let known = Set(MethodID.all)
        var unknown = 0
        for classID in (UInt16(0) ... 127) + [255, 256, 0x3C00, 0xFFFF] {
            for methodID in (UInt16(0) ... 255) + [256, 0x0A00, 0xFFFF] {
                let id = MethodID(classID: classID, methodID: methodID)
                guard !known.contains(id) else { continue }
                let error = decodeMethod(id, []).error
                #expect(error?.kind == .unknownMethod && error?.replyCode == 503 && error?.method == id)
                #expect(
                    id.name == nil && id.replies.isEmpty && !id.hasContent && id.description == "\(classID).\(methodID)"
                )
                unknown += 1
            }
        }
        print("unknown methods: \(unknown) cases")
    }

    @Test func bitsShareAnOctetLowestFirst() throws {
        let declare = QueueDeclare(queue: "q", passive: true, exclusive: true, noWait: true, arguments: ["a": true])
        let bytes: [UInt8] = [0, 0, 1, 0x71, 0b10101, 0, 0, 0, 4, 1, 0x61, 0x74, 1]
        #expect(try Method.queueDeclare(declare).encoded() == bytes)
        #expect(decodeMethod(.queueDeclare, bytes).value == .queueDeclare(declare))
        let open = ConnectionOpen(virtualHost: "/")
        #expect(try Method.connectionOpen(open).encoded() == [1, 0x2F, 0, 0])
        let request = AccessRequest(realm: "", read: false)
        #expect(try Method.accessRequest(request).encoded() == [0, 0b01110])
    }

    @Test func whatReservedFieldsHoldIsIgnored() {
        #expect(decodeMethod(.connectionOpenOK, [3, 0xFF, 0xFE, 0]).value == .connectionOpenOK(ConnectionOpenOK()))
        #expect(decodeMethod(.channelOpenOK, [0, 0, 0, 1, 9]).value == .channelOpenOK(ChannelOpenOK()))
        #expect(decodeMethod(.basicGetEmpty, [1, 0x61]).value == .basicGetEmpty(BasicGetEmpty()))
    }

    @Test func namesMustBeUTF8AndReplyTextsAreRepaired() throws {
        for text in Samples.notUTF8 {
            let short = [UInt8(text.count)] + text
            let declared = decodeMethod(.queueDeclareOK, short + [0, 0, 0, 0, 0, 0, 0, 0])
            #expect(declared.error?.kind == .syntax)
            #expect(declared.error?.method == .queueDeclareOK)
            let close = decodeMethod(.channelClose, [0x01, 0x94] + short + [0, 50, 0, 10])
            guard case .channelClose(let method) = close.value else {
                Issue.record("a reply text was refused: \(close.error?.description ?? "")")
                continue
            }
            #expect(method.replyText == String(decoding: text, as: UTF8.self))
            #expect(method.replyCode == 404)
            #expect(MethodID(classID: method.classID, methodID: method.methodID) == .queueDeclare)
        }
        for text in Samples.oddUTF8 {
            let bytes = [UInt8(text.count)] + text + [0, 0, 0, 1, 0, 0, 0, 2]
            let decoded = decodeMethod(.queueDeclareOK, bytes)
            #expect(try decoded.value?.encoded() == bytes)
        }
    }

    @Test func secretsAreInNoDescription() {
        let secret = ByteSlice(utf8: "\0user\0swordfish")
        let methods: [any AMQPMethod] = [
            ConnectionStartOK(clientProperties: [:], mechanism: "PLAIN", response: secret, locale: "en_US"),
            ConnectionSecure(challenge: secret), ConnectionSecureOK(response: secret),
            ConnectionUpdateSecret(newSecret: secret, reason: "expired"),
        ]
        for method in methods {
            var dumped = ""
            dump(method, to: &dumped)
            for text in ["\(method)", String(reflecting: method), dumped] {
                #expect(!text.contains("swordfish") && !text.contains("73 77 6f 72") && !text.contains("15 bytes"))
            }
        }
        let start = ConnectionStartOK(clientProperties: [:], mechanism: "PLAIN", response: secret, locale: "en_US")
        #expect("\(start)".contains("mechanism: PLAIN"))
        #expect(!"\(Method.connectionStartOK(start))".contains("73 77 6f 72"))
    }
}
