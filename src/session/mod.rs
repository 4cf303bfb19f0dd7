//! Sessions: a channel that continues after its connection is lost. No message is lost, repeated or reordered (`WIRE.md`).
//!
//! State machines, and the codec of their wire format. They do no I/O and have no clock, random numbers or wakers. Times are durations since any
//! fixed moment.
//!
//! | file | what it has |
//! | --- | --- |
//! | `wire`, `hello`, `reader`, `varint`, `violation` | bytes to frames and back, limits, violations |
//! | `retained`, `outgoing`, `poison`, `company` | one direction at its sender: what is kept, sent, suspected, waits for others |
//! | `run` | values in a row in one buffer, to be sent or read together |
//! | `incoming` | one direction at its receiver: what is read, committed, granted |
//! | `entries` | messages that wait outside until a connection takes them |
//! | `heartbeat`, `exchange` | what both sides do alike on a connection |
//! | `client/` | the client's half: `greeting` with `HELLO` and `WELCOME`, `commands` of the application, `event` |
//! | `server/`, `tokens`, `registry` | the server's half, in the same files, and all sessions of a server in memory |
//!
//! # The wire contract
#![doc = include_str!("WIRE.md")]

mod client;
pub(crate) mod clock;
mod company;
mod entries;
mod exchange;
mod heartbeat;
mod hello;
mod incoming;
mod options;
mod outgoing;
mod poison;
mod reader;
mod registry;
mod retained;
mod run;
mod server;
mod settings;
mod tokens;
mod varint;
mod violation;
pub mod wire;

pub use client::{Client, ClientEvent, ClientPhase, DropReason, RestoredIndices, ResumeTicket};
pub use entries::{Entry, EntryId, EntryQueue};
pub use hello::{
    Hello, LaterReason, Positions, Refusal, Resume, Secret, SessionWelcome, Terms, VERSION, Welcome,
};
pub use options::{OnLost, Session};
pub use outgoing::Unsendable;
pub use poison::Blame;
pub use registry::{ConnectionId, HelloOutcome, Registry, RegistryBounds};
pub use server::{Server, ServerEvent, ServerPhase};
pub use settings::Settings;
pub use tokens::TokenHash;
pub use varint::MAX_NUMBER;
pub use violation::SessionViolation;

#[allow(unused_imports, reason = "for channels")]
pub(crate) use run::Run;
pub(crate) use settings::millis;
#[allow(unused_imports, reason = "the server is native")]
pub(crate) use violation::CLOSE;

use crate::message::Message;
use wire::Head;

/// A message of a session, with its place in its direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionMessage {
    /// Its index, from 0.
    pub index: u64,
    /// What it is.
    pub head: Head,
    /// Its payload: text if [`Head::is_text`].
    pub payload: Message,
}
