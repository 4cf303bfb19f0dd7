"""A bare WebSocket end for the findings: the standard library only, one thread per connection.

It sends exactly the bytes that a finding needs and reports exactly the frames that arrive.
"""
import base64, hashlib, os, socket, struct, sys, threading, zlib

TEXT, BINARY, CLOSE, PING, PONG, CONT = 1, 2, 8, 9, 10, 0
NAMES = {0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_key(key):
    return base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()


def close_body(code, reason=""):
    return struct.pack(">H", code) + reason.encode()


def deflate(data, bits=-15):
    """Compress one message as RFC 7692 section 7.2.1 says."""
    c = zlib.compressobj(6, zlib.DEFLATED, bits)
    return (c.compress(data) + c.flush(zlib.Z_SYNC_FLUSH))[:-4]


class Frame:
    def __init__(self, fin, rsv1, op, data):
        self.fin, self.rsv1, self.op, self.data = fin, rsv1, op, data

    def __str__(self):
        if self.op == CLOSE:
            if len(self.data) < 2:
                return "close without a code"
            return ("close %d %s" % (struct.unpack(">H", self.data[:2])[0], self.data[2:].decode())).strip()
        name = NAMES.get(self.op, "opcode %d" % self.op)
        shown = repr(self.data) if len(self.data) <= 60 else "%d bytes" % len(self.data)
        return name + ("" if self.fin else " (more follows)") + (" (compressed)" if self.rsv1 else "") + " " + shown


class End:
    """One side of a connection after (or during) its handshake."""

    def __init__(self, sock, client, rest=b""):
        self.sock, self.client, self.rest = sock, client, rest
        self.head, self.headers = "", []

    def raw(self, data):
        self.sock.sendall(data)

    def frame(self, op, data=b"", fin=True, rsv1=False):
        if isinstance(data, str):
            data = data.encode()
        head = bytes([(0x80 if fin else 0) | (0x40 if rsv1 else 0) | op])
        mask = 0x80 if self.client else 0
        n = len(data)
        if n < 126:
            head += bytes([mask | n])
        elif n < 65536:
            head += bytes([mask | 126]) + struct.pack(">H", n)
        else:
            head += bytes([mask | 127]) + struct.pack(">Q", n)
        if self.client:
            key = os.urandom(4)
            long = key * (n // 4 + 1)
            data = bytes(a ^ b for a, b in zip(data, long))
            head += key
        return head + data

    def send(self, op, data=b"", fin=True, rsv1=False):
        self.raw(self.frame(op, data, fin, rsv1))

    def close(self, code=None, reason=""):
        self.send(CLOSE, b"" if code is None else close_body(code, reason))

    def _need(self, n, timeout):
        self.sock.settimeout(timeout)
        while len(self.rest) < n:
            piece = self.sock.recv(65536)
            if not piece:
                raise EOFError
            self.rest += piece
        out, self.rest = self.rest[:n], self.rest[n:]
        return out

    def recv(self, timeout=5):
        """The next frame, or the text 'FIN', 'RST' or 'nothing' (within the timeout)."""
        try:
            a, b = self._need(2, timeout)
            n = b & 127
            if n == 126:
                n = struct.unpack(">H", self._need(2, timeout))[0]
            elif n == 127:
                n = struct.unpack(">Q", self._need(8, timeout))[0]
            key = self._need(4, timeout) if b & 0x80 else None
            data = self._need(n, timeout)
            if key:
                data = bytes(x ^ key[i % 4] for i, x in enumerate(data))
            return Frame(bool(a & 0x80), bool(a & 0x40), a & 15, data)
        except EOFError:
            return "FIN"
        except (ConnectionResetError, BrokenPipeError):
            return "RST"
        except socket.timeout:
            return "nothing"

    def recv_until_end(self, timeout=5):
        seen = []
        while True:
            f = self.recv(timeout)
            seen.append(f)
            if isinstance(f, str):
                return seen

    def read_head(self, timeout=10):
        self.sock.settimeout(timeout)
        while b"\r\n\r\n" not in self.rest:
            piece = self.sock.recv(65536)
            if not piece:
                raise EOFError("ended inside the head: %r" % self.rest)
            self.rest += piece
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        self.head = lines[0]
        self.headers = [tuple(x.strip() for x in line.split(":", 1)) for line in lines[1:]]

    def header(self, name):
        """All values of a header line, joined, or None."""
        found = [v for k, v in self.headers if k.lower() == name.lower()]
        return ", ".join(found) if found else None

    @property
    def status(self):
        return int(self.head.split(" ")[1])

    def end(self):
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        self.sock.close()


def connect(port, path="/", headers=(), host="127.0.0.1", timeout=10):
    """Connect as a client and do the handshake; look at .status afterwards."""
    sock = socket.create_connection((host, port), timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    end = End(sock, True)
    lines = ["GET %s HTTP/1.1" % path, "Host: %s:%d" % (host, port), "Upgrade: websocket", "Connection: Upgrade",
             "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode(), "Sec-WebSocket-Version: 13"]
    lines += ["%s: %s" % h for h in headers]
    end.raw(("\r\n".join(lines) + "\r\n\r\n").encode())
    end.read_head(timeout)
    return end


def answer(end, headers=(), first=b""):
    """Send the 101 to a client whose head was read; `first` goes out in the same segment."""
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
             "Sec-WebSocket-Accept: " + accept_key(end.header("Sec-WebSocket-Key"))]
    lines += ["%s: %s" % h for h in headers]
    end.raw(("\r\n".join(lines) + "\r\n\r\n").encode() + first)


def serve(handler, host="127.0.0.1"):
    """Listen on a free port; `handler(end)` is called with the head read. Returns the port."""
    listener = socket.create_server((host, 0)) if ":" not in host else socket.create_server((host, 0), family=socket.AF_INET6)

    def one(sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end = End(sock, False)
        try:
            end.read_head()
            handler(end)
        except (EOFError, OSError):
            pass
        finally:
            end.end()

    def loop():
        while True:
            threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=loop, daemon=True).start()
    return listener.getsockname()[1]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_port(port, seconds=30):
    import time
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit("nothing listens on port %d" % port)


def node_client(module, url, protocols=""):
    """What a JavaScript WebSocket class reports (see client.cjs), as one line."""
    import subprocess
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "client.cjs")
    return subprocess.run(["node", script, module, url, protocols], stdout=subprocess.PIPE, text=True, timeout=30).stdout.strip()
