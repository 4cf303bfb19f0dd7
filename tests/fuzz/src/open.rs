//! Connections that are open, by their own handshake.

use crate::drive::START;
use crate::wire::fixed;
use std::sync::LazyLock;
use websocket_channel::proto::{
    Address, ClientRequest, Connection, ConnectionEvent, Deflate, Format, ProtocolLimits, Role,
};

/// Where all of them lead.
pub static ADDRESS: LazyLock<Address> =
    LazyLock::new(|| Address::parse("ws://example.com/demo").expect("a URL"));

/// An offer of this format.
pub fn offer(format: Format) -> ClientRequest {
    let mut offer = ClientRequest::new(ADDRESS.clone());
    offer.format = format;
    offer.origin = Some("http://example.com".into());
    offer
}

/// Two ends of one connection, open, with nothing told and nothing to write.
pub fn pair(
    offer: ClientRequest,
    limits: &ProtocolLimits,
    deflate: Option<Deflate>,
) -> (Connection, Connection) {
    let mut client = Connection::client(START, offer, limits.clone(), fixed).expect("an offer");
    let mut server = Connection::server(START, limits.clone(), fixed);
    server.compress(deflate);
    carry(&mut client, &mut server);
    let Some(ConnectionEvent::Request(_)) = server.poll_event() else {
        panic!("a server takes every request of our client");
    };
    server.accept(START, None, &[]).expect("it can be accepted");
    carry(&mut server, &mut client);
    for side in [&mut client, &mut server] {
        assert!(matches!(
            side.poll_event(),
            Some(ConnectionEvent::Opened(_))
        ));
        assert!(side.is_open());
    }
    (client, server)
}

/// One end of such a connection.
pub fn open(role: Role, format: Format, limits: &ProtocolLimits) -> Connection {
    let (client, server) = pair(offer(format), limits, None);
    match role {
        Role::Client => client,
        Role::Server => server,
    }
}

/// Everything that one side has to write, read by the other.
pub fn carry(from: &mut Connection, to: &mut Connection) {
    while from.unsent() > 0 {
        let bytes = from.outgoing().to_vec();
        from.handle_transmitted(|| START, bytes.len());
        to.handle_bytes(START, &bytes);
    }
}
