import AMQPConnection
import AMQPPosix
import AMQPProtocol

/// Every reply code that ends a channel or a connection, also those that no broker at hand sends: the code, the text and
/// the method arrive, and the scope is kept.
enum ReplyCodeChecks {
    static let all = [
        AdapterCheck("fault/every-reply-code-of-a-channel", .session, covers: ["L5"], needs: .sockets, ofChannels),
        AdapterCheck(
            "fault/every-reply-code-of-a-connection", .session, covers: ["L5"], needs: .sockets, ofConnections),
    ]

    private static let channelCodes: [UInt16] = [311, 313, 403, 404, 405, 406]
    private static let connectionCodes: [UInt16] = [320, 402, 501, 502, 503, 504, 505, 506, 530, 540, 541]

    /// A broker that answers the declaration of a queue that is named like a code with that code.
    private static func server(closesChannels: Bool) throws -> BrokerServer {
        try BrokerServer(
            BrokerScript { broker, received in
                guard case .queueDeclare(let declare) = received.method, let code = UInt16(declare.queue) else {
                    return false
                }
                if closesChannels {
                    let close = ChannelClose(replyCode: code, replyText: "code \(code)", classID: 50, methodID: 10)
                    broker.send(.channelClose(close), channel: received.channel)
                } else {
                    let close = ConnectionClose(replyCode: code, replyText: "code \(code)", classID: 50, methodID: 10)
                    broker.send(.connectionClose(close), channel: 0)
                }
                return true
            })
    }

    @Sendable static func ofChannels(_ check: CheckRun) throws {
        let server = try server(closesChannels: true)
        let completions = Completions(check)
        check.run("every reply code of a channel") {
            check.withChannel(server) { connection, first, _ in
                func next(_ codes: ArraySlice<UInt16>) {
                    guard let code = codes.first else { return first.close { _ in connection.close() } }
                    connection.openChannel { result in
                        guard let channel = try? result.get() else {
                            check.fail("\(code) broke the connection")
                            return connection.close()
                        }
                        completions.expect("onClose \(code)")
                        completions.expect("declare \(code)")
                        channel.onClose { _, error in
                            completions.complete("onClose \(code)")
                            expect(check, error, .channelClosedByBroker, code)
                            check.expect(connection.isOpen && first.isOpen, "\(code) ended more than its channel")
                            next(codes.dropFirst())
                        }
                        channel.queueDeclare("\(code)") { result in
                            completions.complete("declare \(code)")
                            if case .failure(let error) = result {
                                expect(check, error, .channelClosedByBroker, code)
                            } else {
                                check.fail("the declaration that led to \(code) succeeded")
                            }
                        }
                    }
                }
                next(channelCodes[...])
            }
        }
        completions.verify()
    }

    @Sendable static func ofConnections(_ check: CheckRun) throws {
        let server = try server(closesChannels: false)
        let completions = Completions(check)
        check.run("every reply code of a connection") {
            func next(_ codes: ArraySlice<UInt16>) {
                guard let code = codes.first else {
                    let answered = { server.record.methodNames.filter { $0 == "connection.close-ok" }.count }
                    return check.when({ answered() == connectionCodes.count }) { check.finish() }
                }
                completions.expect("declare \(code)")
                completions.expect("channel \(code)")
                check.withChannel(server) { _, channel, probe in
                    channel.onClose { _, error in
                        completions.complete("channel \(code)")
                        expect(check, error, .connectionClosedByBroker, code)
                    }
                    channel.queueDeclare("\(code)") { result in
                        completions.complete("declare \(code)")
                        if case .failure(let error) = result {
                            expect(check, error, .connectionClosedByBroker, code)
                        } else {
                            check.fail("the declaration that led to \(code) succeeded")
                        }
                    }
                    probe.onEnd = { error in
                        expect(check, error, .connectionClosedByBroker, code)
                        check.loop.callLater(.zero) { next(codes.dropFirst()) }
                    }
                }
            }
            next(connectionCodes[...])
        }
        completions.verify()
    }

    private static func expect(_ check: CheckRun, _ error: AMQPError, _ code: AMQPError.Code, _ replyCode: UInt16) {
        check.expectEqual(error.code, code, "\(replyCode): code")
        check.expectEqual(error.replyCode, replyCode, "\(replyCode): reply code")
        check.expectEqual(error.replyText, "code \(replyCode)", "\(replyCode): reply text")
        check.expectEqual(error.method, .queueDeclare, "\(replyCode): method")
    }
}
