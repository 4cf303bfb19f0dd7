//! What a channel reports about itself: its status and its counters.

use crate::message::CloseInfo;
use core::time::Duration;

/// The status of a channel. It only moves forward, except between `Open`, `Reconnecting` and `Stalled`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// Messages flow both ways.
    Open,
    /// The connection was lost, and the channel connects again: see [`Connect::reconnect`](crate::Connect::reconnect). Sends wait.
    #[cfg(feature = "reconnect")]
    Reconnecting {
        /// The attempt that is next or under way, counted since the last stable connection, from 1.
        attempt: u32,
        /// Why: what ended the connection, or the attempt before.
        reason: std::sync::Arc<crate::reconnect::ReconnectReason>,
        /// When it begins. `None` while it is under way, and while the channel is [suspended](crate::Control::suspend).
        next_retry_at: Option<crate::channel::RetryAt>,
    },
    /// The connection of a [session](crate::Connect::session) is open, and for 5 s somebody has read nothing of what there is to read.
    #[cfg(feature = "session")]
    Stalled {
        /// Who.
        by: StalledBy,
        /// Since when.
        since: Moment,
    },
    /// The end has begun. Nothing more can be sent.
    Closing,
    /// The channel has ended, in this way.
    Closed(CloseInfo),
}

#[cfg(feature = "session")]
impl Status {
    /// Whether it says the same of a session. Reasons are compared by their place: a comparison of what is in them takes a kilobyte of wasm.
    pub(in crate::channel) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Open, Self::Open) => true,
            (
                Self::Reconnecting {
                    attempt,
                    reason,
                    next_retry_at,
                },
                Self::Reconnecting {
                    attempt: other,
                    reason: why,
                    next_retry_at: at,
                },
            ) => attempt == other && std::sync::Arc::ptr_eq(reason, why) && next_retry_at == at,
            (
                Self::Stalled { by, since },
                Self::Stalled {
                    by: who,
                    since: then,
                },
            ) => by == who && since == then,
            _ => false,
        }
    }
}

/// Who reads nothing: part of [`Status::Stalled`].
#[cfg(feature = "session")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StalledBy {
    /// The receiver of this channel. The peer's sends will wait.
    Receiver,
    /// The application of the peer. Sends will wait.
    Peer,
}

/// A moment of the past: part of [`Status::Stalled`].
#[cfg(feature = "session")]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Moment(crate::time::Instant);

#[cfg(feature = "session")]
impl Moment {
    pub(in crate::channel) fn new(at: crate::time::Instant) -> Self {
        Self(at)
    }

    /// The time from then to now.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(feature = "session")]
impl core::fmt::Debug for Moment {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Moment").field(&self.elapsed()).finish()
    }
}

/// Counters since the channel opened. Bytes are those of payloads.
///
/// ```
/// use websocket_channel::{Channel, Socket, Text, transport::Limits};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (ours, theirs) = Socket::pair(&Limits::default(), "");
/// # let channel: Channel<String, String> = Channel::from_socket(ours, Text);
/// # let mut peer: Channel<String, String> = Channel::from_socket(theirs, Text);
/// channel.send("12 bytes ...".into()).await?;
/// let stats = channel.control().stats();
/// assert_eq!((stats.sent_messages, stats.sent_bytes), (1, 12));
/// # drop(peer);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Messages handed over to the platform.
    pub sent_messages: u64,
    /// Their bytes.
    pub sent_bytes: u64,
    /// Messages that arrived, read or not. Natively those read from the stream so far.
    pub received_messages: u64,
    /// Their bytes.
    pub received_bytes: u64,
    /// Bytes of unread messages, as they count against the receive buffer. Natively only what was read ahead: at most 64 KiB and a message. The rest
    /// waits in the network.
    pub queued_bytes: usize,
    /// Messages dropped by the overflow policy.
    pub dropped_messages: u64,
    /// Messages accepted without waiting (`try_send`, a `Permit`) that can never be handed over: the platform refused them, or the connection ended
    /// first.
    pub unsent_messages: u64,
    /// Their bytes, which [`CloseInfo::unsent_bytes`] counts too.
    pub unsent_bytes: usize,
    /// The time from the last answered [`Control::ping`](crate::Control::ping) to its pong, including what either side had queued before them. None
    /// before the first, and in browsers, where a page cannot send pings.
    pub round_trip: Option<Duration>,
    /// Pongs received (RFC 6455 §5.5.3), those of keepalive included. 0 in browsers, which hide them from a page, and of a channel that reconnects.
    pub pongs: u64,
    /// The time since the last pong. None before the first, and in browsers.
    pub since_last_pong: Option<Duration>,
    /// Connections that went on with the [session](crate::Connect::session), after the first. 0 without one.
    #[cfg(feature = "session")]
    pub resumed: u64,
    /// What a session has sent and the peer has not committed: bytes, and 32 for each message. 0 without one.
    #[cfg(feature = "session")]
    pub retained_bytes: usize,
    /// Answers to [requests](crate::Sender::request) that nobody awaited any more, as after a timeout. They were discarded. 0 without a session.
    #[cfg(feature = "session")]
    pub unawaited_answers: u64,
}
