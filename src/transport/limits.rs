//! The limits of one connection.

use core::time::Duration;

/// Limits of one connection. The builder has a method for each; a socket takes them whole:
///
/// ```
/// use websocket_channel::transport::Limits;
/// use websocket_channel::{ConnectionOptions, Overflow};
///
/// let mut options = ConnectionOptions::default();
/// options.limits.max_message = 64 << 10;
/// options.limits.receive_buffer = 1 << 20;
/// options.limits.overflow = Overflow::DropOldest;
/// assert_eq!(options.limits.send_high_water_mark, Limits::default().send_high_water_mark);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// A send waits while the platform holds this many unsent bytes or more; 0 is treated as 1. Default 1 MiB: a tenth of a second at 100 Mbit/s, and
    /// sixteen of the 64 KiB writes with which browsers reach full throughput.
    pub send_high_water_mark: usize,
    /// Bytes of unread messages. Each message counts its payload plus 32 bytes natively and 16 in a page. Default 64 MiB, four times the largest
    /// message that most servers accept. A transport with receive backpressure stops reading there (with 0: after every message). Otherwise
    /// `overflow` decides.
    pub receive_buffer: usize,
    /// What happens past `receive_buffer` without receive backpressure. Default [`Overflow::Close`].
    pub overflow: Overflow,
    /// The largest message accepted, in bytes. Default 64 MiB. A larger one closes the connection with 1009 (RFC 6455 §7.4.1), from a page with 3009.
    pub max_message: usize,
    /// How long the peer may take to answer our Close frame; then the connection is dropped (RFC 6455 §7.1.1). Default 10 s. Over byte streams the
    /// time starts when the Close frame was written, and restarts while queued data makes progress, so a slow upload is not cut.
    pub close_timeout: Duration,
    /// Keepalive: the time from the opening, and from each pong, to the next ping (RFC 6455 §5.5.2). `None` sends none. Default 20 s. Only natively
    /// and over byte streams. It works while the connection is polled, as a channel always is.
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub ping_interval: Option<Duration>,
    /// Keepalive: how long the peer may stay silent after a ping was written. Then the connection ends with 1006 and the reason "keepalive timeout".
    /// `None` never ends it. Default 20 s. Time in which reading is paused because the receive buffer is full does not count.
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub ping_timeout: Option<Duration>,
    /// Bytes of the head of a request or response. Past it the handshake fails; the accepting side answers 431. Default 16 KiB, as common HTTP
    /// servers. With 0 every handshake fails. Like the next fields, only natively and over byte streams.
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub max_head: usize,
    /// Header lines of a head; past it as for `max_head`. Default 128: a browser sends about 15, a proxy adds a few.
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub max_header_lines: usize,
    /// Frames of one message (RFC 6455 §5.4). Past it the connection closes with 1008. Default 131,072: fragments cost time, not memory. With 0 every
    /// message is too much.
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub max_fragments: usize,
    /// Payload bytes of one frame that we send. A longer message is split into several frames (RFC 6455 §5.4), so that pings and pongs can go between
    /// them, and peers with a limit on frames accept it. 0 never splits. Default 32 KiB, half of the lowest limit of common peers. Only natively and
    /// over byte streams; the formats of 2009 have no fragments.
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub max_send_frame: usize,
    /// Accepting: how long a client may take to send its request, from the start of the connection. Then it is answered with 408. Default 20 s.
    /// [`Socket::accept`](crate::Socket::accept) also gives up after `ConnectionOptions::connect_timeout`. A client's own handshake has the connect
    /// timeout.
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub handshake_timeout: Duration,
}

/// Connections mostly have the same: each keeps a pointer.
#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
impl Limits {
    pub(super) fn shared(&self) -> std::sync::Arc<Self> {
        use crate::shared::{Last, shared};
        thread_local! {
            static LAST: Last<Limits> = const { core::cell::Cell::new(None) };
        }
        shared(&LAST, self.clone())
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            send_high_water_mark: 1 << 20,
            receive_buffer: 64 << 20,
            max_message: 64 << 20,
            overflow: Overflow::Close,
            close_timeout: Duration::from_secs(10),
            #[cfg(any(
                feature = "proto",
                not(all(target_family = "wasm", target_os = "unknown"))
            ))]
            ping_interval: Some(Duration::from_secs(20)),
            #[cfg(any(
                feature = "proto",
                not(all(target_family = "wasm", target_os = "unknown"))
            ))]
            ping_timeout: Some(Duration::from_secs(20)),
            #[cfg(any(
                feature = "proto",
                not(all(target_family = "wasm", target_os = "unknown"))
            ))]
            max_head: 16 << 10,
            #[cfg(any(
                feature = "proto",
                not(all(target_family = "wasm", target_os = "unknown"))
            ))]
            max_header_lines: 128,
            #[cfg(any(
                feature = "proto",
                not(all(target_family = "wasm", target_os = "unknown"))
            ))]
            max_fragments: 1 << 17,
            #[cfg(any(
                feature = "proto",
                not(all(target_family = "wasm", target_os = "unknown"))
            ))]
            max_send_frame: 32 << 10,
            #[cfg(any(
                feature = "proto",
                not(all(target_family = "wasm", target_os = "unknown"))
            ))]
            handshake_timeout: Duration::from_secs(20),
        }
    }
}

/// What happens to a message that arrives past the receive buffer, without receive backpressure. Dropped messages are counted.
///
/// ```no_run
/// # async fn example() -> Result<(), websocket_channel::ConnectError> {
/// use websocket_channel::{Overflow, connect};
///
/// // A ticker: a slow reader wants the newest price only.
/// let prices = connect("wss://prices.example/").receive_buffer(1 << 20, Overflow::Latest).await?;
/// # drop(prices);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Overflow {
    /// The connection closes with 3013. What arrived before can still be read.
    #[default]
    Close,
    /// The oldest unread messages are dropped for it.
    DropOldest,
    /// This message is dropped.
    DropNewest,
    /// Only the newest unread message is kept, even below the limit. For states of which only the last one counts.
    Latest,
}
