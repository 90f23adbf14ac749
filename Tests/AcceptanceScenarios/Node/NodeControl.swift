import AMQPConnection
import AdapterKit
import BrokerSupport

/// What an operator does to the private node, without the seconds that each start of `rabbitmqctl` takes: the node itself
/// evaluates expressions that come through a UNIX socket in its folder, which only its user may enter.
///
/// Everything here blocks: call it on a thread of its own.
struct NodeControl: Sendable {
    /// An expression failed.
    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    /// The process that listens; a node that was started again has to be asked again.
    private static let installed = Guarded("")

    let node: PrivateNode

    /// Evaluates an Erlang expression in the node.
    ///
    /// - Returns: its value, as Erlang writes it.
    @discardableResult
    func evaluate(_ expression: String) throws -> String {
        let path = try node.field("FOLDER") + "/control"
        try install(path)
        let socket = try PeerSocket.connecting(to: .unix(path: path))
        let text = Array("\(expression).".utf8)
        guard socket.writeAll(NodeControl.size(text.count) + text, within: .seconds(10)) else {
            throw Failed(description: "the node does not take \(expression)")
        }
        let answer = try NodeControl.readAnswer(socket)
        guard answer.hasPrefix("{ok,"), answer.hasSuffix("}") else {
            throw Failed(description: "\(expression): \(answer)")
        }
        return String(answer.dropFirst(4).dropLast())
    }

    /// Undoes what a scenario may have done: the node runs, without alarms, limits, and other users than guest.
    func restore() throws {
        try node.revive()
        try evaluate(
            """
            case rabbit:is_running() of false -> rabbit:start(); true -> ok end,
            [rabbit_alarm:clear_alarm({resource_limit, R, node()}) || R <- [memory, disk]],
            [rabbit_auth_backend_internal:delete_user(U, <<"test">>)
                || U <- [<<"visitor">>], rabbit_auth_backend_internal:exists(U)],
            [rabbit_vhost:delete(V, <<"test">>) || V <- [<<"annex">>], rabbit_vhost:exists(V)],
            rabbit_maintenance:resume_all_client_listeners(),
            application:set_env(rabbit, max_message_size, 134217728),
            application:set_env(rabbit, consumer_timeout, 1800000),
            application:set_env(rabbit, channel_tick_interval, 60000)
            """)
    }

    private func install(_ path: String) throws {
        let process = try node.field("NODE_PID")
        guard NodeControl.installed.withLock({ $0 }) != process else { return }
        try node.command(
            "ctl", "-q", "eval",
            """
            Path = "\(path)", file:delete(Path),
            Serve = fun Serve(L) ->
                {ok, S} = gen_tcp:accept(L),
                {ok, Text} = gen_tcp:recv(S, 0),
                Reply = try
                    {ok, Tokens, _} = erl_scan:string(binary_to_list(Text)),
                    {ok, Expressions} = erl_parse:parse_exprs(Tokens),
                    {value, Value, _} = erl_eval:exprs(Expressions, []),
                    {ok, Value}
                catch Class:Reason -> {Class, Reason} end,
                gen_tcp:send(S, io_lib:format("~0p", [Reply])),
                gen_tcp:close(S),
                Serve(L)
            end,
            {Waiting, Asker} = {make_ref(), self()},
            spawn(fun() ->
                {ok, L} = gen_tcp:listen(0, [{ifaddr, {local, Path}}, binary, {packet, 4}, {active, false}]),
                Asker ! Waiting,
                Serve(L)
            end),
            receive Waiting -> ok end.
            """)
        NodeControl.installed.withLock { $0 = process }
    }

    private static func size(_ count: Int) -> [UInt8] {
        withUnsafeBytes(of: UInt32(count).bigEndian) { Array($0) }
    }

    private static func readAnswer(_ socket: PeerSocket) throws -> String {
        var bytes: [UInt8] = []
        while bytes.count < 4 || bytes.count - 4 < bytes.prefix(4).reduce(0, { $0 << 8 | Int($1) }) {
            guard let more = try socket.read() else {
                guard socket.wait(forReading: true, within: .seconds(30)) else {
                    throw Failed(description: "the node did not answer within 30 s")
                }
                continue
            }
            guard !more.isEmpty else { throw Failed(description: "the node answered half of it") }
            bytes += more
        }
        return String(decoding: bytes.dropFirst(4), as: UTF8.self)
    }
}
