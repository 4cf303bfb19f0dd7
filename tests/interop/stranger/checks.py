"""An independent client of the session protocol against our test server. Argument: its origin. Prints a line of JSON for each check."""

import json
import os
import random
import struct
import sys
import time

from session import Ended, Refused, Session
from violations import rows_differ
from wire import *

LIMIT = 60
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def same(got, wanted):
    assert got == wanted, f"{got!r} instead of {wanted!r}"


def opened(url, path="/session/echo", **options):
    session = Session(url + path, **options)
    session.connect()
    return session


def read(session, count, timeout=10):
    """So many messages."""
    until, got = time.monotonic() + timeout, []
    while len(got) < count:
        assert time.monotonic() < until, f"{len(got)} of {count} messages"
        session.step(0.05)
        while (message := session.read()) is not None:
            got.append(message)
    return got


def handled(session, *sent):
    """Sends frames, and waits until the server has handled them."""
    session.wire.send(batch(*sent, frame(PING, number(1))))
    while True:
        message = session.wire.receive(10)
        assert message, "no PONG"
        for kind, body in frames(message[1]):
            session.handle(kind, body)
            if kind == PONG:
                return


def end(session, timeout=10):
    """How the connection ends."""
    until = time.monotonic() + timeout
    try:
        while time.monotonic() < until:
            session.step(0.1)
    except Refused as refused:
        return refused.args[0], *end(session)
    except Closed as closed:
        return closed.code, closed.reason
    return "open"


def refused(session):
    """The reason for which a resume is refused, and how the connection ends."""
    try:
        session.connect()
    except Refused as refused:
        assert end_of(session.wire) == (3001, "refused")
        return refused.args[0]
    except Ended as ended:
        return ended
    raise AssertionError("it was resumed")


def end_of(wire):
    try:
        while wire.receive(5):
            pass
    except Closed as closed:
        return closed.code, closed.reason
    return "open"


def reconnect(session, rng, cuts):
    while True:
        cut = {}
        if session.drops < cuts:
            most = rng.choice([50, 150, 500, 5000, 50000, 200000])
            cut = {rng.choice(["writes", "reads"]): rng.randrange(1, most), "reset": rng.random() < 0.5}
        try:
            return session.connect(**cut)
        except Closed as closed:
            same(closed.code, 1006)
            session.lose()


def echo_over_cuts(session, total, cuts, rng):
    sent, got, until = [], 0, time.monotonic() + LIMIT
    reconnect(session, rng, cuts)
    while got < total:
        assert time.monotonic() < until, f"{got} of {total} after {session.drops} cuts"
        try:
            while len(sent) < total and len(session.retained) < 40:
                payload = str(len(sent)).encode() + b"." * rng.choice([0, 1, 100, 100, 1000, 5000, 20000, 60000])
                kind = rng.choice([TEXT, BINARY])
                session.add(kind, payload)
                sent.append((kind, payload))
            session.step(0.05)
            while (message := session.read()) is not None:
                index, kind, _, payload = message
                same(index, got)
                same((kind, payload), sent[index])
                got += 1
        except Closed as closed:
            same(closed.code, 1006)
            session.lose()
            reconnect(session, rng, cuts)
    # The last ones may come after everything is through.
    assert session.drops >= cuts / 2, session.drops


@check
def messages_come_back_once_and_in_order_over_cuts(url):
    session, rng = Session(url + "/session/echo"), random.Random(3)
    echo_over_cuts(session, 1000, 100, rng)
    session.add(BYE, struct.pack(">H", 1000) + b"done")
    same(end(session), (1000, ""))
    same(session.first, session.next)


@check
def small_windows_do_the_same(url):
    rng = random.Random(4)
    for window in (1, 33, 300, 5000):
        theirs = rng.choice([1, 100, 2000])
        session = Session(f"{url}/session/echo?window={theirs}&retention=3000", window, rng.choice([1000, 9000, 30000]))
        echo_over_cuts(session, 100, 20, rng)


@check
def the_end_of_the_server_is_acknowledged_and_remembered(url):
    session, rng = Session(url + "/session/burst?count=1000&size=100", window=5000), random.Random(5)
    reconnect(session, rng, 20)
    numbers = []
    while len(numbers) < 1001:
        try:
            numbers += read(session, 1)
        except Closed as closed:
            same(closed.code, 1006)
            session.lose()
            reconnect(session, rng, 20)
    same([int(payload) for _, _, _, payload in numbers[:-1]], list(range(1000)))
    same(numbers[-1][1:], (BYE, [], struct.pack(">H", 1000)))
    # Its ACK is lost: what the next HELLO says is enough.
    session.lose()
    session.read()
    for _ in range(2):
        try:
            session.connect()
            raise AssertionError("it was resumed")
        except Ended as ended:
            same(ended.args, (1000, 0, 1001))
        same(end_of(session.wire), (1000, ""))


@check
def commits_are_acknowledged_in_time(url):
    session = opened(url, "/session/sink?tell=10")
    for _ in range(100):
        session.add(BINARY, bytes(100))
    same([message[3] for message in read(session, 10)], [b"taken"] * 10)
    until = time.monotonic() + 5
    while session.first < 100 and time.monotonic() < until:
        session.step(0.05)
    same(session.first, 100)
    session.add(BINARY, b"x")
    session.send()
    session.wire.send(batch(frame(FLUSH)))
    while session.first < 101 and time.monotonic() < until:
        session.step(0.05)
    same(session.first, 101)


@check
def requests_are_answered_over_a_cut(url):
    session = opened(url, "/session/rpc")
    asked = [session.add(REQUEST_TEXT, text) for text in (b"21", b"fail", b"never", b"ask hello")]
    session.add(CANCEL, fields=number(asked[2]))
    answers = {}
    while len(answers) < 3:
        for index, kind, fields, payload in read(session, 1):
            if kind == REQUEST_TEXT:
                session.lose()
                session.connect()
                session.add(RESPONSE_TEXT, payload.upper(), number(index))
            else:
                answers[fields[0]] = kind, fields[1:], payload
    same(answers[asked[0]], (RESPONSE_TEXT, [], b"42"))
    same(answers[asked[1]][:2], (ERROR, [1]))
    same(answers[asked[3]], (RESPONSE_TEXT, [], b"HELLO"))


@check
def tokens_are_checked(url):
    session = opened(url)
    session.add(TEXT, b"a")
    read(session, 1)
    old = session.token
    session.lose()
    session.connect()
    handled(session)
    newest, known, incarnation = session.token, session.id, session.incarnation
    session.token = old
    same(refused(session), 1)
    session.token, session.id = newest, os.urandom(16)
    same(refused(session), 1)
    session.id, session.token = known, os.urandom(16)
    same(refused(session), 1)
    session.incarnation = os.urandom(8)
    same(refused(session), 2)
    session.token, session.incarnation = newest, incarnation
    # Its WELCOME is lost: the token before is still valid, and so is the one in it.
    lost = session.greet()
    same(lost.status, RESUMED)
    session.lose()
    session.connect()
    handled(session)


@check
def attempts_and_instances_fence(url):
    session = opened(url)
    session.lose()
    session.attempt -= 1
    try:
        session.connect()
        raise AssertionError("it was resumed")
    except Closed as closed:
        same((closed.code, closed.reason), (3001, "late"))
    session.connect()
    older = session.wire
    session.connect()
    same(end_of(older), (3001, "replaced"))
    older = session.wire
    session.instance = os.urandom(8)
    session.connect()
    ((kind, body),) = frames(older.receive(5)[1])
    same((kind, body), (WELCOME, b"\3\6"))
    same(end_of(older), (3001, "fenced"))
    session.lose()
    session.max_message //= 2
    same(refused(session), 9)
    session.max_message *= 2
    session.connect()
    session.add(TEXT, b"still there")
    same(read(session, 1)[0][3], b"still there")


@check
def a_client_that_forgot_goes_on(url):
    session = opened(url)
    session.add(TEXT, b"before")
    read(session, 1)
    handled(session, frame(PART, b"a part that nobody ends"))
    session.lose()
    page = Session(session.url)
    page.id, page.token, page.incarnation, page.forgot = session.id, session.token, session.incarnation, True
    page.attempt = 65536
    page.connect()
    page.add(TEXT, b"after")
    same([message[3] for message in read(page, 2)], [b"before", b"after"])


@check
def positions_that_go_back_lose_the_session(url):
    session = opened(url)
    session.add(TEXT, b"a")
    read(session, 1)
    session.read()
    session.send()
    handled(session)
    session.lose()
    session.received = session.committed = 0
    same(refused(session), 4)
    session.received = session.committed = 1
    same(refused(session), 4)
    session = opened(url)
    session.lose()
    session.first, session.next = 3, 5
    same(refused(session), 3)
    # An ACK below what HELLO said as committed.
    session = opened(url)
    session.add(TEXT, b"a")
    read(session, 1)
    session.read()
    session.lose()
    session.greet()
    session.wire.send(batch(frame(ACK, number(0))))
    same(end_of(session.wire), (3002, "ack-behind"))


@check
def a_session_expires(url):
    session = opened(url, "/session/echo?keep=300")
    session.lose()
    time.sleep(0.7)
    same(refused(session), 1)


@check
def parts_and_void_resume(url):
    session = opened(url, split=10)
    large = b"0123456789" * 20
    session.add(BINARY, large)
    handled(session, *(frame(*each) for each in session.retained[0][1][:7]))
    session.lose()
    session.connect()
    same(session.welcome.positions[4], 7)
    same(read(session, 1)[0][3], large)
    handled(session, frame(PART, b"half"))
    session.lose()
    session.add(VOID)
    session.connect()
    same(session.welcome.positions[4], 1)
    session.add(TEXT, b"behind VOID")
    same(read(session, 1)[0][3], b"behind VOID")


@check
def the_heartbeat_is_kept_and_judged(url):
    session = opened(url, "/session/echo?heartbeat=500")
    until = time.monotonic() + 5
    while time.monotonic() < until:
        session.step(0.05)
    pings = session.heard.count(PING)
    assert 4 <= pings <= 11, f"{pings} PINGs in ten heartbeats"
    same(end_of(session.wire), (3001, "silent"))
    session.connect()
    session.wire.send(batch(frame(PING, number(7))))
    session.step(1)
    assert PONG in session.heard


@check
def later_and_move_are_said(url):
    session = Session(url + "/session/fault/later")
    welcome = session.greet()
    same((welcome.status, welcome.after, welcome.reason), (LATER, 200, 0))
    same(end_of(session.wire), (1000, "later"))
    session.connect()
    session = opened(url, "/session/fault/move")
    session.add(TEXT, b"move")
    read(session, 1)
    assert MOVE in session.heard, session.heard
    session.connect()
    session.add(TEXT, b"moved")
    same(read(session, 1)[0][3], b"moved")


@check
def reserved_kinds_are_skipped_and_text_is_kept(url):
    session = opened(url)
    session.wire.send(batch(frame(0x60, bytes(1000)), frame(0x7F)))
    session.add(TEXT, b"\xef\xbb\xbftext")
    same(read(session, 1)[0][3], b"\xef\xbb\xbftext")


@check
def our_end_is_acknowledged_behind_everything_and_remembered(url):
    session = opened(url, "/session/sink")
    session.add(TEXT, b"x")
    session.add(BYE, struct.pack(">H", 4001) + b"enough")
    same(end(session), (1000, ""))
    same(session.first, 2)
    same(refused(session).args, (4001, 2, 0))


@check
def eight_violations_lose_the_session(url):
    session = opened(url)
    for _ in range(8):
        session.wire.send(batch(frame(0x20)))
        same(end_of(session.wire), (3002, "unknown-kind"))
        try:
            session.connect()
        except Refused as refused:
            broken = refused.args[0]
    same(broken, 10)


@check
def violations_have_their_names(url):
    same(rows_differ(url), [])


for each in CHECKS:
    if sys.argv[2:] and each.__name__ not in sys.argv[2:]:
        continue
    line = {"check": each.__name__.replace("_", " ")}
    try:
        each(sys.argv[1])
    except Exception as error:
        line["wrong"] = f"{type(error).__name__}: {error}"
    print(json.dumps(line), flush=True)
