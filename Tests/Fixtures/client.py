"""A client that sends exactly what it is told: Pika's codec without Pika's connection logic."""

import socket

import pika
import pika.frame
from pika import spec

WAIT = 20.0


class Client:
    """Frames written and read one by one with Pika's codec, without Pika's connection logic."""

    def __init__(self, port, frame_max=131072, heartbeat=0, channel_max=2047):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.settimeout(WAIT)
        self.buffer = b""
        self.frame_max = frame_max
        self.heartbeat = heartbeat
        self.channel_max = channel_max

    def send(self, method, channel=1):
        self.socket.sendall(pika.frame.Method(channel, method).marshal())

    def raw(self, data):
        self.socket.sendall(data)

    def receive(self):
        """The next frame, or None at the end of the stream."""
        while True:
            used, frame = pika.frame.decode_frame(self.buffer)
            if frame is not None:
                self.buffer = self.buffer[used:]
                return frame
            data = self.socket.recv(65536)
            if not data:
                return None
            self.buffer += data

    def expect(self, kind):
        """The next method, which must be of this kind; heartbeats are passed over."""
        frame = self.receive()
        while isinstance(frame, pika.frame.Heartbeat):
            frame = self.receive()
        if not isinstance(frame, pika.frame.Method) or not isinstance(frame.method, kind):
            raise RuntimeError(f"expected {kind}, got {frame}")
        return frame.method

    def call(self, method, kind, channel=1):
        self.send(method, channel)
        return self.expect(kind)

    def content(self):
        """Header and body frames that follow a content method: (properties, body)."""
        header = self.receive()
        data = b""
        while len(data) < header.body_size:
            data += self.receive().fragment
        return header.properties, data

    def publish(self, data, properties=None, exchange="", routing_key="", mandatory=False, immediate=False, channel=1):
        frames = [
            pika.frame.Method(
                channel, spec.Basic.Publish(0, exchange, routing_key, mandatory=mandatory, immediate=immediate)
            ).marshal(),
            pika.frame.Header(channel, len(data), properties or spec.BasicProperties()).marshal(),
        ]
        step = self.frame_max - 8
        frames += [pika.frame.Body(channel, data[at : at + step]).marshal() for at in range(0, len(data), step)]
        self.raw(b"".join(frames))

    def start(self, user="guest", password="guest"):
        self.raw(b"AMQP\0\0\x09\x01")
        self.expect(spec.Connection.Start)
        capabilities = ["authentication_failure_close", "basic.nack", "connection.blocked", "consumer_cancel_notify",
                        "exchange_exchange_bindings", "publisher_confirms"]
        properties = {"product": "capture", "capabilities": {name: True for name in capabilities}}
        self.send(spec.Connection.StartOk(properties, "PLAIN", f"\0{user}\0{password}", "en_US"), 0)

    def tune(self):
        self.expect(spec.Connection.Tune)
        self.send(spec.Connection.TuneOk(self.channel_max, self.frame_max, self.heartbeat), 0)

    def open(self, vhost="/", channels=1):
        self.start()
        self.tune()
        self.call(spec.Connection.Open(vhost), spec.Connection.OpenOk, 0)
        for number in range(1, channels + 1):
            self.call(spec.Channel.Open(), spec.Channel.OpenOk, number)
        return self

    def close(self):
        # RabbitMQ leaves it to the client to end the stream then.
        self.call(spec.Connection.Close(200, "Goodbye", 0, 0), spec.Connection.CloseOk, 0)
        self.socket.close()

    def closed_by_broker(self):
        method = self.expect(spec.Connection.Close)
        self.send(spec.Connection.CloseOk(), 0)
        self.ended()
        return method

    def ended(self):
        while self.receive() is not None:
            pass
        self.socket.close()

    def queue(self, name, **options):
        return self.call(spec.Queue.Declare(queue=name, exclusive=True, **options), spec.Queue.DeclareOk).queue

    def get(self, queue, no_ack=True):
        self.call(spec.Basic.Get(queue=queue, no_ack=no_ack), spec.Basic.GetOk)
        return self.content()

    def confirm(self):
        self.call(spec.Confirm.Select(), spec.Confirm.SelectOk)
