//! What `Debug` must not show: it ends in logs.

use std::time::Duration;
use websocket_channel::connect;
use websocket_channel::proto::{
    Address, ClientRequest, Connection, ConnectionEvent, ProtocolLimits,
};
use websocket_channel::transport::Handshake;

#[test]
fn a_builder_shows_neither_query_nor_header_values() {
    let mut handshake = Handshake::default();
    handshake.headers = vec![("Authorization".into(), "Bearer hidden-1".into())];
    let builder = connect("wss://user:hidden-2@h/?token=hidden-3").handshake(handshake);
    let shown = format!("{builder:?}");
    assert!(!shown.contains("hidden"), "{shown}");
    assert!(shown.contains("Authorization"), "{shown}");
}

/// On either side of the wire: what asks, what is asked, and what carries it.
#[test]
fn the_core_shows_neither_query_nor_header_values_nor_payload() {
    let random = |bytes: &mut [u8]| bytes.fill(7);
    let mut offer = ClientRequest::new(Address::parse("ws://h/chat?token=hidden-1").unwrap());
    offer.headers = vec![("Cookie".into(), "session=hidden-2".into())];
    let shown = format!("{offer:?}");
    assert!(shown.contains("Cookie"), "{shown}");
    let client = Connection::client(
        Duration::ZERO,
        offer.clone(),
        ProtocolLimits::default(),
        random,
    )
    .unwrap();
    let mut server = Connection::server(Duration::ZERO, ProtocolLimits::default(), random);
    server.handle_bytes(Duration::ZERO, client.outgoing());
    let Some(ConnectionEvent::Request(request)) = server.poll_event() else {
        panic!("there is a request")
    };
    let asked = format!("{request:?}");
    assert!(
        asked.contains("Cookie") && asked.contains("/chat"),
        "{asked}"
    );
    for shown in [shown, asked, format!("{client:?}"), format!("{server:?}")] {
        assert!(!shown.contains("hidden"), "{shown}");
    }
    // Bytes would be told as numbers.
    let queued = format!("{:?}", &b"hidden"[..]).replace(['[', ']'], "");
    assert!(!format!("{client:?}").contains(&queued));
}
