"""AMQP field values with their wire tags.

Pika forgets the tag of what it decodes and can send only a few of them; fixtures and comparisons need all. A value is
a pair [tag, value] of JSON types:

    t true/false   b B s u U I i l L T integers   f d numbers (or "nan", "inf", "-inf")
    D [scale, unscaled]   S x the bytes in hexadecimal   A a list of pairs   F a list of [key, pair]   V null

A key is text; in the rare case of a key that is no UTF-8 it is the bytes in hexadecimal after "0x".
"""

import datetime
import decimal
import math
import struct

import pika.data

INTEGERS = {"b": ">b", "B": ">B", "s": ">h", "U": ">h", "u": ">H", "I": ">i", "i": ">I", "l": ">q", "L": ">q", "T": ">Q"}
FLOATS = {"f": ">f", "d": ">d"}


class Tagged:
    """A value for Pika's encoder that is written with exactly this tag."""

    def __init__(self, tag, value):
        self.tag = tag
        self.value = value


def encode(tag, value):
    """The bytes of one field value, tag included."""
    head = tag.encode()
    if tag == "t":
        return head + bytes([1 if value else 0])
    if tag in INTEGERS:
        return head + struct.pack(INTEGERS[tag], value)
    if tag in FLOATS:
        return head + struct.pack(FLOATS[tag], float(value))
    if tag == "D":
        return head + struct.pack(">Bi", *value)
    if tag in "Sx":
        data = bytes.fromhex(value)
        return head + struct.pack(">I", len(data)) + data
    if tag == "A":
        data = b"".join(encode(*item) for item in value)
        return head + struct.pack(">I", len(data)) + data
    if tag == "F":
        return head + encode_table(value)
    if tag == "V":
        return head
    raise ValueError(f"unknown tag {tag!r}")


def encode_table(entries):
    data = b""
    for key, value in entries:
        raw = bytes.fromhex(key[2:]) if key.startswith("0x") else key.encode()
        data += bytes([len(raw)]) + raw + encode(*value)
    return struct.pack(">I", len(data)) + data


def _number(value):
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return value


def decode(data, offset):
    """One field value at `offset`: ([tag, value], offset behind it)."""
    tag = chr(data[offset])
    offset += 1
    if tag == "t":
        return [tag, data[offset] != 0], offset + 1
    if tag in INTEGERS:
        return [tag, struct.unpack_from(INTEGERS[tag], data, offset)[0]], offset + struct.calcsize(INTEGERS[tag])
    if tag in FLOATS:
        return [tag, _number(struct.unpack_from(FLOATS[tag], data, offset)[0])], offset + struct.calcsize(FLOATS[tag])
    if tag == "D":
        return [tag, list(struct.unpack_from(">Bi", data, offset))], offset + 5
    if tag in "SxA":
        end = offset + 4 + struct.unpack_from(">I", data, offset)[0]
        offset += 4
        if tag != "A":
            return [tag, data[offset:end].hex()], end
        items = []
        while offset < end:
            item, offset = decode(data, offset)
            items.append(item)
        return [tag, items], offset
    if tag == "F":
        entries, offset = decode_table(data, offset)
        return [tag, entries], offset
    if tag == "V":
        return [tag, None], offset
    raise ValueError(f"unknown tag {tag!r} at {offset - 1}")


def decode_table(data, offset):
    end = offset + 4 + struct.unpack_from(">I", data, offset)[0]
    offset += 4
    entries = []
    while offset < end:
        raw = data[offset + 1 : offset + 1 + data[offset]]
        offset += 1 + data[offset]
        value, offset = decode(data, offset)
        try:
            key = raw.decode()
        except UnicodeDecodeError:
            key = "0x" + raw.hex()
        entries.append([key, value])
    return entries, offset


def from_python(value):
    """The pair that Pika's encoder writes for a Python value."""
    pieces = []
    pika.data.encode_value(pieces, value)
    return decode(b"".join(pieces), 0)[0]


def to_pika(pair):
    """The Python value that Pika's decoder makes of a pair (which loses the tag)."""
    tag, value = pair
    if tag in "Sx":
        raw = bytes.fromhex(value)
        try:
            return raw.decode() if tag == "S" else raw
        except UnicodeDecodeError:
            return raw
    if tag == "D":
        return decimal.Decimal(value[1]) * decimal.Decimal(10) ** -value[0]
    if tag == "T":
        return datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
    if tag == "A":
        return [to_pika(item) for item in value]
    if tag == "F":
        return {key: to_pika(item) for key, item in value}
    return value


def install():
    """Teaches Pika's encoder to write `Tagged` values."""
    original = pika.data.encode_value

    def encode_value(pieces, value):
        if isinstance(value, Tagged):
            data = encode(value.tag, value.value)
            pieces.append(data)
            return len(data)
        return original(pieces, value)

    pika.data.encode_value = encode_value


class Understanding:
    """While entered, Pika's decoder gives tables as tagged entries instead of dictionaries."""

    def __enter__(self):
        self.original = pika.data.decode_table
        pika.data.decode_table = decode_table

    def __exit__(self, *_):
        pika.data.decode_table = self.original
