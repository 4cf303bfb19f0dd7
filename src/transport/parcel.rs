//! What arrives together and waits to be read: a message, or many values of a session in one buffer.

use super::inbox::Weighed;
use crate::message::Message;
use crate::session::Run;

#[derive(Debug)]
pub(crate) enum Parcel {
    Message(Message),
    /// Boxed, so that a message in a queue is no larger than without sessions.
    Run(Box<Run>),
}

impl From<Message> for Parcel {
    fn from(message: Message) -> Self {
        Parcel::Message(message)
    }
}

/// What a run counts against a bound: as much as its messages would.
pub(crate) fn run_cost(run: &Run) -> usize {
    run.bytes() + run.len() * size_of::<Message>()
}

impl Weighed for Parcel {
    fn bytes(&self) -> usize {
        match self {
            Parcel::Message(message) => message.len(),
            Parcel::Run(run) => run.bytes(),
        }
    }

    fn cost(&self) -> usize {
        match self {
            Parcel::Message(message) => message.cost(),
            Parcel::Run(run) => run_cost(run),
        }
    }

    fn messages(&self) -> usize {
        match self {
            Parcel::Message(_) => 1,
            Parcel::Run(run) => run.len(),
        }
    }
}
