//! One WebSocket connection, of any library.

use crate::message::Message;
use crate::socket::Socket;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures_core::Stream;
use futures_sink::Sink;
use std::collections::VecDeque;

/// An open WebSocket connection that carries a session: our [`Socket`], or another library's by [`Foreign`].
///
/// Nothing is polled after [`Arrived::Closed`]. Dropping it ends the connection.
pub trait Carrier: Send {
    /// What arrived.
    fn poll_arrived(&mut self, cx: &mut Context<'_>) -> Poll<Arrived>;

    /// Ready when there is room to send, and when nothing can be sent any more.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Sends a binary message, in order. A few may come without asking for room. It is discarded if nothing can be sent any more.
    fn send(&mut self, batch: Vec<u8>);

    /// Hands over what was sent; ready when that is done, or cannot be any more.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Begins to close, after what was sent. [`Arrived::Closed`] follows when the peer has answered.
    fn close(&mut self, code: u16, reason: &str);
}

/// What arrives on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Arrived {
    /// A binary message.
    Batch(Vec<u8>),
    /// A text message: no session has any, so its content does not matter.
    Text,
    /// The end, with its close code: 1005 if the peer sent none, 1006 if there was no Close frame.
    Closed(u16),
}

impl Carrier for Socket {
    fn poll_arrived(&mut self, cx: &mut Context<'_>) -> Poll<Arrived> {
        Poll::Ready(match ready!(self.poll_message(cx)) {
            Some(Message::Binary(batch)) => Arrived::Batch(batch),
            Some(Message::Text(_)) => Arrived::Text,
            None => Arrived::Closed(self.close_info().map_or(1006, |closed| closed.code)),
        })
    }

    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Socket::poll_room(self, cx).map(drop)
    }

    fn send(&mut self, batch: Vec<u8>) {
        // The end of the connection tells what was not sent; the session has it still.
        let _ = self.send_now(Message::Binary(batch));
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_handed_over(cx).map(drop)
    }

    fn close(&mut self, code: u16, reason: &str) {
        self.begin_close(code, reason);
    }
}

/// The connection of another library: a stream of `Result<M, E>` and a sink of `M`, with three functions that translate.
///
/// With tungstenite, and alike with axum, whose messages have other names:
///
/// ```ignore
/// let socket = Foreign::new(
///     socket,
///     |message| match message {
///         Message::Binary(bytes) => Some(Arrived::Batch(bytes.into())),
///         Message::Text(_) => Some(Arrived::Text),
///         Message::Close(frame) => Some(Arrived::Closed(frame.map_or(1005, |frame| frame.code.into()))),
///         // Pings and pongs are the library's own affair.
///         _ => None,
///     },
///     |batch| Message::Binary(batch.into()),
///     |code, reason| Message::Close(Some(CloseFrame { code: code.into(), reason: reason.into() })),
/// );
/// sessions.serve(socket, b"", Json, handler).await;
/// ```
pub struct Foreign<S, M, R, B, C> {
    socket: S,
    read: R,
    batch: B,
    close: C,
    /// What the sink has not taken yet: a few batches, and a Close frame.
    queue: VecDeque<M>,
    /// A Close frame was read; the stream still ends.
    code: Option<u16>,
    /// Nothing can be sent any more.
    broken: bool,
}

impl<S, M, E, R, B, C> Foreign<S, M, R, B, C>
where
    S: Stream<Item = Result<M, E>> + Sink<M> + Unpin + Send,
    M: Send,
    R: FnMut(M) -> Option<Arrived> + Send,
    B: FnMut(Vec<u8>) -> M + Send,
    C: FnMut(u16, String) -> M + Send,
{
    /// `read` says what a message is, `None` if it is none of the session's; `batch` makes a binary message, `close` a Close frame of code and reason.
    pub fn new(socket: S, read: R, batch: B, close: C) -> Self {
        Self {
            socket,
            read,
            batch,
            close,
            queue: VecDeque::new(),
            code: None,
            broken: false,
        }
    }

    /// Ready when the sink has taken what waits, and `then` is; and when nothing can be sent any more.
    fn poll_sink(
        &mut self,
        cx: &mut Context<'_>,
        then: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<Result<(), S::Error>>,
    ) -> Poll<()> {
        if self.broken {
            return Poll::Ready(());
        }
        let result = ready!(self.poll_queue(cx, then));
        if result.is_err() {
            self.broken = true;
            self.queue.clear();
        }
        Poll::Ready(())
    }

    fn poll_queue(
        &mut self,
        cx: &mut Context<'_>,
        then: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<Result<(), S::Error>>,
    ) -> Poll<Result<(), S::Error>> {
        while !self.queue.is_empty() {
            ready!(Pin::new(&mut self.socket).poll_ready(cx))?;
            if let Some(message) = self.queue.pop_front() {
                Pin::new(&mut self.socket).start_send(message)?;
            }
        }
        then(Pin::new(&mut self.socket), cx)
    }

    fn push(&mut self, message: M) {
        if !self.broken {
            self.queue.push_back(message);
        }
    }
}

impl<S, M, E, R, B, C> Carrier for Foreign<S, M, R, B, C>
where
    S: Stream<Item = Result<M, E>> + Sink<M> + Unpin + Send,
    M: Send,
    R: FnMut(M) -> Option<Arrived> + Send,
    B: FnMut(Vec<u8>) -> M + Send,
    C: FnMut(u16, String) -> M + Send,
{
    fn poll_arrived(&mut self, cx: &mut Context<'_>) -> Poll<Arrived> {
        loop {
            let Some(Ok(message)) = ready!(Pin::new(&mut self.socket).poll_next(cx)) else {
                return Poll::Ready(Arrived::Closed(self.code.unwrap_or(1006)));
            };
            match (self.read)(message) {
                // The library answers it as the stream is read to its end.
                Some(Arrived::Closed(code)) => self.code = Some(code),
                Some(arrived) if self.code.is_none() => return Poll::Ready(arrived),
                _ => {}
            }
        }
    }

    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_sink(cx, |sink, cx| sink.poll_ready(cx))
    }

    fn send(&mut self, batch: Vec<u8>) {
        let message = (self.batch)(batch);
        self.push(message);
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_sink(cx, |sink, cx| sink.poll_flush(cx))
    }

    fn close(&mut self, code: u16, reason: &str) {
        let message = (self.close)(code, reason.into());
        self.push(message);
    }
}

impl<S, M, R, B, C> fmt::Debug for Foreign<S, M, R, B, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Foreign").finish_non_exhaustive()
    }
}
