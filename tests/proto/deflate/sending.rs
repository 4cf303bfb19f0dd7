//! RFC 7692 §7.2.1: what is sent, inflated by another implementation.

use super::*;
use crate::support::{as_client, hex, limits, masked};
use websocket_channel::Message;

fn sent(connection: &mut Connection, message: &str) -> Vec<u8> {
    connection.send(Message::from(message)).unwrap();
    take(connection)
}

#[test]
fn section_7_2_1_sending() {
    let mut server = open(Role::Server);
    assert_eq!(sent(&mut server, "Hello"), hex("c1 07 f248cdc9c90700"));
    assert_eq!(sent(&mut server, "Hello"), hex("c1 05 f200110000"));
    assert_eq!(sent(&mut server, ""), hex("c1 01 00"));
    server.ping(b"p").unwrap();
    assert_eq!(take(&mut server), hex("89 01 70"));

    let mut client = open(Role::Client);
    assert_eq!(
        sent(&mut client, "Hello"),
        masked(&hex("c1 07 f248cdc9c90700"))
    );

    // Without context; and where compression gains nothing the message goes as it is.
    let forgetful = knobs(|deflate| deflate.send_takeover = false);
    let mut server = open_with(
        Role::Server,
        EXTENSION,
        ProtocolLimits::default(),
        &forgetful,
    );
    let letters = "a".repeat(64);
    assert_eq!(sent(&mut server, &letters), hex("c1 06 4a4ca40c0000"));
    assert_eq!(sent(&mut server, &letters), hex("c1 06 4a4ca40c0000"));
    assert_eq!(sent(&mut server, "Hello"), hex("81 05 48656c6c6f"));

    // Short ones go as they are.
    let mut server = open_with(
        Role::Server,
        EXTENSION,
        ProtocolLimits::default(),
        &Deflate::default(),
    );
    assert_eq!(sent(&mut server, "Hello"), hex("81 05 48656c6c6f"));

    // Told to use a window of 8 bits, a client does not compress at all, and still reads.
    let mut client = open_with(
        Role::Client,
        "permessage-deflate; client_max_window_bits=8",
        ProtocolLimits::default(),
        &knobs(|_| {}),
    );
    assert_eq!(sent(&mut client, &letters)[0], 0x81);
    client.handle_bytes(START, &hex("c1 07 f248cdc9c90700"));
    assert_eq!(
        events(&mut client),
        [ConnectionEvent::Message("Hello".into())]
    );
}

/// Text that repeats itself at a distance of about `distance` bytes.
fn repeating(distance: usize, len: usize) -> String {
    let mut seed = 1u32;
    let mut letters: Vec<u8> = Vec::with_capacity(len);
    while letters.len() < len {
        seed = seed.wrapping_mul(1664525).wrapping_add(1013904223);
        match letters.len().checked_sub(distance) {
            Some(before) => letters.push(letters[before]),
            None => letters.push(b'0' + (seed >> 24) as u8 % 64),
        }
    }
    String::from_utf8(letters).unwrap()
}

/// The second opinion: another implementation inflates with a window of just this size.
fn inflate_with_window(packed: &[u8], bits: u8) -> Result<Vec<u8>, String> {
    use miniz_oxide::inflate::TINFLStatus;
    use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags::*};
    let mut window = vec![0; 1 << bits];
    let mut inflater = DecompressorOxide::new();
    let (mut input, mut at, mut out) = ([packed, &[0, 0, 0xff, 0xff]].concat(), 0, Vec::new());
    loop {
        let (status, taken, made) = decompress(
            &mut inflater,
            &input,
            &mut window,
            at,
            TINFL_FLAG_HAS_MORE_INPUT,
        );
        input.drain(..taken);
        out.extend(&window[at..at + made]);
        at = (at + made) % window.len();
        match status {
            TINFLStatus::HasMoreOutput => {}
            TINFLStatus::NeedsMoreInput if input.is_empty() => return Ok(out),
            other => return Err(format!("{other:?}")),
        }
    }
}

#[test]
fn section_7_1_2_sent_data_stays_within_the_window() {
    let deflate = knobs(|_| {});
    for bits in 9..=15u8 {
        let extension = format!("permessage-deflate; server_max_window_bits={bits}");
        // Repeats at a distance just within the next larger window: worth referring to, and forbidden.
        let text = repeating((1 << bits) + 300, 60_000);
        // In one frame, so that what is behind its header is all of it.
        let whole = limits(|limits| limits.max_send_frame = 0);
        let mut server = open_with(Role::Server, &extension, whole, &deflate);
        let bytes = sent(&mut server, &text);
        assert_eq!(bytes[..2], [0xc1, 126], "{bits}");
        assert!(
            inflate_with_window(&bytes[4..], bits).as_deref() == Ok(text.as_bytes()),
            "{bits}"
        );
    }
    // The check can fail: what was compressed for 15 bits does not fit into 9.
    let text = repeating(2000, 60_000);
    let bytes = sent(&mut open(Role::Server), &text);
    assert!(inflate_with_window(&bytes[4..], 9).as_deref() != Ok(text.as_bytes()));
    assert!(inflate_with_window(&bytes[4..], 15).as_deref() == Ok(text.as_bytes()));
}

/// §6.1: a message is compressed, and then cut; RSV1 is in its first frame alone.
#[test]
fn section_6_1_a_message_is_compressed_before_it_is_fragmented() {
    let text = repeating(5000, 20_000);
    for role in [Role::Client, Role::Server] {
        for most in [100, 1000] {
            let make = |role, most| {
                let limits = limits(|limits| limits.max_send_frame = most);
                open_with(role, EXTENSION, limits, &knobs(|_| {}))
            };
            let mut sender = make(role, most);
            let cut = sent(&mut sender, &text);
            // The same in one frame.
            let whole = sent(&mut make(Role::Server, 0), &text);
            assert_eq!(whole[..2], [0xc1, 126]);
            let mut expected = Vec::new();
            let pieces: Vec<&[u8]> = whole[4..].chunks(most).collect();
            assert!(pieces.len() > 3);
            for (at, piece) in pieces.iter().enumerate() {
                let first = if at == 0 { 0x41 } else { 0 };
                let fin = if at + 1 == pieces.len() { 0x80 } else { 0 };
                expected.push(first | fin);
                match piece.len() {
                    short @ 0..126 => expected.push(short as u8),
                    long => {
                        expected.push(126);
                        expected.extend((long as u16).to_be_bytes());
                    }
                }
                expected.extend(*piece);
            }
            if role == Role::Client {
                expected = as_client(&expected);
            }
            assert!(cut == expected, "{role:?} {most}");
            let other = match role {
                Role::Client => Role::Server,
                Role::Server => Role::Client,
            };
            let mut receiver = make(other, 0);
            receiver.handle_bytes(START, &cut);
            assert!(
                events(&mut receiver) == [ConnectionEvent::Message(Message::from(text.as_str()))]
            );
            // The window went on as if the message had been in one frame.
            receiver.handle_bytes(START, &sent(&mut sender, &text));
            assert!(
                events(&mut receiver) == [ConnectionEvent::Message(Message::from(text.as_str()))]
            );
        }
    }
}

#[test]
fn both_sides_understand_each_other_with_any_agreement() {
    for bits in [9, 12, 15] {
        for takeover in [true, false] {
            let deflate = knobs(|deflate| {
                deflate.send_window_bits = bits;
                deflate.receive_window_bits = bits;
                deflate.send_takeover = takeover;
                deflate.receive_takeover = takeover;
            });
            let mut client = asking(Some(&deflate), ProtocolLimits::default());
            let mut server = Connection::server(START, ProtocolLimits::default(), fixed);
            server.compress(Some(Deflate::default()));
            server.handle_bytes(START, &take(&mut client));
            events(&mut server);
            server.accept(START, None, &[]).unwrap();
            client.handle_bytes(START, &take(&mut server));
            for len in [0, 1, 100, 5_000, 200_000] {
                let text = repeating(700, len);
                both(&mut client, &mut server, &text);
                both(&mut server, &mut client, &text);
            }
        }
    }
}

fn both(from: &mut Connection, to: &mut Connection, text: &str) {
    for message in [Message::from(text), Message::from(text.as_bytes())] {
        from.send(message.clone()).unwrap();
        let bytes = take(from);
        bytes
            .chunks(1000)
            .for_each(|piece| to.handle_bytes(START, piece));
        let last = events(to).pop();
        assert!(
            last == Some(ConnectionEvent::Message(message)),
            "{} bytes",
            text.len()
        );
    }
}
