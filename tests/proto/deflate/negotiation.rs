//! RFC 7692 §7.1: who offers, who answers, who declines.

use super::*;
use crate::support::{hex, masked};
use websocket_channel::Message;
use websocket_channel::error::{Cause, Violation};

#[test]
fn section_7_1_offers_of_a_client() {
    assert_eq!(
        offers(&knobs(|_| {})),
        "permessage-deflate; client_max_window_bits"
    );
    assert_eq!(
        offers(&knobs(|deflate| {
            deflate.send_takeover = false;
            deflate.receive_takeover = false;
            deflate.send_window_bits = 8;
            deflate.receive_window_bits = 12;
        })),
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
         server_max_window_bits=12; client_max_window_bits=9"
    );
    let mut silent = asking(None, ProtocolLimits::default());
    assert!(
        !String::from_utf8(take(&mut silent))
            .unwrap()
            .contains("Extensions")
    );
}

#[test]
fn section_7_1_answers_of_a_server() {
    let plain = || knobs(|_| {});
    let small = || {
        knobs(|deflate| {
            deflate.send_window_bits = 10;
            deflate.receive_window_bits = 11;
        })
    };
    let forgetful = || {
        knobs(|deflate| {
            deflate.send_takeover = false;
            deflate.receive_takeover = false;
        })
    };
    type Row<'a> = (fn() -> Deflate, &'a [&'a str], Option<&'a str>);
    let rows: &[Row] = &[
        // As today's browsers offer.
        (plain, &["permessage-deflate"], Some("permessage-deflate")),
        (
            plain,
            &["permessage-deflate; client_max_window_bits"],
            Some("permessage-deflate"),
        ),
        (
            small,
            &["permessage-deflate; client_max_window_bits"],
            Some("permessage-deflate; server_max_window_bits=10; client_max_window_bits=11"),
        ),
        // Never client_max_window_bits where it was not offered.
        (
            small,
            &["permessage-deflate"],
            Some("permessage-deflate; server_max_window_bits=10"),
        ),
        (
            small,
            &["permessage-deflate; client_max_window_bits=9"],
            Some("permessage-deflate; server_max_window_bits=10; client_max_window_bits=9"),
        ),
        (
            plain,
            &["permessage-deflate; client_max_window_bits=10"],
            Some("permessage-deflate; client_max_window_bits=10"),
        ),
        // We never answer 8, which not every client can do (RFC 7692 §7.1.2.2). One that keeps to 8 does so unasked.
        (
            plain,
            &["permessage-deflate; client_max_window_bits=8"],
            Some("permessage-deflate"),
        ),
        (
            plain,
            &["permessage-deflate; server_max_window_bits=10"],
            Some("permessage-deflate; server_max_window_bits=10"),
        ),
        (
            small,
            &["permessage-deflate; server_max_window_bits=9"],
            Some("permessage-deflate; server_max_window_bits=9"),
        ),
        (
            small,
            &["permessage-deflate; server_max_window_bits=15"],
            Some("permessage-deflate; server_max_window_bits=10"),
        ),
        // Nobody can compress for 8.
        (
            plain,
            &["permessage-deflate; server_max_window_bits=8"],
            None,
        ),
        (
            plain,
            &["permessage-deflate; server_max_window_bits=8, permessage-deflate"],
            Some("permessage-deflate"),
        ),
        (
            plain,
            &["permessage-deflate; server_no_context_takeover"],
            Some("permessage-deflate; server_no_context_takeover"),
        ),
        (
            plain,
            &["permessage-deflate; client_no_context_takeover"],
            Some("permessage-deflate; client_no_context_takeover"),
        ),
        (
            forgetful,
            &["permessage-deflate"],
            Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
        ),
        // Values may be quoted, with escapes; blanks and empty elements are nothing.
        (
            plain,
            &["permessage-deflate ;\tserver_max_window_bits = \"1\\0\""],
            Some("permessage-deflate; server_max_window_bits=10"),
        ),
        (
            plain,
            &[",, permessage-deflate ,"],
            Some("permessage-deflate"),
        ),
        // The first that is right, over several lines, among others.
        (
            plain,
            &[
                "x-webkit-deflate-frame, permessage-deflate; foo",
                "permessage-deflate; server_max_window_bits=11, permessage-deflate",
            ],
            Some("permessage-deflate; server_max_window_bits=11"),
        ),
        (plain, &[], None),
    ];
    for (deflate, lines, expected) in rows {
        let (answer, _) = answers(Some(deflate()), lines, ProtocolLimits::default());
        assert_eq!(answer.as_deref(), *expected, "{lines:?}");
    }
    let (off, _) = answers(None, &[EXTENSION], ProtocolLimits::default());
    assert_eq!(off, None, "off by the switch");
}

#[test]
fn section_7_1_parameters_that_decline_an_offer_and_fail_an_answer() {
    for parameters in [
        "foo",
        "foo=1",
        "server_no_context_takeover; server_no_context_takeover",
        "client_no_context_takeover; client_no_context_takeover",
        "server_no_context_takeover=1",
        "client_no_context_takeover=\"true\"",
        "server_max_window_bits",
        "server_max_window_bits=7",
        "server_max_window_bits=16",
        "server_max_window_bits=010",
        "server_max_window_bits=1x",
        "server_max_window_bits=10; server_max_window_bits=10",
        "client_max_window_bits=7",
        "client_max_window_bits=16",
        "client_max_window_bits=08",
        "client_max_window_bits=10; client_max_window_bits=10",
        "Server_no_context_takeover",
    ] {
        let extension = format!("{EXTENSION}; {parameters}");
        let (answer, _) = answers(
            Some(knobs(|_| {})),
            &[&extension],
            ProtocolLimits::default(),
        );
        assert_eq!(answer, None, "{parameters}");
        fails(&knobs(|_| {}), &extension, Violation::ExtensionParameter);
    }
}

fn fails(deflate: &Deflate, extension: &str, violation: Violation) {
    let line = format!("Sec-WebSocket-Extensions: {extension}\r\n");
    let mut client = answered(Some(deflate), &line, ProtocolLimits::default());
    assert_eq!(
        events(&mut client),
        [ConnectionEvent::Failed(Cause::Violation(violation))],
        "{extension}"
    );
}

#[test]
fn section_7_1_answers_that_a_client_accepts() {
    let plain = knobs(|_| {});
    let small = knobs(|deflate| {
        deflate.send_window_bits = 10;
        deflate.receive_window_bits = 11;
        deflate.receive_takeover = false;
    });
    for (deflate, extension) in [
        (&plain, "permessage-deflate"),
        (&plain, "permessage-deflate; server_max_window_bits=10"),
        (&plain, "permessage-deflate; server_max_window_bits=\"8\""),
        (&plain, "permessage-deflate; client_max_window_bits=8"),
        (
            &plain,
            "permessage-deflate; client_max_window_bits=15; client_no_context_takeover",
        ),
        (&plain, "permessage-deflate; server_no_context_takeover"),
        (
            &small,
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=9; client_max_window_bits=10",
        ),
    ] {
        open_with(Role::Client, extension, ProtocolLimits::default(), deflate);
    }
    for (deflate, extension, violation) in [
        (
            &plain,
            "permessage-deflate; client_max_window_bits",
            Violation::ExtensionParameter,
        ),
        (
            &small,
            "permessage-deflate; server_max_window_bits=11",
            Violation::ExtensionParameter,
        ),
        (
            &small,
            "permessage-deflate; server_no_context_takeover",
            Violation::ExtensionParameter,
        ),
        (
            &small,
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=12",
            Violation::ExtensionParameter,
        ),
        (
            &small,
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=11; client_max_window_bits=11",
            Violation::ExtensionParameter,
        ),
        (
            &plain,
            "permessage-deflate, permessage-deflate",
            Violation::Extension,
        ),
        (
            &plain,
            "permessage-deflate\r\nSec-WebSocket-Extensions: permessage-deflate",
            Violation::Extension,
        ),
        (&plain, "Permessage-Deflate", Violation::Extension),
        (&plain, "permessage-deflate, x", Violation::Extension),
        (&plain, "x-webkit-deflate-frame", Violation::Extension),
        (&plain, "permessage-deflate;", Violation::Extension),
    ] {
        fails(deflate, extension, violation);
    }
    // Declined, or never offered.
    let mut client = answered(Some(&plain), "", ProtocolLimits::default());
    assert_eq!(
        events(&mut client),
        [ConnectionEvent::Opened(OpenInfo::default())]
    );
    client.send(Message::from("Hello")).unwrap();
    assert_eq!(take(&mut client), masked(&hex("81 05 48656c6c6f")));
    let mut client = answered(
        None,
        "Sec-WebSocket-Extensions: permessage-deflate\r\n",
        ProtocolLimits::default(),
    );
    assert_eq!(
        events(&mut client),
        [ConnectionEvent::Failed(Violation::Extension.into())]
    );
}
