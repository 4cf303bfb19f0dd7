//! Messages through two of our own ends: whatever they agreed on about compression, and in frames of whatever size, what is sent arrives, in order.
#![no_main]

use libfuzzer_sys::fuzz_target;
use websocket_channel::Message;
use websocket_channel::proto::{Connection, ConnectionEvent, Deflate, Format, ProtocolLimits};
use websocket_channel_fuzz::Input;
use websocket_channel_fuzz::drive::START;
use websocket_channel_fuzz::open::{offer, pair};

fuzz_target!(|data: &[u8]| {
    let Some(input) = Input::read(data) else {
        return;
    };
    let Some((settings, payload)) = input.bytes.split_at_checked(6) else {
        return;
    };
    let format = match (input.flag(0), input.flag(1)) {
        (false, _) => Format::Rfc6455,
        (true, false) => Format::Hixie75,
        (true, true) => Format::Hixie76,
    };
    let mut offer = offer(format);
    offer.deflate = input.flag(2).then(|| deflate(&settings[..3]));
    let answer = input.flag(3).then(|| deflate(&settings[3..]));
    let mut limits = ProtocolLimits::default();
    if input.flag(4) {
        limits.max_send_frame = usize::from(settings[0]);
    }
    let (mut client, mut server) = pair(offer, &limits, answer);
    let pieces = input.with(payload).pieces();
    for (index, piece) in pieces.iter().enumerate() {
        let message = match std::str::from_utf8(piece) {
            Ok(text) => Message::Text(text.into()),
            Err(_) => Message::Binary(piece.repeat(1 + index % 3 * 40)),
        };
        let (from, to) = match index % 3 {
            0 => (&mut server, &mut client),
            _ => (&mut client, &mut server),
        };
        exchange(from, to, &message, format, 1 + usize::from(piece[0]));
    }
    close(&mut client, &mut server);
});

/// Settings that a caller might give, and some that are beyond what is possible.
fn deflate(bytes: &[u8]) -> Deflate {
    let mut deflate = Deflate::default();
    deflate.level = bytes[0] % 11;
    deflate.threshold = usize::from(bytes[0] / 11);
    deflate.send_window_bits = bytes[1] & 15;
    deflate.receive_window_bits = bytes[1] >> 4;
    deflate.send_takeover = bytes[2] & 1 == 0;
    deflate.receive_takeover = bytes[2] & 2 == 0;
    deflate
}

fn exchange(
    from: &mut Connection,
    to: &mut Connection,
    message: &Message,
    format: Format,
    cut: usize,
) {
    match from.send(message.clone()) {
        Ok(()) => {}
        Err(back) => {
            // The formats of 2009 carry no bytes, and say so.
            assert!(format != Format::Rfc6455 && back == *message);
            assert!(matches!(back, Message::Binary(_)));
            return;
        }
    }
    assert!(from.unsent_payload() <= from.unsent());
    while !from.outgoing().is_empty() {
        let piece = from.outgoing();
        let piece = piece[..piece.len().min(cut)].to_vec();
        from.handle_transmitted(|| START, piece.len());
        to.handle_bytes(START, &piece);
    }
    assert_eq!(to.violation(), None);
    assert_eq!(
        to.poll_event().as_ref(),
        Some(&ConnectionEvent::Message(message.clone()))
    );
    assert_eq!(to.poll_event(), None);
    assert!(to.outgoing().is_empty());
}

/// It is still in order: it can be closed.
fn close(client: &mut Connection, server: &mut Connection) {
    client.close(START, None).expect("it is open");
    let bytes = client.outgoing().to_vec();
    client.handle_transmitted(|| START, bytes.len());
    server.handle_bytes(START, &bytes);
    let bytes = server.outgoing().to_vec();
    server.handle_transmitted(|| START, bytes.len());
    client.handle_bytes(START, &bytes);
    for side in [client, server] {
        side.handle_eof(START);
        assert!(matches!(
            side.poll_event(),
            Some(ConnectionEvent::Closed(_))
        ));
        assert!(side.is_finished());
    }
}
