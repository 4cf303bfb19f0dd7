//! The faults of the session protocol.

/// One of them: served by `/session/fault/NAME`, an echo.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionFault {
    /// The name.
    pub name: &'static str,
    /// What the server does: a sentence.
    pub what: &'static str,
    /// What a correct client does.
    pub client: &'static str,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    LostWelcome,
    StaleToken,
    BadAck,
    CreditOverflow,
    CreditBehind,
    ResumeDuringResume,
    Gap,
    TwoConnections,
    LateHello,
    Later,
    Move,
}

impl Kind {
    /// Whether the first connection is cut at the client's first message, so that there is a second one.
    pub(super) fn cuts(self) -> bool {
        matches!(
            self,
            Kind::StaleToken | Kind::ResumeDuringResume | Kind::Gap | Kind::LateHello
        )
    }
}

const fn fault(
    kind: Kind,
    name: &'static str,
    what: &'static str,
    client: &'static str,
) -> SessionFault {
    SessionFault {
        name,
        what,
        client,
        kind,
    }
}

const FAULTS: &[SessionFault] = &[
    fault(
        Kind::LostWelcome,
        "lost-welcome",
        "The first WELCOME is lost: the connection is reset in its place.",
        "connects again and begins",
    ),
    fault(
        Kind::StaleToken,
        "stale-token",
        "The connection is cut at the first message, and what resumes has a token that is not valid.",
        "tells that the session is lost",
    ),
    fault(
        Kind::BadAck,
        "bad-ack",
        "On the first connection it acknowledges a million messages.",
        "closes with 3002 `ack-ahead`, and resumes",
    ),
    fault(
        Kind::CreditOverflow,
        "credit-overflow",
        "On the first connection it grants 2^56 - 1 of credit.",
        "closes with 3002 `number-too-large`, and resumes",
    ),
    fault(
        Kind::CreditBehind,
        "credit-behind",
        "On the first connection it takes credit back.",
        "closes with 3002 `credit-behind`, and resumes",
    ),
    fault(
        Kind::ResumeDuringResume,
        "resume-during-resume",
        "The connection is cut at the first message, and the second WELCOME never comes, though the session is resumed.",
        "gives up, and resumes over a third connection, which replaces the second",
    ),
    fault(
        Kind::Gap,
        "gap",
        "The connection is cut at the first message, and the server no longer has what the client wants.",
        "tells that the session is lost",
    ),
    fault(
        Kind::TwoConnections,
        "two-connections",
        "At the first message another instance seems to resume the session.",
        "tells that the session is lost, and does not come back",
    ),
    fault(
        Kind::LateHello,
        "late-hello",
        "The connection is cut at the first message, and the second HELLO hangs on its way until the client has given up.",
        "gives up, and resumes over a third connection",
    ),
    fault(
        Kind::Later,
        "later",
        "The first HELLO is answered with Later.",
        "comes back after 200 ms at the earliest",
    ),
    fault(
        Kind::Move,
        "move",
        "At the first message it asks to connect anew.",
        "connects anew, and resumes",
    ),
];

/// Every one.
pub fn session_faults() -> &'static [SessionFault] {
    FAULTS
}

/// The one of this name.
pub fn session_fault(name: &str) -> Option<&'static SessionFault> {
    FAULTS.iter().find(|fault| fault.name == name)
}
