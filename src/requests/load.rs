//! What a channel gives to a session's end.

use super::{FAILED, Ticket};
use crate::message::Message;
use crate::session::wire::Head;

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A plain value.
    Value,
    /// A request of this side, by its name.
    Request(u64),
    /// The response to a request of the peer.
    Response(Ticket),
    /// The error that answers a request of the peer.
    Failure(Ticket),
    /// A request of this side, by its index, is not needed any more.
    Cancel { to: u64, epoch: u32 },
    /// A request of the peer is answered by nobody. The message says why.
    Refusal { to: u64, epoch: u32 },
}

/// A message to send, and what it is.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) kind: Kind,
    pub(crate) message: Message,
}

impl Load {
    pub(crate) fn new(kind: Kind, message: Message) -> Self {
        Self { kind, message }
    }

    /// Its kind on the wire.
    pub(crate) fn head(&self) -> Head {
        let text = matches!(self.message, Message::Text(_));
        match self.kind {
            Kind::Value => Head::Data { text },
            Kind::Request(_) => Head::Request { text },
            Kind::Response(ticket) => Head::Response {
                text,
                to: ticket.index,
            },
            Kind::Failure(ticket) => Head::Error {
                to: ticket.index,
                code: FAILED,
            },
            Kind::Cancel { to, .. } => Head::Cancel { to },
            Kind::Refusal { to, .. } => Head::Error { to, code: FAILED },
        }
    }
}
