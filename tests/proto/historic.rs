//! Bugs that browsers of 2009 and 2010 had in hixie-75 and -76: each would fail one of these.

use crate::support::{START, events, hex, take};
use websocket_channel::error::Violation;
use websocket_channel::proto::{
    Address, ClientRequest, Connection, ConnectionEvent, Format, ProtocolLimits,
};
use websocket_channel::{CloseInfo, ClosedBy};

const RIGHT: &str = "HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
                     WebSocket-Origin: http://example.com\r\nWebSocket-Location: ws://example.com/\r\n\r\n";

fn asking(format: Format) -> Connection {
    let mut offer = ClientRequest::new(Address::parse("ws://example.com/").unwrap());
    offer.format = format;
    offer.origin = Some("http://Example.COM".into());
    Connection::client(START, offer, ProtocolLimits::default(), |bytes| {
        bytes.fill(0)
    })
    .unwrap()
}

fn open() -> Connection {
    let mut client = asking(Format::Hixie75);
    take(&mut client);
    client.handle_bytes(START, RIGHT.as_bytes());
    assert_eq!(events(&mut client).len(), 1);
    client
}

fn messages(client: &mut Connection, bytes: &[u8]) -> Vec<ConnectionEvent> {
    client.handle_bytes(START, bytes);
    events(client)
}

/// `length * 128 + *p & 0x7f`: the mask took the higher bytes, too.
#[test]
fn the_higher_bytes_of_a_length_count() {
    let frames = [hex("80 82 2c"), vec![0; 300], hex("00 61 ff")].concat();
    assert_eq!(
        messages(&mut open(), &frames),
        [ConnectionEvent::Message("a".into())]
    );
}

/// The loop ended before the last byte of a length was added.
#[test]
fn the_last_byte_of_a_length_counts() {
    let frames = [hex("80 81 05"), vec![0; 133], hex("00 61 ff")].concat();
    assert_eq!(
        messages(&mut open(), &frames),
        [ConnectionEvent::Message("a".into())]
    );
    let frames = hex("80 03 00 61 ff 00 62 ff");
    assert_eq!(
        messages(&mut open(), &frames),
        [ConnectionEvent::Message("b".into())]
    );
}

/// `p + length < end` took a frame that ended with the buffer for one that had not ended.
#[test]
fn a_frame_that_ends_with_the_buffer_has_ended() {
    let mut client = open();
    assert!(messages(&mut client, &hex("80 02 ff ff")).is_empty());
    assert_eq!(
        messages(&mut client, &hex("00 61 ff")),
        [ConnectionEvent::Message("a".into())]
    );

    // hixie-76, where it shows at once: the answer to a closing frame must not wait for more bytes.
    let mut client = asking(Format::Hixie76);
    take(&mut client);
    let head = RIGHT
        .replace("Web Socket", "WebSocket")
        .replace("WebSocket-", "Sec-WebSocket-");
    client.handle_bytes(START, head.as_bytes());
    client.handle_bytes(START, &hex("4ae71336e44bf9bf79d2752e234818a5 ff 00"));
    assert_eq!(take(&mut client), hex("ff 00"));
    assert!(client.wants_shutdown());
}

/// What lay behind a frame in the buffer was read only when more bytes came.
#[test]
fn every_frame_of_a_buffer_is_read() {
    let frames = hex("00 61 ff 80 01 00 00 62 ff 05 ff 00 63 ff 00 64");
    let expected = ["a", "b", "c"].map(|text| ConnectionEvent::Message(text.into()));
    assert_eq!(messages(&mut open(), &frames), expected);
}

/// WebKit skipped every blank behind the colon. The drafts skip one.
#[test]
fn one_space_after_the_colon_and_no_more() {
    let mut client = asking(Format::Hixie75);
    let response = RIGHT.replace("Origin: http", "Origin:  http");
    client.handle_bytes(START, response.as_bytes());
    let expected = [ConnectionEvent::Failed(Violation::Origin.into())];
    assert_eq!(events(&mut client), expected);

    let mut client = asking(Format::Hixie75);
    client.handle_bytes(
        START,
        RIGHT.replace("Origin: http", "Origin:http").as_bytes(),
    );
    assert!(client.is_open());
}

/// The page closed in `onmessage`, and the loop over the buffer went on in what was gone.
#[test]
fn closing_between_two_messages_of_one_buffer_is_safe() {
    let mut client = open();
    client.handle_bytes(START, &hex("00 61 ff 00 62 ff 00 63"));
    assert_eq!(
        client.poll_event(),
        Some(ConnectionEvent::Message("a".into()))
    );
    client.close(START, None).unwrap();
    client.handle_bytes(START, &hex("ff 00 64 ff"));
    // What had been read before the close is told; what came after it is not.
    assert_eq!(events(&mut client), [ConnectionEvent::Message("b".into())]);
    client.handle_eof(START);
    assert_eq!(
        events(&mut client),
        [ConnectionEvent::Closed(CloseInfo::lost(ClosedBy::Local))]
    );
}

/// An origin was sent as the page wrote it, and then compared with what the server had put in lower case.
#[test]
fn the_origin_is_sent_and_compared_in_lower_case() {
    for format in [Format::Hixie75, Format::Hixie76] {
        let mut client = asking(format);
        let request = String::from_utf8_lossy(&take(&mut client)).into_owned();
        assert!(
            request.contains("\r\nOrigin: http://example.com\r\n"),
            "{request}"
        );
    }
    assert!(open().is_open());
    let mut client = asking(Format::Hixie75);
    client.handle_bytes(START, RIGHT.replace("http://e", "http://E").as_bytes());
    let expected = [ConnectionEvent::Failed(Violation::Origin.into())];
    assert_eq!(events(&mut client), expected);
}
