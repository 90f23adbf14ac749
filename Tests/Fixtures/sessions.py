"""The sessions that Scripts/capture records; each function runs one over the recorder's port."""

import os
import pathlib
import socket
import subprocess
import urllib.parse

import pika
import pika.frame
from pika import spec

from client import WAIT, Client
from tagged import Tagged, Understanding

URL = urllib.parse.urlparse(os.environ["AMQP_URL"])
BROKER = (URL.hostname, URL.port)


def ctl(*arguments):
    script = pathlib.Path(__file__).resolve().parents[2] / "Scripts" / "broker"
    subprocess.run([script, "ctl", "-q", *arguments], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def body(size):
    """A body of this size that shows where it was cut or shifted."""
    return b"".join(b"%07d " % n for n in range(0, size, 8))[:size]


SESSIONS = []


def session(about, **parameters):
    def add(function):
        SESSIONS.append((function.__name__.replace("_", "-"), about, parameters, function))
        return function

    return add


def blocking(port, **parameters):
    return pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port, **parameters))


# --- Sessions of Pika itself -------------------------------------------------------------------------------------------


@session("Pika opens and closes a connection")
def pika_open_close(port):
    blocking(port, client_properties={"connection_name": "golden"}).close()


@session("Pika publishes with confirms, consumes, acknowledges and cancels")
def pika_confirm_consume(port):
    connection = blocking(port)
    channel = connection.channel()
    channel.confirm_delivery()
    queue = channel.queue_declare("", exclusive=True).method.queue
    for size in (0, 1, 100):
        channel.basic_publish("", queue, body(size), pika.BasicProperties(delivery_mode=2))
    for method, _, _ in channel.consume(queue, inactivity_timeout=WAIT):
        channel.basic_ack(method.delivery_tag)
        if method.delivery_tag == 3:
            break
    channel.cancel()
    connection.close()


@session("Pika gets messages, and finds an empty queue")
def pika_get(port):
    connection = blocking(port)
    channel = connection.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.basic_publish("", queue, b"hello")
    while channel.basic_get(queue, auto_ack=True)[0] is None:
        connection.process_data_events(0.01)
    channel.basic_get(queue)
    connection.close()


# --- Topology ----------------------------------------------------------------------------------------------------------


@session("exchanges and queues: declare, passive declare, bind, unbind, purge, delete; with and without nowait")
def topology(port):
    c = Client(port).open()
    for kind in ("direct", "fanout", "topic", "headers"):
        c.call(spec.Exchange.Declare(exchange="golden." + kind, type=kind, durable=kind == "topic"),
               spec.Exchange.DeclareOk)
    c.call(spec.Exchange.Declare(exchange="golden.direct", passive=True), spec.Exchange.DeclareOk)
    c.call(spec.Exchange.Declare(exchange="golden.more", type="fanout", auto_delete=True, internal=True,
                                 arguments={"alternate-exchange": "golden.fanout"}), spec.Exchange.DeclareOk)
    c.send(spec.Exchange.Declare(exchange="golden.nowait", type="fanout", nowait=True))
    c.call(spec.Queue.Declare(queue="golden.queue", durable=True, arguments={
        "x-max-length": 10, "x-overflow": "drop-head", "x-expires": 600000, "x-message-ttl": 3000000000}),
        spec.Queue.DeclareOk)
    c.call(spec.Queue.Declare(queue="golden.queue", passive=True), spec.Queue.DeclareOk)
    c.call(spec.Queue.Declare(queue="", exclusive=True, auto_delete=True), spec.Queue.DeclareOk)
    c.send(spec.Queue.Declare(queue="golden.nowait", exclusive=True, nowait=True))
    c.call(spec.Queue.Bind(queue="golden.queue", exchange="golden.topic", routing_key="a.*.#"), spec.Queue.BindOk)
    c.call(spec.Queue.Bind(queue="golden.queue", exchange="golden.headers",
                           arguments={"x-match": "any", "a": 1, "b": "two"}), spec.Queue.BindOk)
    c.send(spec.Queue.Bind(queue="golden.nowait", exchange="golden.nowait", nowait=True))
    c.publish(b"bound", exchange="golden.topic", routing_key="a.b.c")
    c.call(spec.Queue.Unbind(queue="golden.queue", exchange="golden.topic", routing_key="a.*.#"), spec.Queue.UnbindOk)
    c.call(spec.Queue.Purge(queue="golden.queue"), spec.Queue.PurgeOk)
    c.send(spec.Queue.Purge(queue="golden.queue", nowait=True))
    c.call(spec.Queue.Delete(queue="golden.queue", if_empty=True, if_unused=True), spec.Queue.DeleteOk)
    c.send(spec.Queue.Delete(queue="golden.nowait", nowait=True))
    for name in ("direct", "fanout", "topic", "headers", "more"):
        c.call(spec.Exchange.Delete(exchange="golden." + name, if_unused=True), spec.Exchange.DeleteOk)
    c.send(spec.Exchange.Delete(exchange="golden.nowait", nowait=True))
    c.close()


@session("exchange-to-exchange bindings")
def exchange_bindings(port):
    c = Client(port).open()
    for name in ("golden.source", "golden.target"):
        c.call(spec.Exchange.Declare(exchange=name, type="topic"), spec.Exchange.DeclareOk)
    c.call(spec.Exchange.Bind(destination="golden.target", source="golden.source", routing_key="#"),
           spec.Exchange.BindOk)
    queue = c.queue("")
    c.call(spec.Queue.Bind(queue=queue, exchange="golden.target", routing_key="x"), spec.Queue.BindOk)
    c.call(spec.Basic.Consume(queue=queue, no_ack=True), spec.Basic.ConsumeOk)
    c.publish(b"through two exchanges", exchange="golden.source", routing_key="x")
    c.expect(spec.Basic.Deliver)
    c.content()
    c.call(spec.Exchange.Unbind(destination="golden.target", source="golden.source", routing_key="#"),
           spec.Exchange.UnbindOk)
    c.send(spec.Exchange.Bind(destination="golden.target", source="golden.source", routing_key="y", nowait=True))
    c.send(spec.Exchange.Unbind(destination="golden.target", source="golden.source", routing_key="y", nowait=True))
    for name in ("golden.source", "golden.target"):
        c.call(spec.Exchange.Delete(exchange=name), spec.Exchange.DeleteOk)
    c.close()


# --- Content -----------------------------------------------------------------------------------------------------------


def consume_sizes(c, sizes):
    queue = c.queue("")
    c.call(spec.Basic.Qos(prefetch_count=10), spec.Basic.QosOk)
    tag = c.call(spec.Basic.Consume(queue=queue, consumer_tag="golden"), spec.Basic.ConsumeOk).consumer_tag
    for size in sizes:
        c.publish(body(size), routing_key=queue)
        delivery = c.expect(spec.Basic.Deliver)
        _, data = c.content()
        assert data == body(size)
        c.send(spec.Basic.Ack(delivery.delivery_tag))
    c.call(spec.Basic.Cancel(tag), spec.Basic.CancelOk)
    c.close()


@session("consume: bodies of 0, 1, 100 and 20,000 bytes")
def consume(port):
    consume_sizes(Client(port).open(), (0, 1, 100, 20000))


@session("consume with frame_max 8192: bodies of frame_max - 9, - 8, - 7 and 20,000 bytes", frame_max=8192)
def frame_max_8192(port):
    consume_sizes(Client(port, frame_max=8192).open(), (8183, 8184, 8185, 20000))


@session("consume with frame_max 4096, the least: bodies of 4,088, 4,089 and 8,176 bytes", frame_max=4096)
def frame_max_4096(port):
    consume_sizes(Client(port, frame_max=4096).open(), (4088, 4089, 8176))


@session("get: bodies of 0, 1, 100 and 20,000 bytes, and an empty queue")
def publish_get(port):
    c = Client(port).open()
    c.confirm()
    queue = c.queue("")
    for size in (0, 1, 100, 20000):
        c.publish(body(size), routing_key=queue)
        c.expect(spec.Basic.Ack)
        c.send(spec.Basic.Get(queue=queue, no_ack=size != 1))
        tag = c.expect(spec.Basic.GetOk).delivery_tag
        _, data = c.content()
        assert data == body(size)
        if size == 1:
            c.send(spec.Basic.Ack(tag))
    c.call(spec.Basic.Get(queue=queue), spec.Basic.GetEmpty)
    c.close()


ALL_PROPERTIES = {
    "content_type": "application/json", "content_encoding": "gzip", "headers": {"key": "value"}, "delivery_mode": 2,
    "priority": 7, "correlation_id": "correlation-1", "reply_to": "reply.queue", "expiration": "3600000",
    "message_id": "message-1", "timestamp": 1700000000, "type": "event", "user_id": "guest", "app_id": "golden",
    "cluster_id": "cluster-1",
}


@session("properties: none, each of the 14 alone, all 14, none but empty ones, text beyond ASCII, 255 bytes")
def properties(port):
    c = Client(port).open()
    c.confirm()
    queue = c.queue("")
    sets = [{}] + [{name: value} for name, value in ALL_PROPERTIES.items()] + [ALL_PROPERTIES]
    sets.append({"content_type": "", "headers": {}, "priority": 0, "delivery_mode": 1, "message_id": "", "timestamp": 0})
    sets.append({"message_id": "größer 日本語 😀", "correlation_id": "x" * 255, "timestamp": 2**63 - 1, "priority": 255})
    for values in sets:
        c.publish(b"body", spec.BasicProperties(**values), routing_key=queue)
        c.expect(spec.Basic.Ack)
        c.get(queue)
    c.close()


PIKA_HEADERS = {
    "text": "text", "unicode": "größer 日本語 😀", "empty": "", "bytes": b"\x00\xff\xfe", "true": True, "false": False,
    "int": 42, "negative": -42, "least": -(2**31), "most": 2**31 - 1, "long": 2**31, "longest": 2**63 - 1,
    "shortest": -(2**63), "null": None, "list": [1, "two", None, [3.0 == 3, {"four": 4}]], "no list": [],
    "table": {"a": {"b": {"c": "deep"}}}, "no table": {},
}


@session("headers: every type that Pika sends")
def headers_pika(port):
    import datetime
    import decimal

    c = Client(port).open()
    c.confirm()
    queue = c.queue("")
    values = dict(PIKA_HEADERS)
    values["decimal"] = decimal.Decimal("3.14159")
    values["whole decimal"] = decimal.Decimal(-7)
    values["time"] = datetime.datetime(2024, 2, 29, 12, 30, 59, tzinfo=datetime.timezone.utc)
    c.publish(b"", spec.BasicProperties(headers=values), routing_key=queue)
    c.expect(spec.Basic.Ack)
    c.get(queue)
    c.close()


EVERY_TAG = [
    ("t", True), ("t", False), ("b", -128), ("b", 127), ("B", 0), ("B", 255), ("s", -32768), ("s", 32767), ("u", 0),
    ("u", 65535), ("I", -(2**31)), ("I", 2**31 - 1), ("i", 0), ("i", 2**32 - 1), ("l", -(2**63)), ("l", 2**63 - 1),
    ("f", 0.5), ("f", -1e10), ("d", 3.141592653589793), ("d", -1e300), ("D", [0, 7]), ("D", [2, -314]),
    ("D", [255, 2**31 - 1]), ("S", b"text".hex()), ("S", ""), ("S", b"\xff\xfe\x00".hex()), ("x", b"\x00\x01\xff".hex()),
    ("x", ""), ("A", [["I", 1], ["S", b"two".hex()], ["A", []], ["F", [["k", ["t", True]]]], ["V", None]]),
    ("T", 0), ("T", 1700000000), ("F", []), ("F", [["nested", ["F", [["deeper", ["d", 1.5]]]]]]), ("V", None),
]


@session("headers: every tag of RabbitMQ's field table with the ends of its range")
def headers_every_tag(port):
    c = Client(port).open()
    c.confirm()
    queue = c.queue("")
    values = {f"{tag} {number}": Tagged(tag, value) for number, (tag, value) in enumerate(EVERY_TAG)}
    c.publish(b"", spec.BasicProperties(headers=values), routing_key=queue)
    c.expect(spec.Basic.Ack)
    # Read on the wire only: Pika's own decoder may refuse some of it.
    c.send(spec.Basic.Get(queue=queue, no_ack=True))
    with Understanding():
        c.expect(spec.Basic.GetOk)
        c.content()
    c.close()


@session("headers: a table nested 20 deep, and an array nested 20 deep")
def headers_nested(port):
    c = Client(port).open()
    c.confirm()
    queue = c.queue("")
    table, array = {"end": 1}, [1]
    for _ in range(19):
        table, array = {"in": table}, [array]
    c.publish(b"", spec.BasicProperties(headers={"table": table, "array": array}), routing_key=queue)
    c.expect(spec.Basic.Ack)
    c.get(queue)
    c.close()


@session("dead lettering: the broker's own x-death header")
def dead_letter(port):
    c = Client(port).open()
    target = c.queue("golden.dead")
    source = c.queue("golden.source.queue",
                     arguments={"x-dead-letter-exchange": "", "x-dead-letter-routing-key": target})
    c.call(spec.Basic.Consume(queue=target, no_ack=True), spec.Basic.ConsumeOk)
    c.call(spec.Basic.Consume(queue=source), spec.Basic.ConsumeOk)
    c.publish(b"dies", spec.BasicProperties(headers={"mine": "kept"}), routing_key=source)
    delivery = c.expect(spec.Basic.Deliver)
    c.content()
    c.send(spec.Basic.Reject(delivery.delivery_tag, requeue=False))
    c.expect(spec.Basic.Deliver)
    c.content()
    c.close()


# --- Confirms, returns, transactions -------------------------------------------------------------------------------------


@session("confirms: one, then bursts until an ack with multiple came; confirm.select with nowait")
def confirms(port):
    c = Client(port).open()
    c.confirm()
    c.send(spec.Confirm.Select(nowait=True))
    queue = c.queue("", durable=False)
    c.publish(b"one", routing_key=queue)
    done = c.expect(spec.Basic.Ack).delivery_tag
    published, multiple = 1, False
    while not multiple:
        for _ in range(50):
            c.publish(b"burst", spec.BasicProperties(delivery_mode=2), routing_key=queue)
        published += 50
        while done < published:
            ack = c.expect(spec.Basic.Ack)
            multiple = multiple or ack.multiple
            done = ack.delivery_tag if ack.multiple else done + 1
    c.close()


@session("confirms: a queue that rejects what is over its length nacks")
def confirm_nack(port):
    c = Client(port).open()
    c.confirm()
    queue = c.queue("", arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
    c.publish(b"fits", routing_key=queue)
    c.expect(spec.Basic.Ack)
    c.publish(b"too many", routing_key=queue)
    c.expect(spec.Basic.Nack)
    c.close()


@session("returns: unroutable messages with and without confirms; the return comes before its ack")
def returns(port):
    c = Client(port).open()
    c.publish(body(100), spec.BasicProperties(**ALL_PROPERTIES), routing_key="golden.nowhere", mandatory=True)
    c.expect(spec.Basic.Return)
    c.content()
    c.confirm()
    c.publish(b"", routing_key="golden.nowhere", mandatory=True)
    c.expect(spec.Basic.Return)
    c.content()
    c.expect(spec.Basic.Ack)
    c.close()


@session("transactions: select, commit, rollback")
def transactions(port):
    c = Client(port).open()
    c.call(spec.Tx.Select(), spec.Tx.SelectOk)
    queue = c.queue("")
    c.publish(b"kept", routing_key=queue)
    c.call(spec.Tx.Commit(), spec.Tx.CommitOk)
    c.publish(b"dropped", routing_key=queue)
    c.call(spec.Tx.Rollback(), spec.Tx.RollbackOk)
    c.get(queue)
    c.call(spec.Basic.Get(queue=queue), spec.Basic.GetEmpty)
    c.close()


# --- Consumers -----------------------------------------------------------------------------------------------------------


@session("redelivery: recover, recover-async, nack, nack with multiple, reject")
def redelivery(port):
    c = Client(port).open()
    queue = c.queue("")
    c.call(spec.Basic.Consume(queue=queue, consumer_tag="golden"), spec.Basic.ConsumeOk)

    def delivered():
        tag = c.expect(spec.Basic.Deliver).delivery_tag
        c.content()
        return tag

    c.publish(b"again", routing_key=queue)
    delivered()
    c.call(spec.Basic.Recover(requeue=True), spec.Basic.RecoverOk)
    delivered()
    c.send(spec.Basic.RecoverAsync(requeue=True))
    # RabbitMQ answers the asynchronous form too.
    frame = c.receive()
    if isinstance(frame.method, spec.Basic.RecoverOk):
        delivered()
    else:
        c.content()
    c.send(spec.Basic.Nack(3, multiple=False, requeue=True))
    c.send(spec.Basic.Reject(delivered(), requeue=True))
    c.send(spec.Basic.Nack(delivered(), multiple=True, requeue=False))
    c.call(spec.Basic.Cancel("golden"), spec.Basic.CancelOk)
    c.close()


@session("the broker cancels a consumer whose queue is deleted; cancel with nowait")
def consumer_cancel(port):
    c = Client(port).open()
    queue = c.queue("golden.cancelled")
    c.call(spec.Basic.Consume(queue=queue, consumer_tag="cancelled", exclusive=True,
                              arguments={"x-priority": 5}), spec.Basic.ConsumeOk)
    c.send(spec.Queue.Delete(queue=queue))
    kinds = {type(c.receive().method), type(c.receive().method)}
    assert kinds == {spec.Basic.Cancel, spec.Queue.DeleteOk}, kinds
    queue = c.queue("")
    c.send(spec.Basic.Consume(queue=queue, consumer_tag="quiet", nowait=True))
    c.send(spec.Basic.Cancel("quiet", nowait=True))
    c.close()


@session("request and reply over the direct reply-to pseudo-queue")
def direct_reply_to(port):
    c = Client(port).open()
    c.call(spec.Basic.Consume(queue="amq.rabbitmq.reply-to", no_ack=True), spec.Basic.ConsumeOk)
    queue = c.queue("")
    c.publish(b"question", spec.BasicProperties(reply_to="amq.rabbitmq.reply-to", correlation_id="1"), routing_key=queue)
    c.call(spec.Basic.Consume(queue=queue, no_ack=True), spec.Basic.ConsumeOk)
    c.expect(spec.Basic.Deliver)
    question, _ = c.content()
    c.publish(b"answer", spec.BasicProperties(correlation_id="1"), routing_key=question.reply_to)
    c.expect(spec.Basic.Deliver)
    c.content()
    c.close()


# --- Channels ------------------------------------------------------------------------------------------------------------


@session("three channels in turn, their content interleaved; close and reopen; qos, flow, access.request")
def channels(port):
    c = Client(port).open(channels=3)
    queues = {}
    for number in (1, 2, 3):
        queues[number] = c.call(spec.Queue.Declare(queue="", exclusive=True), spec.Queue.DeclareOk, number).queue
        c.call(spec.Basic.Consume(queue=queues[number], no_ack=True), spec.Basic.ConsumeOk, number)
    frames = {
        number: [
            pika.frame.Method(number, spec.Basic.Publish(0, "", queues[number])).marshal(),
            pika.frame.Header(number, 3000, spec.BasicProperties()).marshal(),
            *(pika.frame.Body(number, body(3000)[at : at + 1000]).marshal() for at in (0, 1000, 2000)),
        ]
        for number in queues
    }
    for step in zip(*frames.values()):
        c.raw(b"".join(step))
    for _ in range(3):
        assert isinstance(c.receive().method, spec.Basic.Deliver)
        c.content()
    c.call(spec.Basic.Qos(prefetch_count=1, global_qos=True), spec.Basic.QosOk, 2)
    c.call(spec.Channel.Flow(True), spec.Channel.FlowOk, 2)
    c.call(spec.Access.Request("/data", active=True), spec.Access.RequestOk, 3)
    c.call(spec.Channel.Close(200, "done", 0, 0), spec.Channel.CloseOk, 2)
    c.call(spec.Channel.Open(), spec.Channel.OpenOk, 2)
    c.close()


def channel_error(port, provoke):
    c = Client(port).open(channels=2)
    provoke(c)
    c.expect(spec.Channel.Close)
    c.send(spec.Channel.CloseOk())
    c.call(spec.Queue.Declare(queue="", exclusive=True), spec.Queue.DeclareOk, 2)
    c.call(spec.Channel.Open(), spec.Channel.OpenOk, 1)
    c.close()


@session("channel error 404: passive declare of a missing queue; the other channel lives on")
def channel_404(port):
    channel_error(port, lambda c: c.send(spec.Queue.Declare(queue="golden.missing", passive=True)))


@session("channel error 404: publish to a missing exchange")
def channel_404_publish(port):
    channel_error(port, lambda c: c.publish(body(100), exchange="golden.missing"))


@session("channel error 406: declare again with other arguments")
def channel_406(port):
    def provoke(c):
        c.queue("golden.differs")
        c.send(spec.Queue.Declare(queue="golden.differs", exclusive=True, arguments={"x-max-length": 1}))

    channel_error(port, provoke)


@session("channel error 406: ack of an unknown delivery tag")
def channel_406_ack(port):
    channel_error(port, lambda c: c.send(spec.Basic.Ack(99)))


@session("channel error 403: a name that is reserved")
def channel_403(port):
    channel_error(port, lambda c: c.send(spec.Queue.Declare(queue="amq.golden")))


@session("channel error 405: another connection's exclusive queue")
def channel_405(port):
    with socket.create_connection(BROKER):
        pass
    owner = blocking(BROKER[1])
    owner.channel().queue_declare("golden.locked", exclusive=True)
    channel_error(port, lambda c: c.send(spec.Queue.Declare(queue="golden.locked", passive=True)))
    owner.close()


# --- Connection errors -----------------------------------------------------------------------------------------------------


@session("connection error 403: wrong password")
def connection_403(port):
    c = Client(port)
    c.start(password="wrong")
    c.closed_by_broker()


@session("connection error 530: unknown vhost")
def connection_530(port):
    c = Client(port)
    c.start()
    c.tune()
    c.send(spec.Connection.Open("golden-missing"), 0)
    c.closed_by_broker()


def connection_error(port, code, provoke):
    c = Client(port).open()
    provoke(c)
    method = c.closed_by_broker()
    assert method.reply_code == code, method


@session("connection error 503: unknown exchange type")
def connection_503(port):
    connection_error(port, 503, lambda c: c.send(spec.Exchange.Declare(exchange="golden.x", type="golden-missing")))


@session("connection error 540: publish with immediate")
def connection_540(port):
    connection_error(port, 540, lambda c: c.publish(b"now", routing_key="golden", immediate=True))


@session("connection error 504: a channel opened twice")
def connection_504(port):
    connection_error(port, 504, lambda c: c.send(spec.Channel.Open()))


@session("connection error 505: a body without a header")
def connection_505(port):
    connection_error(port, 505, lambda c: c.raw(pika.frame.Body(1, b"lost").marshal()))


@session("connection error 501: a frame without its end octet")
def connection_501(port):
    connection_error(port, 501, lambda c: c.raw(b"\x01\x00\x01\x00\x00\x00\x04\x00\x14\x00\x0a\x00"))


@session("connection error 320: an operator closes the connection")
def connection_320(port):
    connection_error(port, 320, lambda c: ctl("close_all_connections", "maintenance"))


@session("a protocol version that the broker does not speak: it sends its own header and closes")
def bad_version(port):
    c = Client(port)
    c.raw(b"AMQP\1\1\0\x0a")
    c.ended()


# --- The connection's own notifications ------------------------------------------------------------------------------------


@session("heartbeats in both directions at an interval of one second", heartbeat=1)
def heartbeats(port):
    c = Client(port, heartbeat=1).open()
    for _ in range(3):
        assert isinstance(c.receive(), pika.frame.Heartbeat)
        c.raw(pika.frame.Heartbeat().marshal())
    c.close()


@session("the connection is blocked by a memory alarm and unblocked")
def blocked(port):
    c = Client(port).open()
    ctl("set_vm_memory_high_watermark", "0.000001")
    try:
        c.publish(b"blocks", routing_key="golden.nowhere")
        c.expect(spec.Connection.Blocked)
    finally:
        ctl("set_vm_memory_high_watermark", "0.4")
    c.expect(spec.Connection.Unblocked)
    c.close()


@session("update-secret")
def update_secret(port):
    c = Client(port).open()
    c.call(spec.Connection.UpdateSecret("guest", "rotated"), spec.Connection.UpdateSecretOk, 0)
    c.close()
