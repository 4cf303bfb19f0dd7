//! The life of a connection, as one table.
//!
//! 1. A state says what may still happen, and nothing that the frames sent and received say already: code, reason and
//!    cleanness are derived from those.
//! 2. Every input and every command is a [`Step`] or leaves the state alone. A step that the table does not list is not
//!    taken: a command reports misuse, and bytes of a peer are dropped.
//! 3. `Closed` is the end.

/// The state of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// Client: the request is queued; waiting for the response. Server: waiting for the request.
    Handshaking,
    /// Server: the request was reported; waiting for `accept` or `reject`.
    Deciding,
    /// Server: the refusal is queued. The peer's bytes are dropped; waiting for the end of the stream.
    Refusing,
    /// Messages flow both ways.
    Open,
    /// Our Close frame is queued; waiting for the peer's. Its messages still arrive.
    CloseSent,
    /// Both Close frames were sent and received; waiting for the end of the stream.
    CloseDone,
    /// We end the stream: we failed the connection, or its format has nothing more to send. Queued bytes are written, the peer's bytes are dropped;
    /// waiting for the end of its half.
    Ending,
    /// The peer's half of the stream has ended: what is queued goes out.
    Flushing,
    /// The stream cannot be written any more. What the peer sent before still arrives.
    Unwritable,
    /// The end.
    Closed,
}

/// What can move a connection on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// Server: a whole request was read.
    Requested,
    /// The handshake succeeded: a client read the response, a server queued it.
    Agreed,
    /// Server: a refusal was queued, by `reject` or because the request was wrong.
    Refused,
    /// We queued a Close frame, not as an answer.
    WeClose,
    /// The peer's Close frame was read (and answered, if ours was not yet queued).
    PeerCloses,
    /// We end the stream without waiting for the peer: behind both Close frames of hixie-76, or to close in hixie-75.
    WeEnd,
    /// The peer broke the protocol: _Fail the WebSocket Connection_ (RFC 6455 §7.1.7).
    Fail,
    /// The peer's half of the stream ended, and bytes are queued.
    PeerEnds,
    /// The stream takes no more bytes.
    WritingFails,
    /// Nothing is left to wait for, or a timeout passed.
    End,
}

impl State {
    /// The state after this step, `None` if the step cannot be taken here.
    pub(crate) fn after(self, step: Step) -> Option<State> {
        use State::*;
        Some(match (self, step) {
            // Client and server.
            (Handshaking, Step::Agreed) => Open,
            (Open, Step::WeClose) => CloseSent,
            (Open, Step::PeerCloses) => CloseDone,
            (CloseSent, Step::PeerCloses) => CloseDone,
            (Open | CloseSent, Step::WeEnd | Step::Fail) => Ending,
            (Refusing | Open | CloseSent | CloseDone | Ending, Step::PeerEnds) => Flushing,
            (Open | CloseSent, Step::WritingFails) => Unwritable,
            // Client: a wrong response is not answered.
            (Handshaking, Step::Fail) => Closed,
            // Server.
            (Handshaking, Step::Requested) => Deciding,
            (Handshaking | Deciding, Step::Refused) => Refusing,
            (Deciding, Step::Agreed) => Open,
            // Anywhere.
            (Closed, Step::End) => return None,
            (_, Step::End) => Closed,
            _ => return None,
        })
    }

    /// Whether the peer's bytes still mean something.
    pub(crate) fn reads(self) -> bool {
        matches!(
            self,
            State::Handshaking
                | State::Deciding
                | State::Open
                | State::CloseSent
                | State::Unwritable
        )
    }
}
