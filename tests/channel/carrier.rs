//! Which of a browser's two sockets it becomes.

use crate::server::server;
use js_sys::Reflect;
use websocket_channel::transport::Carrier;
use websocket_channel::{ConnectErrorKind, Options, Socket};

#[crate::test]
async fn who_asks_for_backpressure_gets_it_where_there_is_one_and_forcing_it_elsewhere_is_told() {
    let server = server().await;
    let there = Reflect::has(&js_sys::global(), &"WebSocketStream".into()).unwrap();
    for (carrier, expected) in [
        (Carrier::WebSocket, Ok(false)),
        (Carrier::PushingBack, Ok(there)),
        (
            Carrier::WebSocketStream,
            there.then_some(true).ok_or(ConnectErrorKind::Unsupported),
        ),
    ] {
        let options = Options {
            carrier,
            ..Options::default()
        };
        let socket = Socket::connect(server.url("/echo"), options).await;
        let pushes_back = socket
            .map(|socket| socket.pushes_back())
            .map_err(|error| error.kind);
        assert_eq!(pushes_back, expected, "{carrier:?}");
    }
}
