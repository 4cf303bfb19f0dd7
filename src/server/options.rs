//! What a server takes, keeps and waits for.

use crate::session::RegistryBounds;
use crate::session::Settings;
use core::time::Duration;

/// Options of [`Sessions`](super::Sessions). Each has a default; bytes are costs where it says so: a message's bytes and 32 more.
///
/// ```
/// use core::time::Duration;
/// use websocket_channel::server::{Away, Options, Sessions};
///
/// let options = Options::default()
///     .max_sessions(50_000)
///     .retention(1 << 20)
///     .retention_time(Duration::from_secs(600))
///     .away(Away::Refuse);
/// let sessions = Sessions::new(options);
/// assert_eq!(sessions.totals().sessions, 0);
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Options {
    pub(super) settings: Settings,
    pub(super) bounds: RegistryBounds,
    pub(super) away: Away,
}

/// What a send meets when the client is away, without a connection, and [`Options::retention`] is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Away {
    /// It waits until the client is back. The default.
    #[default]
    Wait,
    /// The session ends: its channel is lost, and so is the client's when it comes back.
    End,
    /// The value comes back with [`SendErrorKind::SendRefused`](crate::SendErrorKind::SendRefused): one client that is away does not hold up a broadcast.
    Refuse,
}

impl Options {
    /// Sessions at most, those that are only offered too. Default 10,000. Above it new ones are told to come later.
    pub fn max_sessions(mut self, sessions: usize) -> Self {
        self.bounds.sessions = sessions;
        self
    }

    /// What all sessions retain and hold together, in cost. Default 256 MiB. Above it new ones are told to come later.
    pub fn max_bytes(mut self, cost: u64) -> Self {
        self.bounds.cost = cost;
        self
    }

    /// How many ended sessions are remembered, and how long, so that a late client is told how its session ended. Default 10,000 for 10 minutes.
    pub fn remember_ended(mut self, sessions: usize, time: Duration) -> Self {
        self.bounds.ended = sessions;
        self.bounds.ended_time = time;
        self
    }

    /// How long a client waits at least that is told to come later. Default 5 s, at most an hour.
    pub fn later(mut self, after: Duration) -> Self {
        self.bounds.later = after;
        self
    }

    /// What a session retains of what was sent and is not committed by its client, in cost. Default 4 MiB. A send waits above it; one message is
    /// always taken.
    pub fn retention(mut self, cost: u64) -> Self {
        self.settings.retention = cost;
        self
    }

    /// How long a session without a connection is kept. Default 2 minutes.
    pub fn retention_time(mut self, time: Duration) -> Self {
        self.settings.retention_time = time;
        self
    }

    /// What may wait to be read in a session, in cost. Default 256 KiB. Beside it a client can make the server hold one message of `max_message` and one
    /// frame.
    pub fn window(mut self, cost: u64) -> Self {
        self.settings.window = cost;
        self
    }

    /// The largest message that is taken, in bytes, 1 KiB to 1 GiB. Default 1 MiB. A larger one ends the connection with 3009.
    pub fn max_message(mut self, bytes: u64) -> Self {
        self.settings.max_message = bytes;
        self
    }

    /// The largest batch that is taken, in bytes, 32 KiB to 16 MiB. Default 32 KiB. A larger one ends the connection with 3009.
    pub fn max_batch(mut self, bytes: u64) -> Self {
        self.settings.max_batch = bytes;
        self
    }

    /// The largest batch that is sent, in bytes, from 256 on. Default 32 KiB; never more than the client takes.
    pub fn batch(mut self, bytes: usize) -> Self {
        self.settings.batch = bytes;
        self
    }

    /// After so long without anything sent, or heard, the client is asked whether it is there. Default 20 s, 100 ms to 10 minutes. A connection on which
    /// nothing is heard for twice as long behind that is closed; the session stands.
    pub fn heartbeat(mut self, interval: Duration) -> Self {
        self.settings.heartbeat = interval;
        self
    }

    /// The time over which clients spread their first retry after a drop: how long a restart takes to bring everybody back. Default 0: the client
    /// decides. At most an hour.
    pub fn spread(mut self, time: Duration) -> Self {
        self.settings.spread = time;
        self
    }

    /// How long a connection may take to send `HELLO`. Default 20 s. Then it is closed with 3001, `no-hello`.
    pub fn hello_timeout(mut self, time: Duration) -> Self {
        self.settings.welcome_timeout = time;
        self
    }

    /// How long the end of a session, and that of a connection, may take. Default 10 s.
    pub fn close_timeout(mut self, time: Duration) -> Self {
        self.settings.close_timeout = time;
        self
    }

    /// What a send meets when the client is away and its retention is used up. Default [`Away::Wait`].
    pub fn away(mut self, away: Away) -> Self {
        self.away = away;
        self
    }
}
