//! The server's control channel, beside the connection that it steers.

use crate::server::Server;
use websocket_channel::{Channel, Text};

/// The control channel over a WebSocket of the platform's own.
pub(crate) async fn steering(server: &Server) -> Channel<String, String> {
    let url = server.control().replacen("http", "ws", 1);
    websocket_channel::connect(url).codec(Text).await.unwrap()
}

pub(crate) async fn command(steering: &mut Channel<String, String>, command: &str) -> String {
    steering.send(command.into()).await.unwrap();
    steering.next().await.unwrap().unwrap()
}
