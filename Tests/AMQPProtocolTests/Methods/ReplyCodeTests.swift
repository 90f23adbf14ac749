import AMQPProtocol
import Testing

struct ReplyCodeTests {
    @Test func everyCodeIsWhatTheTableSays() throws {
        let codes = try Specification.load().replyCodes
        #expect(ReplyCode.all.map(\.rawValue) == codes.map(\.value))
        for code in codes {
            let replyCode = ReplyCode(rawValue: code.value)
            #expect(replyCode.name == code.name)
            #expect(replyCode.scope.map { "\($0)" } == code.scope)
            #expect(replyCode.description == "\(code.value) \(code.name)")
        }
    }

    @Test func codesEndWhatRabbitMQEndsWithThem() {
        let channel: [ReplyCode] = [
            .contentTooLarge, .noRoute, .noConsumers, .accessRefused, .notFound, .resourceLocked, .preconditionFailed,
        ]
        #expect(ReplyCode.all.filter { $0.scope == .channel } == channel)
        #expect(ReplyCode.all.filter { $0.scope == .connection }.count == 11)
        #expect(ReplyCode.replySuccess.scope == nil)
    }

    @Test func unknownCodesAreKept() {
        let code = ReplyCode(rawValue: 999)
        #expect(code.name == nil && code.scope == nil && code.description == "999")
    }
}
