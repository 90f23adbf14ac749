import AMQPConnection
import AdapterKit
import BrokerSupport

/// A session with the private node, and with the hands of its operator.
final class NodeSession {
    let session: Session
    let control: NodeControl

    fileprivate init(_ check: CheckRun, _ node: PrivateNode) throws {
        session = Session(check, try node.parameters())
        control = NodeControl(node: node)
    }

    var check: CheckRun { session.check }

    /// Evaluates an Erlang expression in the node, then goes on.
    func evaluate(_ expression: String, then: @escaping (String) -> Void) {
        session.onOtherThread({ [control] in try control.evaluate(expression) }, then: then)
    }

    /// Runs commands of `Scripts/broker` one after the other, then goes on.
    func command(_ commands: String..., then: @escaping () -> Void) {
        session.onOtherThread {
            [control] in
            for command in commands { try control.node.command(command) }
        } then: {
            then()
        }
    }

    /// Sets an alarm, which the node has to obey until it is cleared. The alarm is announced by an event; the question
    /// behind it is answered when all connections have been told, so that none takes another publish.
    func setAlarm(_ resource: String = "memory", then: @escaping () -> Void) {
        evaluate("rabbit_alarm:set_alarm({{resource_limit, \(resource), node()}, []}), rabbit_alarm:get_alarms()") {
            _ in then()
        }
    }

    /// Clears an alarm.
    func clearAlarm(_ resource: String = "memory", then: @escaping () -> Void = {}) {
        evaluate("rabbit_alarm:clear_alarm({resource_limit, \(resource), node()})") { _ in then() }
    }

    /// Adds a user, who may do on `/` what the patterns allow, and gives the parameters to connect as that user.
    func addVisitor(
        configure: String = ".*", write: String = ".*", read: String = ".*",
        then: @escaping (ConnectionParameters) -> Void
    ) {
        evaluate(
            """
            rabbit_auth_backend_internal:add_user(<<"visitor">>, <<"secret">>, <<"test">>),
            rabbit_auth_backend_internal:set_permissions(
                <<"visitor">>, <<"/">>, <<"\(configure)">>, <<"\(write)">>, <<"\(read)">>, <<"test">>)
            """
        ) { [session] _ in
            var parameters = session.parameters
            parameters.credentials = PlainCredentials(username: "visitor", password: "secret")
            then(parameters)
        }
    }

    /// Adds a virtual host that guest may use, and gives the parameters to connect to it.
    func addVirtualHost(then: @escaping (ConnectionParameters) -> Void) {
        evaluate(
            """
            rabbit_vhost:add(<<"annex">>, <<"test">>),
            rabbit_auth_backend_internal:set_permissions(
                <<"guest">>, <<"annex">>, <<".*">>, <<".*">>, <<".*">>, <<"test">>)
            """
        ) { [session] _ in
            var parameters = session.parameters
            parameters.virtualHost = "annex"
            then(parameters)
        }
    }
}

extension AdapterCheck {
    /// A scenario on the private node, which is as it was before when the scenario has ended.
    static func onNode(
        _ name: String, limit: Duration = .seconds(30), _ body: @escaping @Sendable (NodeSession) throws -> Void
    ) -> AdapterCheck {
        AdapterCheck("node/\(name)", .session, limit: limit + .seconds(60)) { check in
            let node = try PrivateNode.shared
            check.run("the end of the scenario", within: limit) {
                do {
                    try body(try NodeSession(check, node))
                } catch {
                    check.fail("\(error)")
                    check.finish()
                }
            }
            try NodeControl(node: node).restore()
        }
    }
}
