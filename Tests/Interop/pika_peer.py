#!/usr/bin/env python3
"""Pika as the other side of the interoperability tests.

    pika_peer.py corpus               prints the messages to exchange
    pika_peer.py publish QUEUE        publishes them to an existing queue, each confirmed, then prints how many
    pika_peer.py consume QUEUE COUNT  consumes that many from an existing queue and prints what came
    pika_peer.py send QUEUE TEXT      publishes one message, confirmed

The broker is the one of AMQP_URL. A message is one line of JSON with sorted keys, so that equal messages are equal
lines:

    {"about": …, "body": {"sha256": …, "size": …}, "properties": {"app_id": …, "headers": [[key, [tag, value]], …]}}

`about` travels in the routing of the test only: it is the position in the corpus for what is consumed, too. Bodies are
"0000000 0000008 0000016 …" cut to size. Headers are as Tests/Fixtures/tagged.py writes them, sorted by key: AMQP gives
their order no meaning.
"""

import datetime
import decimal
import hashlib
import json
import os
import pathlib
import sys

import pika

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Fixtures"))
import tagged  # noqa: E402
from tagged import Tagged, Understanding  # noqa: E402

FRAME_MAX = 131072

# Every Python type that Pika's encoder takes, with the ends of the ranges of each; Pika chooses the tag.
PIKA_VALUES = [
    ("text", "text"), ("empty text", ""), ("unicode", "größer 日本語 😀"), ("long text", "x" * 70000),
    ("nul", "a\0b"), ("bytes", b"\x00\xff\xfe"), ("no bytes", b""), ("text bytes", b"text"),
    ("true", True), ("false", False),
    ("zero", 0), ("int", 42), ("minus", -1), ("int least", -(2**31)), ("int most", 2**31 - 1),
    ("long", 2**31), ("long below", -(2**31) - 1), ("long least", -(2**63)), ("long most", 2**63 - 1),
    ("decimal", decimal.Decimal("3.14159")), ("decimal minus", decimal.Decimal("-0.01")),
    ("decimal whole", decimal.Decimal(7)), ("decimal zero", decimal.Decimal(0)),
    ("epoch", datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)),
    ("leap day", datetime.datetime(2024, 2, 29, 12, 30, 59, tzinfo=datetime.timezone.utc)),
    ("far", datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.timezone.utc)),
    ("none", None),
    ("list", [1, "two", b"three", 4.0 == 4, None, 2**40, decimal.Decimal("0.5"), [5, [6]], {"seven": 8}]),
    ("empty list", []),
    ("table", {"a": {"b": {"c": ["deep", {"d": None}]}}, "empty": {}}), ("empty table", {}),
    ("größer 😀 key", 1), ("k" * 255, "longest key"), ("", "empty key"),
]

# Tags that Pika reads but never writes.
OTHER_VALUES = [
    ("b", -128), ("b", 127), ("B", 0), ("B", 255), ("s", -32768), ("s", 32767), ("u", 0), ("u", 65535),
    ("i", 0), ("i", 2**32 - 1), ("f", 0.5), ("f", -0.25), ("d", 3.141592653589793), ("d", -1.5e300),
    ("D", [255, 2**31 - 1]), ("D", [0, -(2**31)]), ("S", b"\xff\xfe".hex()), ("T", 2**63 - 1),
    ("A", [["b", 1], ["f", 0.5], ["A", [["u", 9]]], ["F", [["in", ["i", 7]]]]]),
]

PROPERTIES = {
    "content_type": "application/json", "content_encoding": "gzip", "headers": {"key": "value"}, "delivery_mode": 2,
    "priority": 7, "correlation_id": "correlation-1", "reply_to": "reply.queue", "expiration": "3600000",
    "message_id": "message-1", "timestamp": 1700000000, "type": "event", "user_id": "guest", "app_id": "interop",
    "cluster_id": "cluster-1",
}


def messages():
    """The corpus: (what it shows, properties, body size)."""
    yield "no properties", {}, 5
    for name, value in PROPERTIES.items():
        yield f"property {name} alone", {name: value}, 5
    yield "all 14 properties", PROPERTIES, 5
    for name in PROPERTIES:
        yield f"all properties but {name}", {k: v for k, v in PROPERTIES.items() if k != name}, 5
    yield "empty properties", {"content_type": "", "headers": {}, "correlation_id": "", "message_id": "", "type": "",
                               "priority": 0, "timestamp": 0}, 5
    yield "properties at their limits", {"content_type": "c" * 255, "correlation_id": "ü" * 127, "priority": 255,
                                         "timestamp": 2**63 - 1, "delivery_mode": 1, "message_id": "日本語 😀"}, 5
    for name, value in PIKA_VALUES:
        yield f"header {name[:20]}", {"headers": {name: value}}, 5
    yield "all headers that Pika sends", {"headers": dict(PIKA_VALUES)}, 5
    for number, (tag, value) in enumerate(OTHER_VALUES):
        yield f"header {tag} {number}", {"headers": {f"{tag} {number}": Tagged(tag, value)}}, 5
    for size in (0, 1, FRAME_MAX - 8, FRAME_MAX - 7, 1048576):
        yield f"body of {size} bytes", {"delivery_mode": 1}, size


def body(size):
    return b"".join(b"%07d " % at for at in range(0, size, 8))[:size]


def pair(value):
    return [value.tag, value.value] if isinstance(value, Tagged) else tagged.from_python(value)


def line(about, properties, data):
    """The line of a message; `properties` hold headers as entries with tags."""
    values = dict(properties)
    if "headers" in values:
        values["headers"] = sorted(sorted_value(["F", values["headers"]])[1])
    entry = {"about": about, "properties": values,
             "body": {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}}
    return json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sorted_value(value):
    """A tagged value with the entries of all tables in it sorted by key."""
    tag, inner = value
    if tag == "F":
        return [tag, sorted([key, sorted_value(item)] for key, item in inner)]
    if tag == "A":
        return [tag, [sorted_value(item) for item in inner]]
    return value


def corpus():
    for about, properties, size in messages():
        values = dict(properties)
        if "headers" in values:
            values["headers"] = [[key, pair(value)] for key, value in values["headers"].items()]
        print(line(about, values, body(size)))


def connect():
    parameters = pika.URLParameters(os.environ["AMQP_URL"])
    parameters.frame_max = FRAME_MAX
    parameters.socket_timeout = parameters.stack_timeout = 20
    connection = pika.BlockingConnection(parameters)
    # A test must never wait for ever: everything here takes seconds.
    connection.call_later(90, lambda: os._exit(3))
    return connection


def publish(queue):
    connection = connect()
    channel = connection.channel()
    channel.confirm_delivery()
    count = 0
    for _, properties, size in messages():
        channel.basic_publish("", queue, body(size), pika.BasicProperties(**properties), mandatory=True)
        count += 1
    connection.close()
    print(json.dumps({"published": count}))


def send(queue, text):
    connection = connect()
    channel = connection.channel()
    channel.confirm_delivery()
    channel.basic_publish("", queue, text.encode(), mandatory=True)
    connection.close()


def consume(queue, count):
    names = [about for about, _, _ in messages()]
    connection = connect()
    channel = connection.channel()
    channel.basic_qos(prefetch_count=10)
    received = 0
    with Understanding():
        for method, properties, data in channel.consume(queue):
            values = {name: value for name, value in vars(properties).items() if value is not None}
            print(line(names[received] if received < len(names) else "unexpected", values, data))
            channel.basic_ack(method.delivery_tag)
            received += 1
            if received == count:
                break
    channel.cancel()
    connection.close()


def main():
    tagged.install()
    sys.stdout.reconfigure(encoding="utf-8")
    command, *arguments = sys.argv[1:] or [""]
    if command == "corpus" and not arguments:
        corpus()
    elif command == "publish" and len(arguments) == 1:
        publish(arguments[0])
    elif command == "send" and len(arguments) == 2:
        send(*arguments)
    elif command == "consume" and len(arguments) == 2:
        consume(arguments[0], int(arguments[1]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
