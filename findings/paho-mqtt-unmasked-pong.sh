#!/usr/bin/env bash
# paho-mqtt over WebSockets with a server that sends pings, as most WebSocket libraries do by default (here: websockets).
# Expected: the client answers with a masked pong (RFC 6455 section 5.3) and the connection lives. Seen: the pong is not masked, so the
# server fails the connection with 1002 at its first ping. Without pings the client lives, since its own frames are masked.
. "$(dirname "$0")/lib.sh"
pip_install paho-mqtt==2.2.0 websockets==17.4
cat >run.py <<'PY'
import threading, time
import paho.mqtt.client as mqtt
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve
def broker(w):  # as much of MQTT 3.1.1 as it takes: CONNACK, PINGRESP
    try:
        for packet in w:
            w.send({1: b"\x20\x02\x00\x00", 12: b"\xd0\x00"}.get(packet[0] >> 4, b""))
    except ConnectionClosed as e:
        ends.append(e)
for interval in (None, 1):
    ends = []
    with serve(broker, "127.0.0.1", 0, subprotocols=["mqtt"], ping_interval=interval, ping_timeout=None) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "me", transport="websockets", reconnect_on_failure=False)
        client.connect("127.0.0.1", server.socket.getsockname()[1], keepalive=60)
        client.loop_start()
        time.sleep(3)
        print("%s: %s" % ("no pings" if interval is None else "pings", "connected" if client.is_connected()
              else "the server sent %s" % ", ".join("%d %s" % (e.sent.code, e.sent.reason) for e in ends)))
        client.disconnect()
        client.loop_stop()
        server.shutdown()
PY
timeout 60 "$PY" run.py >seen 2>err || { cat err; exit 2; }
check seen "no pings: connected" "pings: the server sent 1002 incorrect masking"
