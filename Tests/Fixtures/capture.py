#!/usr/bin/env python3
"""Records AMQP sessions between Pika and a RabbitMQ broker as fixtures.

Run by Scripts/capture, which starts a private broker first. For every session of sessions.py it writes golden/NAME.c2s.bin and
golden/NAME.s2c.bin (the bytes of the two directions) and adds an entry to golden/index.json that says what they hold,
as Pika understands it: the order of frames with their offsets, names, ids and fields, so that a decoder can be compared
with an independent one.
"""

import hashlib
import json
import pathlib
import select
import socket
import sys
import threading

import pika
import pika.frame
from pika import spec

import tagged
from client import WAIT
from sessions import BROKER, SESSIONS, ctl
from tagged import Understanding

OUT = pathlib.Path(__file__).parent / "golden"


class Recorder:
    """A proxy for one connection that keeps what passes, and the order in which the directions spoke."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.bytes = {"c2s": bytearray(), "s2c": bytearray()}
        self.turns = []
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        client, _ = self.listener.accept()
        server = socket.create_connection(BROKER)
        for s in (client, server):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ways = {client: ("c2s", server), server: ("s2c", client)}
        while ways:
            for source in select.select(list(ways), [], [])[0]:
                name, target = ways[source]
                try:
                    data = source.recv(262144)
                except OSError:
                    data = b""
                if not data:
                    del ways[source]
                    try:
                        target.shutdown(socket.SHUT_WR)
                    except OSError:
                        pass
                    continue
                self.bytes[name] += data
                if self.turns and self.turns[-1][0] == name:
                    self.turns[-1][1] += len(data)
                else:
                    self.turns.append([name, len(data)])
                try:
                    target.sendall(data)
                except OSError:
                    pass
        client.close()
        server.close()

    def finish(self):
        self.thread.join(WAIT)
        if self.thread.is_alive():
            raise RuntimeError("the connection was not closed")
        self.listener.close()


def plain(value):
    return {"hex": value.hex()} if isinstance(value, bytes) else value


def fields(thing):
    values = {name: plain(value) for name, value in vars(thing).items() if not name.startswith("_")}
    if isinstance(thing, spec.Connection.UpdateSecret):
        # Pika's decoder of this method, which no client ever receives, stores the secret under another name.
        values["new_secret"] = values.pop("mechanisms")
    return values


def describe(data):
    """The frames of one direction."""
    frames, offset = [], 0
    while offset < len(data):
        entry = {"offset": offset}
        try:
            used, frame = pika.frame.decode_frame(bytes(data[offset:]))
        except pika.exceptions.InvalidFrameError:
            used, frame = 0, None
        if frame is None:
            entry.update(kind="malformed", size=len(data) - offset)
            frames.append(entry)
            return frames
        entry["size"] = used
        if isinstance(frame, pika.frame.ProtocolHeader):
            entry["kind"] = "protocol-header"
        else:
            entry["channel"] = frame.channel_number
        if isinstance(frame, pika.frame.Method):
            number = frame.method.INDEX
            entry.update(kind="method", name=frame.method.NAME, classID=number >> 16, methodID=number & 0xFFFF,
                         fields=fields(frame.method))
        elif isinstance(frame, pika.frame.Header):
            values = {name: value for name, value in fields(frame.properties).items() if value is not None}
            entry.update(kind="header", classID=60, bodySize=frame.body_size, properties=values)
        elif isinstance(frame, pika.frame.Body):
            entry.update(kind="body", payloadSize=len(frame.fragment),
                         sha256=hashlib.sha256(frame.fragment).hexdigest())
        elif isinstance(frame, pika.frame.Heartbeat):
            entry["kind"] = "heartbeat"
        frames.append(entry)
        offset += used
    return frames


def main():
    wanted = sys.argv[1:]
    tagged.install()
    # Pika never decodes this one: it is the only method whose arguments it gives no default.
    spec.methods[spec.Connection.UpdateSecret.INDEX] = lambda: spec.Connection.UpdateSecret(b"", "")
    # The broker tells its cluster's name, which would be this machine's.
    ctl("set_cluster_name", "golden")
    OUT.mkdir(exist_ok=True)
    index, total = [], 0
    for name, about, parameters, run in SESSIONS:
        if wanted and name not in wanted:
            continue
        recorder = Recorder()
        try:
            run(recorder.port)
            recorder.finish()
        except Exception as error:
            with Understanding():
                last = {way: describe(bytes(data))[-1] for way, data in recorder.bytes.items()}
            raise SystemExit(f"{name}: {error!r}; the last frames were {last}") from error
        entry = {"name": name, "about": about, "frameMax": parameters.get("frame_max", 131072),
                 "heartbeat": parameters.get("heartbeat", 0), "turns": recorder.turns}
        for way in ("c2s", "s2c"):
            data = bytes(recorder.bytes[way])
            (OUT / f"{name}.{way}.bin").write_bytes(data)
            with Understanding():
                entry[way] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "frames": describe(data)}
            total += len(data)
        index.append(entry)
        print(f"{name}: {entry['c2s']['size']} + {entry['s2c']['size']} bytes, "
              f"{len(entry['c2s']['frames'])} + {len(entry['s2c']['frames'])} frames")
    if wanted:
        return
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) for entry in index)
    (OUT / "index.json").write_text("[\n" + lines + "\n]\n")
    print(f"{len(index)} sessions, {total} bytes")


if __name__ == "__main__":
    main()
