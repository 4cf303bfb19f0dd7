# README begin
control=$WEBSOCKET_CHANNEL_TEST_CONTROL
handshake() {
  curl -sS -o /dev/null -w '%{http_code}\n' -m 1 -H 'Connection: Upgrade' -H 'Upgrade: websocket' \
    -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' "$WEBSOCKET_CHANNEL_TEST_HTTP/echo?tag=shop"
}
curl -sS "$control/fail?tag=shop&count=1&how=503" # {"fail":1}
handshake                                         # 503
handshake 2>/dev/null                             # 101: open, until curl gives up
curl -sS "$control/list?tag=shop"                 # both connections, with the bytes both ways
# README end
