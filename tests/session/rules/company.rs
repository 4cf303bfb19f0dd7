//! How long a message waits for others to share its batch.

use super::*;

const DELAY: Duration = millis(50);

/// Both sides wait for company, and everything has been said.
fn pair() -> Pair {
    let mut settings = Settings::default();
    settings.max_delay = DELAY;
    let mut pair = Pair::with(settings.clone(), settings, RegistryBounds::default());
    pair.connect();
    pair.pump();
    pair
}

/// What a side says in a batch, `ACK` aside.
fn said(batch: Option<Vec<u8>>) -> Vec<String> {
    let Some(batch) = batch else {
        return Vec::new();
    };
    let frames = frames(&batch).into_iter();
    frames
        .filter_map(|frame| match frame {
            Frame::Last(Head::Bye { .. }, _) => Some("bye".into()),
            Frame::Last(_, text) => Some(String::from_utf8(text.to_vec()).unwrap()),
            Frame::Flush => Some("flush".into()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_message_waits_for_others_until_the_delay_of_the_first_has_passed() {
    let mut pair = pair();
    let began = pair.now;
    pair.client.send(DATA, b"a").unwrap();
    pair.server().send(DATA, b"1").unwrap();
    assert_eq!((pair.client_says(), pair.server_says()), (None, None));
    assert_eq!(pair.client.poll_timeout(), Some(began + DELAY));
    assert_eq!(pair.server().poll_timeout(), Some(began + DELAY));
    pair.later(millis(30));
    pair.client.send(DATA, b"b").unwrap();
    pair.server().send(DATA, b"2").unwrap();
    assert_eq!((pair.client_says(), pair.server_says()), (None, None));
    pair.later(millis(19));
    assert_eq!((pair.client_says(), pair.server_says()), (None, None));
    pair.later(millis(1));
    // The owner cannot write: no timer rings meanwhile.
    let heartbeat = millis(20_000);
    assert!(pair.client.poll_timeout().unwrap() >= began + heartbeat);
    assert!(pair.server().poll_timeout().unwrap() >= began + heartbeat);
    assert_eq!(said(pair.client_says()), ["a", "b"]);
    assert_eq!(said(pair.server_says()), ["1", "2"]);
    // The next one waits anew.
    let now = pair.now;
    pair.client.send(DATA, b"c").unwrap();
    assert_eq!(pair.client_says(), None);
    assert_eq!(pair.client.poll_timeout(), Some(now + DELAY));
    // Also if nobody has called when its time has come.
    pair.now += DELAY;
    assert_eq!(said(pair.client_says()), ["c"]);
}

#[test]
fn a_flush_the_end_and_a_full_batch_do_not_wait() {
    let mut pair = pair();
    pair.client.send(DATA, b"a").unwrap();
    assert_eq!(pair.client_says(), None);
    pair.client.flush();
    assert_eq!(said(pair.client_says()), ["a", "flush"]);
    // One flush is not for what comes behind it.
    pair.client.send(DATA, b"b").unwrap();
    assert_eq!(pair.client_says(), None);
    for _ in 0..33 {
        pair.client.send(DATA, &[b'x'; 1000]).unwrap();
    }
    let full = pair.client_says().unwrap();
    assert!(full.len() > 31_000, "{}", full.len());
    // The rest waits.
    assert_eq!(pair.client_says(), None);
    let now = pair.now;
    pair.client.close(now, 1000, "").unwrap();
    let rest = said(pair.client_says());
    assert_eq!(rest.last().map(String::as_str), Some("bye"));
}

/// Nobody else can come: the credit is used up, or the sender waits at its mark.
#[test]
fn a_message_does_not_wait_if_no_other_can_join_it() {
    let mut settings = Settings::default();
    settings.max_delay = DELAY;
    settings.high_water_mark = 100;
    let mut pair = Pair::with(settings, Settings::default(), RegistryBounds::default());
    pair.connect();
    pair.pump();
    pair.client.send(DATA, &[b'x'; 60]).unwrap();
    assert_eq!(pair.client_says(), None);
    pair.client.send(DATA, &[b'x'; 60]).unwrap();
    assert_eq!(said(pair.client_says()).len(), 2);

    let mut narrow = Settings::default();
    narrow.window = 100;
    let mut settings = Settings::default();
    settings.max_delay = DELAY;
    let mut pair = Pair::with(settings, narrow, RegistryBounds::default());
    pair.connect();
    pair.pump();
    pair.client.send(DATA, &[b'x'; 60]).unwrap();
    assert_eq!(pair.client_says(), None);
    pair.client.send(DATA, &[b'x'; 60]).unwrap();
    assert_eq!(said(pair.client_says()).len(), 2);
}

/// Answers of the session's own do not wait, and nothing that waits is lost with its connection.
#[test]
fn a_message_that_waits_goes_with_the_next_connection() {
    let mut pair = pair();
    pair.client.send(DATA, b"a").unwrap();
    assert_eq!(pair.client_says(), None);
    pair.tell_client(&batch(&[Frame::Ping(7)]));
    assert_eq!(pair.client_says(), Some(batch(&[Frame::Pong(7)])));
    pair.later(millis(40));
    pair.cut(Blame::Innocent);
    assert_eq!(pair.client.poll_timeout(), None);
    pair.connect();
    let welcome = pair.server_says().unwrap();
    pair.tell_client(&welcome);
    assert_eq!(pair.client_says(), Some(batch(&[Frame::Ack(0)])));
    pair.later(DELAY);
    assert_eq!(said(pair.client_says()), ["a"]);
}
