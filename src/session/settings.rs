//! The settings of one side of a session.

use super::{MAX_NUMBER, Terms};
use core::time::Duration;

/// The settings of one side. A cost is in bytes: those of each message, and 32 more for each.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// The largest cost of unread messages. Default 256 KiB. In addition a peer can make this side hold one message of `max_message` and one frame.
    pub window: u64,
    /// The largest message accepted, in bytes, 1 KiB to 1 GiB. Default 1 MiB, which is also the largest WebSocket message of some servers.
    pub max_message: u64,
    /// The largest batch accepted, in bytes, 32 KiB to 16 MiB. Default 32 KiB.
    pub max_batch: u64,
    /// The largest batch sent, in bytes, at least 256. Default 32 KiB; never more than the peer accepts. With small batches heartbeats are not
    /// delayed.
    pub batch: usize,
    /// How long a message may wait for others to share its batch. Default 0: it is sent at once.
    pub max_delay: Duration,
    /// The largest cost of messages that were sent and not acknowledged. Default 4 MiB. One message is always accepted.
    pub retention: u64,
    /// The cost of retained messages at which whoever uses this side stops to send. Default: none. If it is lower than `retention`, the peer is told this
    /// bound, so that it acknowledges in time.
    pub high_water_mark: u64,
    /// Server: how long to keep a session without a connection. Default 2 minutes.
    pub retention_time: Duration,
    /// Client: the timeout for `WELCOME`. Default 20 s, as for connecting. Server: the timeout for `HELLO`.
    pub welcome_timeout: Duration,
    /// The timeout for ending a session, from `close` on. Default 10 s.
    pub close_timeout: Duration,
    /// Server: the heartbeat interval. It sends a `PING` after this time without sending or receiving anything. Default 20 s, 100 ms to 10 minutes.
    /// Some proxies end a connection on which one side is silent for 30 s, lighttpd after 60 s.
    pub heartbeat: Duration,
    /// Server: the time over which clients spread their first retry after a restart, each with a random delay. Default 0: the client decides.
    pub spread: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            window: 256 * 1024,
            max_message: 1024 * 1024,
            max_batch: 32 * 1024,
            batch: 32 * 1024,
            max_delay: Duration::ZERO,
            retention: 4 * 1024 * 1024,
            high_water_mark: u64::MAX,
            retention_time: Duration::from_secs(120),
            welcome_timeout: Duration::from_secs(20),
            close_timeout: Duration::from_secs(10),
            heartbeat: Duration::from_secs(20),
            spread: Duration::ZERO,
        }
    }
}

/// The part of a server's settings that each session keeps: there may be ten thousand.
#[derive(Debug)]
pub(crate) struct CompactSettings {
    /// `credit` is that of the first connection.
    pub(crate) terms: Terms,
    pub(crate) heartbeat_ms: u64,
    pub(crate) spread_ms: u64,
    pub(crate) close_ms: u64,
}

impl Settings {
    pub(crate) fn compact(&self) -> CompactSettings {
        CompactSettings {
            terms: self.terms(self.window),
            heartbeat_ms: millis(self.heartbeat),
            spread_ms: millis(self.spread),
            close_ms: millis(self.close_timeout),
        }
    }

    pub(crate) fn terms(&self, credit: u64) -> Terms {
        Terms {
            credit,
            max_message: self.max_message,
            max_batch: self.max_batch,
            retention: self.retention.min(self.high_water_mark),
            retention_ms: millis(self.retention_time),
        }
    }

    /// Limits every field to the range of the wire format.
    pub(crate) fn clamped(mut self) -> Self {
        self.max_message = self
            .max_message
            .clamp(*super::hello::MESSAGE.start(), *super::hello::MESSAGE.end());
        self.max_batch = self
            .max_batch
            .clamp(super::hello::MIN_BATCH, super::hello::MAX_BATCH);
        self.batch = self.batch.clamp(256, super::hello::MAX_BATCH as usize);
        self.window = self.window.clamp(1, u64::from(u32::MAX));
        self.retention = self.retention.clamp(1, u64::from(u32::MAX));
        self.high_water_mark = self.high_water_mark.max(1);
        let (least, most) = (
            super::hello::HEARTBEAT.start(),
            super::hello::HEARTBEAT.end(),
        );
        self.heartbeat = self
            .heartbeat
            .clamp(Duration::from_millis(*least), Duration::from_millis(*most));
        self.spread = self
            .spread
            .min(Duration::from_millis(super::hello::MAX_WAIT));
        self
    }
}

pub(crate) fn millis(time: Duration) -> u64 {
    let seconds = time.as_secs().min(MAX_NUMBER / 1000);
    MAX_NUMBER.min(seconds * 1000 + u64::from(time.subsec_millis()))
}
