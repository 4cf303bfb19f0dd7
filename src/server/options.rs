//! The options of a server's sessions.

use crate::session::RegistryBounds;
use crate::session::Settings;
use core::time::Duration;

/// Options of [`Sessions`](super::Sessions). Each has a default. Some count a *cost*: the bytes of each message plus 32.
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

/// What a `send` does when the client has no connection and [`Options::retention`] is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Away {
    /// It waits until the client has reconnected. The default.
    #[default]
    Wait,
    /// The session ends. Its channel ends with an error, and so does the client's when it reconnects.
    End,
    /// It fails with [`SendErrorKind::SendRefused`](crate::SendErrorKind::SendRefused) and returns the value, so that an absent client does not delay a
    /// broadcast.
    Refuse,
}

impl Options {
    /// The largest number of sessions, including those that are only offered. Default 10,000. Further clients are asked to try again later.
    pub fn max_sessions(mut self, sessions: usize) -> Self {
        self.bounds.sessions = sessions;
        self
    }

    /// The cost of all messages that all sessions hold, sent and received. Default 256 MiB. Above it, new clients are asked to try again later.
    pub fn max_bytes(mut self, cost: u64) -> Self {
        self.bounds.cost = cost;
        self
    }

    /// How many ended sessions are remembered, and for how long. A client that reconnects late learns how its session ended. Default 10,000 for 10
    /// minutes.
    pub fn remember_ended(mut self, sessions: usize, time: Duration) -> Self {
        self.bounds.ended = sessions;
        self.bounds.ended_time = time;
        self
    }

    /// The shortest time after which a client tries again that was asked to do so later. Default 5 s, at most an hour.
    pub fn later(mut self, after: Duration) -> Self {
        self.bounds.later = after;
        self
    }

    /// The cost of the messages that a session keeps until its client has committed them. Default 4 MiB. Above it, `send` waits. One message is always
    /// accepted.
    pub fn retention(mut self, cost: u64) -> Self {
        self.settings.retention = cost;
        self
    }

    /// How long a session without a connection is kept. Default 2 minutes.
    pub fn retention_time(mut self, time: Duration) -> Self {
        self.settings.retention_time = time;
        self
    }

    /// The cost of unread messages in a session. Default 256 KiB. In addition, a client can make the server hold one message of `max_message` and one
    /// frame.
    pub fn window(mut self, cost: u64) -> Self {
        self.settings.window = cost;
        self
    }

    /// The largest message that is accepted, in bytes, 1 KiB to 1 GiB. Default 1 MiB. A larger one ends the connection with 3009.
    pub fn max_message(mut self, bytes: u64) -> Self {
        self.settings.max_message = bytes;
        self
    }

    /// The largest batch that is accepted, in bytes, 32 KiB to 16 MiB. Default 32 KiB. A larger one ends the connection with 3009.
    pub fn max_batch(mut self, bytes: u64) -> Self {
        self.settings.max_batch = bytes;
        self
    }

    /// The largest batch that is sent, in bytes, from 256 on. Default 32 KiB, and never more than the client accepts.
    pub fn batch(mut self, bytes: usize) -> Self {
        self.settings.batch = bytes;
        self
    }

    /// How long a message may wait for others, to share a batch with them. Default 0: it is sent at once. A full batch, `flush` and the end of the session
    /// do not wait.
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.settings.max_delay = delay;
        self
    }

    /// The heartbeat interval. When nothing was sent or received for so long, the server sends a `PING`. Default 20 s, 100 ms to 10 minutes. If nothing
    /// arrives for twice as long after it, the connection is closed. The session is kept.
    pub fn heartbeat(mut self, interval: Duration) -> Self {
        self.settings.heartbeat = interval;
        self
    }

    /// The time over which clients spread their first attempt to reconnect, for example after a restart of the server. Default 0: the client decides. At
    /// most an hour.
    pub fn spread(mut self, time: Duration) -> Self {
        self.settings.spread = time;
        self
    }

    /// How long a connection may take to send `HELLO`. Default 20 s. Then it is closed with 3001, `no-hello`.
    pub fn hello_timeout(mut self, time: Duration) -> Self {
        self.settings.welcome_timeout = time;
        self
    }

    /// How long closing a session, or a connection, may take. Default 10 s.
    pub fn close_timeout(mut self, time: Duration) -> Self {
        self.settings.close_timeout = time;
        self
    }

    /// What a `send` does when the client has no connection and the retention is used up. Default [`Away::Wait`].
    pub fn away(mut self, away: Away) -> Self {
        self.away = away;
        self
    }
}
