//! The options of a channel's session.

use super::Settings;
use core::time::Duration;

/// Options of a channel's session, for [`Connect::session`](crate::Connect::session). `Session::default()` suits most applications.
///
/// ```
/// use websocket_channel::session::OnLost;
/// use websocket_channel::Session;
///
/// // A feed: if the server has restarted, continue with a new session.
/// let session = Session::default().on_lost(OnLost::Renew).window(1 << 20);
/// # let _ = session;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub(crate) settings: Settings,
    pub(crate) on_lost: OnLost,
}

/// What a channel does when its session cannot continue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnLost {
    /// It ends. The last item is [`RecvError::SessionLost`](crate::RecvError::SessionLost).
    #[default]
    End,
    /// It continues with a new session and the same handles. The stream has [`RecvError::SessionLost`](crate::RecvError::SessionLost) at that place. The
    /// channel still ends if its policy makes no more attempts, or if the new session is refused.
    Renew,
}

/// A page has one session, and a server many. So a page can read further ahead, and a fast stream does not wait for credit.
const WINDOW: u64 = 1024 * 1024;

impl Default for Session {
    fn default() -> Self {
        let settings = Settings {
            window: WINDOW,
            ..Settings::default()
        };
        Self {
            settings,
            on_lost: OnLost::default(),
        }
    }
}

impl Session {
    /// What the channel does when the session cannot continue, because it has expired or the server has restarted. Default [`OnLost::End`].
    pub fn on_lost(mut self, on_lost: OnLost) -> Self {
        self.on_lost = on_lost;
        self
    }

    /// Bytes that the server may send ahead of the receiver, with 32 more for each message. Default 1 MiB. At 0 it is one message. In
    /// addition the channel holds one message of [`max_message`](Self::max_message), and 64 KiB that it has read ahead.
    pub fn window(mut self, bytes: u32) -> Self {
        self.settings.window = u64::from(bytes);
        self
    }

    /// The largest message that is accepted, in bytes, 1 KiB to 1 GiB. Default 1 MiB. A larger one is an error at the server, and the
    /// session continues.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.settings.max_message = bytes as u64;
        self
    }

    /// How long a value may wait for others, to share a WebSocket message with them. Default 0: it is sent at once. A full WebSocket message,
    /// [`flush`](crate::Sender::flush) and the end of the session do not wait. Longer delays save bytes and processor time where many small values are
    /// sent, and add to the latency of each.
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.settings.max_delay = delay;
        self
    }

    /// The largest WebSocket message that the server may send, in bytes, 32 KiB to 16 MiB. Default 32 KiB. A larger one carries more at
    /// once, but delays heartbeats.
    pub fn max_batch(mut self, bytes: usize) -> Self {
        self.settings.max_batch = bytes as u64;
        self
    }
}
