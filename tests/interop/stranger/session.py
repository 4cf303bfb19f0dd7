"""A client of the session protocol, from src/session/WIRE.md alone. It checks every rule that binds the server."""

import os

from wire import *


class Refused(Exception):
    """WELCOME was Refused, with this reason."""


class Ended(Exception):
    """WELCOME was Ended."""


class Session:
    def __init__(self, url, window=65536, split=9000, max_message=1 << 20):
        self.url, self.window, self.split, self.max_message = url, window, split, max_message
        self.instance, self.attempt = os.urandom(8), 0
        self.id = self.token = self.incarnation = self.wire = self.welcome = None
        # Of what is sent: the retained messages with their frames, and positions.
        self.retained = []
        self.first = self.next = self.sent = 0
        # Of what arrives: unread messages, the parts of the next one, and positions.
        self.unread, self.parts, self.bye = [], [], False
        self.received = self.committed = self.told = 0
        self.drops, self.forgot, self.heard = 0, False, []

    def cost(self):
        return sum(len(payload) + 32 for _, _, _, payload in self.unread)

    def resume(self):
        if self.id is None:
            return None
        positions = [self.received, self.committed, self.first, self.next, len(self.parts)]
        how = 2 if self.forgot else 1
        return how, self.id, self.token, self.incarnation, [0] * 5 if self.forgot else positions

    def greet(self, **cut):
        """Sends HELLO on a new connection; gives WELCOME."""
        self.wire = Wire(self.url, **cut)
        self.attempt += 1
        self.granted, self.arrived = max(0, self.window - self.cost()), 0
        stated = terms(self.granted, self.max_message)
        self.wire.send(batch(frame(HELLO, hello(self.attempt, stated, self.instance, self.resume()))))
        opcode, data = self.wire.receive(20)
        ((kind, body),) = frames(data)
        assert (opcode, kind) == (2, WELCOME), "WELCOME alone in its batch"
        self.welcome = Welcome(body)
        return self.welcome

    def connect(self, **cut):
        welcome = self.greet(**cut)
        if welcome.status == REFUSED:
            raise Refused(welcome.reason)
        if welcome.status == ENDED:
            raise Ended(welcome.code, welcome.committed, welcome.next)
        assert welcome.status == (NEW if self.id is None else RESUMED), welcome.status
        self.credit, self.spent = welcome.credit, 0
        self.place = (0, 0)
        if welcome.status == RESUMED:
            assert welcome.id == self.id
            received, committed, first, following, parts = welcome.positions
            if self.forgot:
                self.received = self.committed = first
                self.first, self.sent, self.next, self.forgot = received, received, received, False
            assert committed <= received and self.first <= received <= self.sent, welcome.positions
            assert first <= self.received <= following, welcome.positions
            self.release(committed)
            self.place = (received, parts)
        # What was sent completely, on this connection and before it.
        self.here = self.place[0]
        self.id, self.token, self.incarnation = welcome.id, welcome.token, welcome.incarnation
        self.told = self.committed
        self.wire.send(batch(frame(ACK, number(self.committed))))

    def lose(self):
        self.drops += 1
        self.wire.socket.close()

    def add(self, kind, payload=b"", fields=b""):
        """Retains a message, in parts if it is large; gives its index."""
        pieces = [payload[at : at + self.split] for at in range(0, len(payload), self.split)] or [b""]
        whole = [(PART, piece) for piece in pieces[:-1]] + [(kind, fields + pieces[-1])]
        self.retained.append((self.next, whole))
        self.next += 1
        return self.next - 1

    def release(self, below):
        assert self.first <= below <= self.sent, (self.first, below, self.sent)
        self.first = below
        self.retained = [(index, whole) for index, whole in self.retained if index >= below]

    def send(self):
        """Sends what is due and what credit allows."""
        due = []
        if self.committed > self.told:
            self.told = self.committed
            due.append(frame(ACK, number(self.told)))
        grantable = self.arrived + self.window - self.cost()
        more = grantable - self.granted
        if more > 0 and (more >= self.window / 2 or self.arrived >= self.granted):
            self.granted = grantable
            due.append(frame(CREDIT, number(grantable)))
        for index, whole in self.retained:
            start, part = self.place
            if index < start:
                continue
            for kind, body in whole[part if index == start and whole[-1][0] != VOID else 0 :]:
                if self.spent >= self.credit:
                    break
                encoded = frame(kind, body)
                if sum(map(len, due)) + len(encoded) > 32000:
                    self.wire.send(batch(*due))
                    due = []
                due.append(encoded)
                self.spent += len(body) + (0 if kind == PART else 32)
                self.place = (index + 1, 0) if kind != PART else (index, (part if index == start else 0) + 1)
                start, part = self.place
            if self.place != (index + 1, 0):
                break
            self.here = index + 1
            self.sent = max(self.sent, self.here)
        if due:
            self.wire.send(batch(*due))

    def step(self, timeout):
        """Sends, and handles the next batch if it comes in time."""
        self.send()
        message = self.wire.receive(timeout)
        if message is not None:
            opcode, data = message
            assert opcode == 2 and len(data) <= 32768, (opcode, len(data))
            for kind, body in frames(data):
                self.heard.append(kind)
                self.handle(kind, body)

    def handle(self, kind, body):
        if kind in (ACK, CREDIT, PING, PONG, MOVE):
            value, end = take(body, 0)
            assert end == len(body), "body-too-long"
        if kind == ACK:
            assert value <= self.here, "ack-ahead"
            self.release(value)
        elif kind == CREDIT:
            assert value >= self.credit, "credit-behind"
            self.credit = value
        elif kind == PING:
            self.wire.send(batch(frame(PONG, body)))
        elif kind == WELCOME:
            welcome = Welcome(body)
            assert (welcome.status, welcome.reason) == (REFUSED, 6), "order"
            raise Refused(6)
        elif kind == PART or TEXT <= kind <= BYE:
            assert not self.bye, "after-bye"
            assert self.arrived < self.granted, "credit-exceeded"
            self.arrived += len(body) + (0 if kind == PART else 32)
            if kind == PART:
                assert body, "empty-part"
                self.parts.append(body)
            else:
                self.message(kind, body)
        else:
            assert kind in (PONG, FLUSH, MOVE) or 0x60 <= kind <= 0x7F, "unknown-kind"

    def message(self, kind, body):
        fields, at = [], 0
        for _ in range({RESPONSE_TEXT: 1, RESPONSE: 1, ERROR: 2, CANCEL: 1}.get(kind, 0)):
            value, at = take(body, at)
            fields.append(value)
        if fields:
            assert fields[0] < (self.received if kind == CANCEL else self.sent), "reference"
        assert not (self.parts and kind in (CANCEL, BYE)), "unfinished"
        payload = b"".join([] if kind == VOID else self.parts) + body[at:]
        assert len(payload) <= self.max_message, "message-too-long"
        if kind in (TEXT, REQUEST_TEXT, RESPONSE_TEXT, ERROR):
            payload.decode()
        self.parts, self.bye = [], kind == BYE
        self.unread.append((self.received, kind, fields, payload))
        self.received += 1

    def read(self):
        """The next message: index, kind, fields, payload. Asking for it commits the ones before."""
        self.committed = self.received - len(self.unread)
        return self.unread.pop(0) if self.unread else None
