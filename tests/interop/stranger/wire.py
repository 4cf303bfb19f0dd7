"""Numbers, frames and WELCOME of the session protocol, and a WebSocket connection that can be cut at any byte.

Written from src/session/WIRE.md and RFC 6455 alone, with nothing but Python's standard library.
"""

import base64
import os
import select
import socket
import struct
import time
from urllib.parse import urlparse

HELLO, WELCOME, ACK, CREDIT, PING, PONG, FLUSH, MOVE = range(1, 9)
TEXT, BINARY, REQUEST_TEXT, REQUEST, RESPONSE_TEXT, RESPONSE, ERROR, CANCEL, VOID, BYE = range(0x10, 0x1A)
PART = 0x1F
NEW, RESUMED, LATER, REFUSED, ENDED = range(5)


class Closed(Exception):
    """The connection ended: 1006 where it was lost or cut."""

    def __init__(self, code, reason=""):
        super().__init__(f"{code} {reason!r}")
        self.code, self.reason = code, reason


def number(value):
    """Unsigned LEB128."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def take(data, at):
    """A number and the place behind it."""
    value = shift = 0
    while True:
        byte = data[at]
        at, value, shift = at + 1, value | (byte & 0x7F) << shift, shift + 7
        if byte < 0x80:
            assert byte or shift == 7, "number-not-shortest"
            assert value < 2**53, "number-too-large"
            return value, at


def frame(kind, body=b""):
    return bytes([kind]) + number(len(body)) + body


def batch(*frames):
    return b"\0" + b"".join(frames)


def frames(data):
    slot, at = take(data, 0)
    assert slot == 0 and at < len(data), "slot or empty-batch"
    while at < len(data):
        kind = data[at]
        length, at = take(data, at + 1)
        assert at + length <= len(data), "truncated"
        yield kind, data[at : at + length]
        at += length


def terms(credit, max_message=1 << 20, max_batch=32768, retention=4 << 20):
    return b"".join(map(number, (credit, max_message, max_batch, retention, 0)))


def hello(attempt, stated, instance=b"instance", resume=None, versions=b"\1\1", features=0):
    """The body of HELLO. `resume`: how, id, token, incarnation, positions."""
    body = b"WSCS" + versions + number(features) + instance + number(attempt) + stated
    if resume is None:
        return body + b"\0"
    how, session, token, incarnation, positions = resume
    return body + bytes([how]) + session + token + incarnation + b"".join(map(number, positions))


class Welcome:
    def __init__(self, body):
        self.status, at = body[0], 1
        if self.status in (NEW, RESUMED):
            self.version = body[1]
            self.features, at = take(body, 2)
            self.id, self.token, self.incarnation = body[at : at + 16], body[at + 16 : at + 32], body[at + 32 : at + 40]
            at += 40
            fields = ["credit", "max_message", "max_batch", "retention", "retention_ms", "heartbeat", "spread"]
            for name in fields:
                value, at = take(body, at)
                setattr(self, name, value)
            self.positions = []
            while self.status == RESUMED and len(self.positions) < 5:
                value, at = take(body, at)
                self.positions.append(value)
        elif self.status == LATER:
            self.after, at = take(body, 1)
            self.reason = body[at]
        elif self.status == REFUSED:
            self.reason = body[1]
        else:
            self.code = struct.unpack(">H", body[1:3])[0]
            self.committed, at = take(body, 3)
            self.next, at = take(body, at)


class Wire:
    """A WebSocket connection. `writes` or `reads` bytes after the handshake it is cut, by FIN or by RST."""

    def __init__(self, url, writes=None, reads=None, reset=False):
        at = urlparse(url)
        self.socket = socket.create_connection((at.hostname, at.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        path = at.path + ("?" + at.query if at.query else "")
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: {at.netloc}", "Upgrade: websocket", "Connection: Upgrade"]
        lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        self.writes = self.reads = None
        self.reset, self.buffer, self.message, self.opcode = reset, b"", b"", 0
        while b"\r\n\r\n" not in self.buffer:
            self.fill(len(self.buffer) + 1, time.monotonic() + 20)
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        assert head.startswith(b"HTTP/1.1 101 "), head
        self.writes, self.reads = writes, reads

    def cut(self):
        if self.reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
        raise Closed(1006)

    def write(self, data):
        try:
            self.socket.sendall(data[: self.writes])
        except OSError:
            raise Closed(1006)
        if self.writes is not None:
            self.writes -= len(data)
            if self.writes <= 0:
                self.cut()

    def send(self, data, opcode=2):
        length = len(data)
        mask = os.urandom(4)
        head = bytes([0x80 | opcode])
        if length < 126:
            head += bytes([0x80 | length])
        else:
            head += struct.pack(">BH", 0xFE, length) if length < 65536 else struct.pack(">BQ", 0xFF, length)
        masks = int.from_bytes((mask * (length // 4 + 1))[:length], "big")
        self.write(head + mask + (masks ^ int.from_bytes(data, "big")).to_bytes(length, "big"))

    def fill(self, count, until):
        """Whether there are so many bytes by then."""
        while len(self.buffer) < count:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return False
            try:
                more = self.socket.recv(65536)
            except OSError:
                more = b""
            if not more:
                raise Closed(1006)
            self.buffer += more
            if self.reads is not None:
                self.reads -= len(more)
                if self.reads <= 0:
                    self.cut()
        return True

    def receive(self, timeout):
        """The opcode and payload of the next message, or None if there is none in time."""
        until = time.monotonic() + timeout
        while True:
            if not self.fill(2, until):
                return None
            short = self.buffer[1] & 0x7F
            header = {126: 4, 127: 10}.get(short, 2)
            if not self.fill(header, until):
                return None
            length = short if header == 2 else int.from_bytes(self.buffer[2:header], "big")
            if not self.fill(header + length, until):
                return None
            first, data = self.buffer[0], self.buffer[header : header + length]
            self.buffer = self.buffer[header + length :]
            opcode = first & 15
            if opcode == 8:
                self.socket.close()
                raise Closed(int.from_bytes(data[:2], "big") or 1005, data[2:].decode())
            if opcode == 9:
                self.send(data, 10)
            elif opcode < 3:
                self.opcode = opcode or self.opcode
                self.message += data
                if first & 0x80:
                    data, self.message = self.message, b""
                    return self.opcode, data
