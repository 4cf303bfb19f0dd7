//! Which of a browser's two sockets it becomes.

use crate::server::server;
use js_sys::Reflect;
use websocket_channel::transport::TransportKind;
use websocket_channel::{Bytes, Channel, ConnectErrorKind, ConnectionOptions, Socket};

#[crate::test]
async fn auto_chooses_backpressure_where_available_and_requiring_it_elsewhere_is_an_error() {
    let server = server().await;
    let there = Reflect::has(&js_sys::global(), &"WebSocketStream".into()).unwrap();
    for (transport, expected) in [
        (TransportKind::WebSocket, Ok(false)),
        (TransportKind::Auto, Ok(there)),
        (
            TransportKind::WebSocketStream,
            there.then_some(true).ok_or(ConnectErrorKind::Unsupported),
        ),
    ] {
        let options = ConnectionOptions::default().transport(transport);
        let socket = Socket::connect(server.url("/echo"), options).await;
        let has_receive_backpressure = socket
            .map(|socket| {
                let told = socket.has_receive_backpressure();
                let channel: Channel<Vec<u8>, Vec<u8>> = Channel::from_socket(socket, Bytes);
                assert_eq!(channel.control().has_receive_backpressure(), told);
                told
            })
            .map_err(|error| error.kind);
        assert_eq!(has_receive_backpressure, expected, "{transport:?}");
    }
}
