//! What a side of a session takes and keeps.

use super::Terms;
use core::time::Duration;

/// The settings of one side. Bytes are costs where it says so: a message's bytes and 32 more.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// What may wait to be read, in cost. Default 256 KiB. Beside it a peer can make this side hold one message of `max_message` and one frame.
    pub window: u64,
    /// The largest message that is taken, in bytes, 1 KiB to 1 GiB. Default 1 MiB: some servers take no larger WebSocket message either.
    pub max_message: u64,
    /// The largest batch that is taken, in bytes, 32 KiB to 16 MiB. Default 32 KiB.
    pub max_batch: u64,
    /// The largest batch that is sent, in bytes, at least 256. Default 32 KiB; never more than the peer takes. Small ones let a heartbeat get between.
    pub batch: usize,
    /// What is retained of what was sent and not committed, in cost. Default 4 MiB. One message is always taken.
    pub retention: u64,
    /// Server: how long a session without a connection is kept. Default 2 minutes.
    pub retention_time: Duration,
    /// Client: how long `WELCOME` is waited for. Default 20 s, as for the connection itself. Server: the same for `HELLO`.
    pub welcome_timeout: Duration,
    /// How long the end of a session may take from `close` on. Default 10 s.
    pub close_timeout: Duration,
    /// Server: after so long without anything sent, or heard, it asks. Default 20 s, 100 ms to 10 minutes: lighttpd ends a connection on which one side is
    /// silent for 60 s, others after 30.
    pub heartbeat: Duration,
    /// Server: how long a restart takes to bring everybody back; a client's first retry comes at a random time within. Default 0: the client decides.
    pub spread: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            window: 256 * 1024,
            max_message: 1024 * 1024,
            max_batch: 32 * 1024,
            batch: 32 * 1024,
            retention: 4 * 1024 * 1024,
            retention_time: Duration::from_secs(120),
            welcome_timeout: Duration::from_secs(20),
            close_timeout: Duration::from_secs(10),
            heartbeat: Duration::from_secs(20),
            spread: Duration::ZERO,
        }
    }
}

/// What a session keeps of its server's settings: there may be ten thousand.
#[derive(Debug)]
pub(crate) struct Kept {
    /// `credit` is the one of the beginning.
    pub(crate) terms: Terms,
    pub(crate) heartbeat_ms: u64,
    pub(crate) spread_ms: u64,
    pub(crate) close_ms: u64,
}

impl Settings {
    pub(crate) fn kept(&self) -> Kept {
        Kept {
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
            retention: self.retention,
            retention_ms: millis(self.retention_time),
        }
    }

    /// Every field within the limits of the wire.
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
    u64::try_from(time.as_millis()).map_or(super::varint::MAX_NUMBER, |millis| {
        millis.min(super::varint::MAX_NUMBER)
    })
}
