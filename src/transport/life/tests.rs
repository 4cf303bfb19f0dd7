use super::*;
use crate::transport::Overflow;

/// In the order of the table's columns; the last is by whom it was closed.
fn each() -> [Life; 5] {
    let new = |phase| {
        Life::new(
            phase,
            Inbox::new(Message::from("x").cost(), Overflow::Close),
        )
    };
    let mut ours = new(Phase::Open);
    ours.close();
    [
        new(Phase::Connecting),
        new(Phase::Open),
        new(Phase::Closing),
        ours,
        new(Phase::Closed(CloseInfo::lost(ClosedBy::Remote))),
    ]
}

fn column(phase: &Phase) -> &'static str {
    match phase {
        Phase::Connecting => "connecting",
        Phase::Open => "open",
        Phase::Closing => "closing",
        Phase::Closed(closed) if closed.by == ClosedBy::Remote => "closed before",
        Phase::Closed(_) => "closed",
    }
}

/// What a step says in each column, and where it leads.
fn row<T: core::fmt::Debug>(step: impl Fn(&mut Life) -> T) -> [String; 5] {
    each().map(|mut life| {
        let told = step(&mut life);
        let told = format!("{told:?}, {}", column(life.phase()));
        told
    })
}

#[test]
fn every_field_of_the_table() {
    let closed = || CloseInfo::new(4000, "", true, ClosedBy::Local);
    let rows = [
        row(Life::opened),
        row(|life| life.arrived(Some("x".into()))),
        row(|life| {
            let _ = life.arrived(Some("x".into()));
            life.arrived(Some("x".into()))
        }),
        row(|life| life.arrived(None)),
        row(Life::close),
        row(Life::closing),
        row(|life| life.ended(closed())),
    ];
    let expected = [
        [
            "true, open",
            "false, open",
            "false, closing",
            "false, closing",
            "false, closed before",
        ],
        [
            "Discarded, connecting",
            "Kept(0), open",
            "Kept(0), closing",
            "Discarded, closing",
            "Discarded, closed before",
        ],
        [
            "Discarded, connecting",
            "Close(3013, \"receive buffer full\"), closing",
            "Close(3013, \"receive buffer full\"), closing",
            "Discarded, closing",
            "Discarded, closed before",
        ],
        [
            "Discarded, connecting",
            "Close(3009, \"message too big\"), closing",
            "Close(3009, \"message too big\"), closing",
            "Discarded, closing",
            "Discarded, closed before",
        ],
        [
            "(), connecting",
            "(), closing",
            "(), closing",
            "(), closing",
            "(), closed before",
        ],
        [
            "(), connecting",
            "(), closing",
            "(), closing",
            "(), closing",
            "(), closed before",
        ],
        [
            "(), closed",
            "(), closed",
            "(), closed",
            "(), closed",
            "(), closed",
        ],
    ];
    assert_eq!(
        rows.map(|row| row.to_vec()),
        expected.map(|row| row.map(String::from).to_vec())
    );
}

#[test]
fn after_an_overflow_only_earlier_messages_can_be_read() {
    let [_, mut open, mut closing, ..] = each();
    for life in [&mut open, &mut closing] {
        assert_eq!(life.arrived(Some("x".into())), Arrived::Kept(0));
        assert!(matches!(life.arrived(Some("y".into())), Arrived::Close(..)));
        assert_eq!(life.next(), Some("x".into()));
        assert_eq!(life.arrived(Some("z".into())), Arrived::Discarded);
        assert_eq!((life.next(), life.received()), (None, (3, 3)));
    }
}

/// Promise 9: loss never looks like success.
#[test]
fn reading_ends_with_an_error_unless_the_end_is_clean_or_ours() {
    type Step = fn(&mut Life);
    let nothing: Step = |_| {};
    let own: Step = Life::close;
    let large: Step = |life| {
        life.arrived(None);
    };
    let full: Step = |life| {
        life.arrived(Some("x".into()));
        life.arrived(Some("x".into()));
    };
    let unread: Step = |life| {
        life.arrived(Some("x".into()));
        drop(life.drop_oldest());
    };
    let by = |code, clean, by| CloseInfo::new(code, "", clean, by);
    for (step, closed, told) in [
        (nothing, by(1000, true, ClosedBy::Remote), None),
        (nothing, by(1005, true, ClosedBy::Remote), None),
        (
            nothing,
            by(1000, false, ClosedBy::Remote),
            Some("CHANNEL_CLOSED"),
        ),
        (
            nothing,
            by(1001, true, ClosedBy::Unknown),
            Some("CHANNEL_CLOSED"),
        ),
        (
            nothing,
            by(4401, true, ClosedBy::Remote),
            Some("CHANNEL_CLOSED"),
        ),
        (
            nothing,
            by(1009, true, ClosedBy::Remote),
            Some("CHANNEL_CLOSED"),
        ),
        (
            nothing,
            by(1009, true, ClosedBy::Local),
            Some("MESSAGE_TOO_BIG"),
        ),
        (
            nothing,
            by(1002, false, ClosedBy::Local),
            Some("CHANNEL_CLOSED"),
        ),
        (
            nothing,
            CloseInfo::lost(ClosedBy::Error),
            Some("CHANNEL_CLOSED"),
        ),
        (own, by(4000, true, ClosedBy::Local), None),
        (own, by(1009, true, ClosedBy::Local), None),
        (own, CloseInfo::lost(ClosedBy::Local), None),
        (
            large,
            by(1000, true, ClosedBy::Local),
            Some("MESSAGE_TOO_BIG"),
        ),
        (
            large,
            CloseInfo::lost(ClosedBy::Local),
            Some("MESSAGE_TOO_BIG"),
        ),
        (
            full,
            by(3013, true, ClosedBy::Local),
            Some("RECEIVE_BUFFER_FULL"),
        ),
        (
            unread,
            by(1000, true, ClosedBy::Remote),
            Some("RECEIVE_BUFFER_FULL"),
        ),
    ] {
        let [_, mut life, ..] = each();
        step(&mut life);
        assert_eq!(life.end_error(), None, "before the end");
        life.ended(closed.clone());
        while life.next().is_some() {
            assert!(!life.is_over());
        }
        assert_eq!(life.is_over(), told.is_none(), "{closed:?}");
        let error = life.end_error();
        assert_eq!(error.as_ref().map(RecvError::code), told, "{closed:?}");
        assert!(error.is_none_or(|error| error.close_info() == Some(&closed)));
        assert_eq!((life.end_error(), life.is_over()), (None, true));
    }
}

#[test]
fn without_a_reader_messages_are_counted_and_discarded() {
    let [_, mut life, ..] = each();
    assert_eq!(life.arrived(Some("x".into())), Arrived::Kept(0));
    life.stop_reading();
    assert_eq!((life.next(), life.inbox().bytes()), (None, 0));
    for _ in 0..3 {
        assert_eq!(life.arrived(Some("x".into())), Arrived::Discarded);
    }
    assert_eq!(life.received(), (4, 4));
}
