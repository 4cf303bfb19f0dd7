//! What is beneath a channel's driver: a socket, or one end of a session.
//!
//! The driver polls it in turns: [`begin_turn`](Link::begin_turn), then messages in and out, then [`end_turn`](Link::end_turn). Without the feature
//! `session` there is only the socket, and nothing of this is left in the program.

#[cfg(feature = "session")]
use super::mailbox::Status;
#[cfg(feature = "session")]
use crate::error::RecvError;
use crate::error::SendError;
#[cfg(feature = "session")]
use crate::error::SendErrorKind;
use crate::message::{CloseInfo, Message, OpenInfo};
#[cfg(feature = "session")]
use crate::requests::{Asked, Kind, Load, Requests};
#[cfg(feature = "session")]
use crate::session::Run;
use crate::socket::Socket;
#[cfg(feature = "session")]
use crate::transport::MaybeSend;
use crate::transport::{ConnectionLost, Dropped};
use core::task::{Context, Poll};
use core::time::Duration;
#[cfg(feature = "session")]
use std::sync::Arc;

/// What carries a channel's messages.
pub(crate) enum Link {
    Socket(Socket),
    #[cfg(feature = "session")]
    Session(Box<dyn End>),
}

/// One end of a session, of the client or of the server. It is polled by the driver only, in its turns, with the waker of its task: whatever may make
/// one of these methods give something new wakes it.
///
/// Natively it is `Send`.
#[cfg(feature = "session")]
pub(crate) trait End: MaybeSend {
    /// The first thing in a turn: what has happened beneath is taken in.
    fn begin_turn(&mut self, turn: Begin, cx: &mut Context<'_>);

    /// The next item for the receiver, and `None` once the session has ended: then [`closed`](Self::closed) says how. The driver does not ask while what
    /// waits to be read fills [`read_ahead`](Self::read_ahead).
    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Item>>;

    /// Bytes that may be retained before senders wait; 0 if nothing can be sent.
    fn capacity(&self) -> usize;

    /// Ready if [`capacity`](Self::capacity) is above 0, or nothing can be sent any more.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Whether a connection takes a message of so many bytes now, which waits since there was this index. It is set when the message begins to wait.
    fn takes(&mut self, bytes: usize, since: &mut Option<u64>) -> bool;

    /// Whether messages can be sent, with a connection or without one. False once the end has begun.
    fn is_open(&self) -> bool;

    /// Retains a message.
    ///
    /// # Errors
    /// The message: the end has begun, or the peer takes none that is so large.
    fn send(&mut self, load: Load) -> Result<(), SendError<Message>>;

    /// The requests of its channel.
    fn requests(&self) -> &Arc<Requests>;

    /// Retains many values. For each one that is refused it passes the bytes and the reason to `refused`.
    fn send_all(&mut self, mut run: Run, refused: &mut dyn FnMut(usize, SendErrorKind)) {
        while let Some(message) = run.take() {
            let bytes = message.len();
            if let Err(error) = self.send(Load::new(Kind::Value, message)) {
                refused(bytes, error.kind);
            }
        }
    }

    /// Begins the end of the session, behind what was sent. The code and the length of the reason were checked as those of a socket. It may come twice.
    fn close(&mut self, code: u16, reason: &str);

    /// The same, and gives the connection up as soon as that is written. Nothing waits for it, and the driver is dropped next.
    fn abort(&mut self, code: u16, reason: &str, cx: &mut Context<'_>);

    /// Nobody will read any more: what arrives is committed and dropped. It may come twice.
    fn stop_reading(&mut self);

    /// The last thing in a turn: what is to be sent is sent, as far as there is room, and the next timer is armed.
    fn end_turn(&mut self, cx: &mut Context<'_>);

    /// Ready when the peer has committed everything that was sent, which it is asked to do without delay. It comes behind [`end_turn`](Self::end_turn).
    fn poll_flushed(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionLost>>;

    /// Whether the driver is to have a turn when the receiver takes something: to begin the time within which that is acknowledged.
    fn awaits_takes(&self) -> bool;

    /// Bytes that are retained.
    fn retained(&self) -> usize;

    /// How many connections have gone on with the session.
    fn resumed(&self) -> u64;

    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    /// Whether the driver has another turn soon, without being woken by a handle.
    fn is_turn_due(&self) -> bool {
        false
    }

    /// The status, if it is another than at the last call. `Closing` and `Closed` are for the driver to set.
    fn news(&mut self) -> Option<Status>;

    /// How the session has ended.
    fn closed(&self) -> Option<&CloseInfo>;

    /// The result of the handshake of the first connection, once.
    fn take_opened(&mut self) -> Option<Box<OpenInfo>>;

    /// Bytes that are read ahead of the receiver, at least 1.
    fn read_ahead(&self) -> usize;

    /// The same while something waits for the end.
    fn receive_buffer(&self) -> usize;
}

/// What the handles have done since the last turn.
#[cfg(feature = "session")]
pub(crate) struct Begin {
    /// So many messages of [`End::poll_item`] have been taken by the receiver, which has asked for the next one: they are committed. It counts on and
    /// wraps.
    pub(crate) taken: usize,
    /// Something waits for the end: what was read ahead may be committed with the peer's last message.
    pub(crate) ends: bool,
    /// What a `Control` requested.
    pub(crate) orders: super::reconnecting::Orders,
}

/// What a link gives to the receiver.
pub(crate) enum Item {
    Message(Message),
    /// Values in a row.
    #[cfg(feature = "session")]
    Run(Run),
    /// An error at its place, behind which the stream goes on, or ends.
    #[cfg(feature = "session")]
    Error(Box<RecvError>),
    /// A request of the peer.
    #[cfg(feature = "session")]
    Request(Box<Asked>),
}

/// The same for both.
macro_rules! either {
    ($link:expr, $socket:ident => $of_socket:expr, $end:ident => $of_end:expr) => {
        match $link {
            Link::Socket($socket) => $of_socket,
            #[cfg(feature = "session")]
            Link::Session($end) => $of_end,
        }
    };
}

impl Link {
    #[inline]
    pub(super) fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        either!(self,
            socket => socket.poll_message(cx).map(|message| message.map(Item::Message)),
            end => end.poll_item(cx))
    }

    #[inline]
    pub(super) fn capacity(&self) -> usize {
        either!(self, socket => socket.capacity(), end => end.capacity())
    }

    #[inline]
    pub(super) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        either!(self, socket => socket.poll_room(cx).map(drop), end => end.poll_room(cx))
    }

    /// As [`End::takes`]. A socket that has no room wakes the task when it has.
    #[cfg(feature = "session")]
    pub(super) fn takes(
        &mut self,
        bytes: usize,
        since: &mut Option<u64>,
        cx: &mut Context<'_>,
    ) -> bool {
        either!(self,
            socket => socket.poll_room(cx).is_ready() && socket.capacity() > 0,
            end => end.takes(bytes, since))
    }

    #[inline]
    pub(super) fn is_open(&self) -> bool {
        either!(self, socket => socket.is_open(), end => end.is_open())
    }

    #[inline]
    pub(super) fn send_now(&mut self, message: Message) -> Result<(), SendError<Message>> {
        either!(self,
            socket => socket.send_now(message),
            end => end.send(Load::new(Kind::Value, message)))
    }

    /// As [`send_now`](Self::send_now), for a request or an answer.
    #[cfg(feature = "session")]
    pub(super) fn send_load(&mut self, load: Load) -> Result<(), SendError<Message>> {
        match self {
            Link::Session(end) => end.send(load),
            Link::Socket(_) => {
                let kind = crate::error::SendErrorKind::SendRefused;
                Err(SendError::new(load.message, kind))
            }
        }
    }

    /// The requests of a session.
    #[cfg(feature = "session")]
    pub(super) fn requests(&self) -> Option<Arc<Requests>> {
        match self {
            Link::Session(end) => Some(end.requests().clone()),
            Link::Socket(_) => None,
        }
    }

    /// As [`Socket::send_at_once`]. A session retains the message at once. The driver's next turn writes it, in a batch with those that follow. The queue
    /// reports why a message was refused.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    #[inline]
    pub(super) fn send_at_once(&mut self, message: Message, more: bool) -> Result<bool, Message> {
        either!(self,
            socket => socket.send_at_once(message, more),
            end => end
                .send(Load::new(Kind::Value, message))
                .map(|()| true)
                .map_err(|error| error.value))
    }

    #[inline]
    pub(super) fn begin_close(&mut self, code: u16, reason: &str) {
        either!(self, socket => socket.begin_close(code, reason), end => end.close(code, reason));
    }

    /// Nothing waits for the end any more: what can be handed over at once is.
    #[inline]
    pub(super) fn abort(&mut self, code: u16, reason: &str, cx: &mut Context<'_>) {
        either!(self, socket => {
            socket.begin_close(code, reason);
            let _ = socket.poll_handed_over(cx);
        }, end => {
            end.abort(code, reason, cx);
        });
    }

    /// Hands over what was sent, as far as there is room.
    #[inline]
    pub(super) fn end_turn(&mut self, cx: &mut Context<'_>) {
        either!(self, socket => drop(socket.poll_handed_over(cx)), end => end.end_turn(cx));
    }

    /// Ready when everything sent was handed over, or in a session committed by the peer, or cannot be any more.
    pub(super) fn poll_flushed(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), ConnectionLost>> {
        either!(self, socket => socket.poll_handed_over(cx), end => end.poll_flushed(cx))
    }

    /// Ready when the platform reports nothing unsent, or as [`poll_flushed`](Self::poll_flushed).
    pub(super) fn poll_drained(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), ConnectionLost>> {
        either!(self, socket => socket.poll_drained(cx), end => end.poll_flushed(cx))
    }

    /// Bytes that the end would lose.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub(super) fn buffered_amount(&self) -> usize {
        either!(self, socket => socket.buffered_amount(), end => end.retained())
    }

    pub(super) fn dropped(&self) -> Dropped {
        either!(self, socket => socket.dropped(), _end => Dropped::default())
    }

    pub(super) fn ping(&mut self) {
        either!(self, socket => socket.ping(), _end => ());
    }

    pub(super) fn round_trip(&self) -> Option<Duration> {
        either!(self, socket => socket.round_trip(), _end => None)
    }

    pub(super) fn close_info(&self) -> Option<&CloseInfo> {
        either!(self, socket => socket.close_info(), end => end.closed())
    }

    pub(super) fn take_opened(&mut self) -> Option<Box<OpenInfo>> {
        either!(self, socket => socket.take_opened(), end => end.take_opened())
    }

    pub(super) fn has_receive_backpressure(&self) -> bool {
        either!(self, socket => socket.has_receive_backpressure(), _end => true)
    }

    pub(super) fn read_ahead(&self) -> usize {
        either!(self, socket => socket.read_ahead(), end => end.read_ahead())
    }

    pub(super) fn receive_buffer(&self) -> usize {
        either!(self,
            socket => socket.limits().map_or(0, |limits| limits.receive_buffer),
            end => end.receive_buffer())
    }
}
