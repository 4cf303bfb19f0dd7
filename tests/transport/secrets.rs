//! What `Debug` must not show: it ends in logs.

use websocket_channel::connect;
use websocket_channel::transport::pipe::Handshake;

#[test]
fn a_builder_shows_neither_query_nor_header_values() {
    let mut handshake = Handshake::default();
    handshake.headers = vec![("Authorization".into(), "Bearer hidden-1".into())];
    let builder = connect("wss://user:hidden-2@h/?token=hidden-3").handshake(handshake);
    let shown = format!("{builder:?}");
    assert!(!shown.contains("hidden"), "{shown}");
    assert!(shown.contains("Authorization"), "{shown}");
}
