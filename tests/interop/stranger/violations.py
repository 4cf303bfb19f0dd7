"""A row for each violation that a client can commit: the name and code with which the server has to close."""

from wire import *

A = frame(ACK, number(0))
H = hello(1, terms(65536))
BASE = H[: 4 + 2 + 1 + 8 + 1]


def resume(how, *positions):
    return frame(HELLO, hello(1, terms(65536), resume=(how, bytes(16), bytes(16), bytes(8), positions)))


def stated(*arguments):
    return frame(HELLO, BASE + terms(*arguments) + b"\0")


# After WELCOME: one batch.
CONFIRMED = [
    ("empty-batch", 3002, b"\0"),
    ("empty-batch", 3002, b""),
    ("slot", 3002, b"\1" + A),
    ("slot", 3002, b"\1"),
    ("number-not-shortest", 3002, b"\x80\0"),
    ("truncated", 3002, b"\x80"),
    ("number-too-large", 3002, batch(A, b"\x10" + b"\x80" * 8)),
    ("number-too-large", 3002, batch(A, frame(ACK, b"\xff" * 7 + b"\x7f"))),
    ("truncated", 3002, batch(A, b"\x10\5abc")),
    ("truncated", 3002, batch(A, b"\x10")),
    ("truncated", 3002, batch(A, b"\x20\5abc")),
    ("truncated", 3002, batch(A, frame(ACK))),
    ("truncated", 3002, batch(A, frame(BYE, b"\3"))),
    ("truncated", 3002, batch(A, frame(RESPONSE_TEXT))),
    ("truncated", 3002, batch(A, frame(ERROR, b"\0"))),
    ("unknown-kind", 3002, batch(A, frame(0x20))),
    ("unknown-kind", 3002, batch(A, frame(0))),
    ("unknown-kind", 3002, batch(A, frame(0x80, b"x"))),
    ("body-too-long", 3002, batch(A, frame(ACK, b"\0x"))),
    ("body-too-long", 3002, batch(A, frame(FLUSH, b"x"))),
    ("body-too-long", 3002, batch(A, frame(VOID, b"x"))),
    ("body-too-long", 3002, batch(A, frame(HELLO, bytes(513)))),
    ("empty-part", 3002, batch(A, frame(PART))),
    ("unconfirmed", 3002, batch(frame(TEXT, b"a"))),
    ("unconfirmed", 3002, batch(frame(0x60, b"a"))),
    ("unconfirmed", 3002, batch(frame(PING, b"\1"))),
    ("unconfirmed", 3002, batch(frame(HELLO, H))),
    ("order", 3002, batch(A, frame(HELLO, H))),
    ("order", 3002, batch(A, frame(MOVE, number(1)))),
    ("limit", 3002, batch(A, frame(MOVE, number(3600001)))),
    ("order", 3002, batch(A, frame(WELCOME, b"\3\6"))),
    ("reserved", 3002, batch(A, frame(WELCOME, b"\5"))),
    ("ack-ahead", 3002, batch(A, frame(ACK, number(1)))),
    ("ack-ahead", 3002, batch(frame(ACK, number(1)))),
    ("credit-behind", 3002, batch(A, frame(CREDIT, number(65535)))),
    ("credit-exceeded", 3002, batch(A, frame(BINARY, bytes(300)), frame(BINARY))),
    ("pong", 3002, batch(A, frame(PONG, number(1)))),
    ("bye", 3002, batch(A, frame(BYE, b"\3\xe9"))),
    ("bye", 3002, batch(A, frame(BYE, b"\3\xe8" + bytes(124)))),
    ("utf8", 3007, batch(A, frame(BYE, b"\3\xe8\xff"))),
    ("utf8", 3007, batch(A, frame(TEXT, b"\xff"))),
    ("reference", 3002, batch(A, frame(RESPONSE_TEXT, b"\0x"))),
    ("reference", 3002, batch(A, frame(ERROR, b"\0\1\xff"))),
    ("reference", 3002, batch(A, frame(CANCEL, b"\0"))),
    ("unfinished", 3002, batch(A, frame(PART, b"x"), frame(BYE, b"\3\xe8"))),
    ("unfinished", 3002, batch(A, frame(TEXT), frame(PART, b"x"), frame(CANCEL, b"\0"))),
    ("after-bye", 3002, batch(A, frame(BYE, b"\3\xe8"), frame(TEXT, b"x"))),
    ("after-bye", 3002, batch(A, frame(BYE, b"\3\xe8"), frame(PART, b"x"))),
    ("batch-too-long", 3009, batch(A, frame(0x60, bytes(1 << 20)))),
]

# The first batch.
FIRST = [
    ("order", 3002, batch(A)),
    ("order", 3002, batch(frame(0x60, b"x"))),
    ("order", 3002, batch(frame(HELLO, H), A)),
    ("order", 3002, batch(frame(HELLO, H), b"\x10")),
    ("unknown-kind", 3002, batch(frame(0x20))),
    ("body-too-long", 3002, batch(frame(HELLO, H + bytes(513)))),
    ("batch-too-long", 3009, batch(frame(HELLO, H)) + bytes(32768)),
    ("magic", 3002, batch(frame(HELLO, b"X" + H[1:]))),
    ("magic", 3002, batch(frame(HELLO, b"XSCS"))),
    ("version", 3002, batch(frame(HELLO, H[:4] + b"\0\1" + H[6:]))),
    ("version", 3002, batch(frame(HELLO, H[:4] + b"\2\1" + H[6:]))),
    ("limit", 3002, batch(stated(1, 1023))),
    ("limit", 3002, batch(stated(1, (1 << 30) + 1))),
    ("limit", 3002, batch(stated(1, 1024, 32767))),
    ("limit", 3002, batch(stated(1, 1024, (16 << 20) + 1))),
    ("reserved", 3002, batch(frame(HELLO, H[:-1] + b"\3"))),
    ("truncated", 3002, batch(frame(HELLO, H[:-1]))),
    ("truncated", 3002, batch(frame(HELLO, b"WSC"))),
    ("truncated", 3002, batch(frame(HELLO))),
    ("positions", 3002, batch(resume(1, 0, 1, 0, 0, 0))),
    ("positions", 3002, batch(resume(1, 0, 0, 1, 0, 0))),
    ("positions", 3002, batch(resume(2, 1, 0, 0, 1, 0))),
]


def ends(wire, data, opcode=2):
    try:
        wire.send(data, opcode)
        while wire.receive(5):
            pass
    except Closed as closed:
        return closed.reason, closed.code
    return "open", 0


def welcomed(url, body):
    wire = Wire(url)
    wire.send(batch(frame(HELLO, body)))
    ((_, answer),) = frames(wire.receive(5)[1])
    return wire, Welcome(answer)


def rows_differ(url):
    """The rows in which the server does something else."""
    url += "/session/echo"
    differ = []
    rows = [(True, *row) for row in CONFIRMED] + [(False, *row) for row in FIRST]
    for confirmed, name, code, data in rows:
        at = url + "?window=200" if name == "credit-exceeded" else url
        wire = welcomed(at, H)[0] if confirmed else Wire(at)
        got = ends(wire, data)
        if got != (name, code):
            differ.append((name, got, data[:30].hex()))
    got = ends(Wire(url), b"text", 1)
    if got != ("text-message", 3002):
        differ.append(("text-message", got))
    # Later versions, features and fields are no violation.
    _, welcome = welcomed(url, hello(1, terms(100), versions=b"\1\7", features=255) + b"later")
    if (welcome.status, welcome.version, welcome.features) != (NEW, 1, 0):
        differ.append(("later fields", vars(welcome)))
    _, welcome = welcomed(url, hello(1, terms(100), versions=b"\2\7"))
    if (welcome.status, getattr(welcome, "reason", None)) != (REFUSED, 8):
        differ.append(("no common version", vars(welcome)))
    return differ
