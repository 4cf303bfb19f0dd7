//! The attempt to connect that a builder makes.

#[cfg(feature = "session")]
use crate::channel::client_end;
#[cfg(feature = "reconnect")]
use crate::channel::reconnecting::Reconnecting;
use crate::channel::source::Opening;
use crate::channel::{Channel, driver};
use crate::codec::Codec;
use crate::error::ConnectError;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::sync::Arc;

/// What is awaited.
pub(super) enum Beginning {
    Socket(Pin<Box<Opening>>),
    #[cfg(feature = "session")]
    Session(Box<client_end::Begin>),
}

/// An attempt to connect, made by awaiting [`Connect`](crate::Connect). Dropping it closes the connection.
#[must_use = "nothing connects until it is awaited"]
pub struct Connecting<Tx, Rx> {
    // It does not know the types, so it is compiled once and not for every channel.
    pub(super) beginning: Beginning,
    pub(super) codec: Arc<dyn Codec<Tx, Rx>>,
    /// Makes the next connection when this one is lost.
    #[cfg(feature = "reconnect")]
    pub(super) next: Option<Box<Reconnecting>>,
}

impl<Tx: 'static, Rx: 'static> Future for Connecting<Tx, Rx> {
    type Output = Result<Channel<Tx, Rx>, ConnectError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        #[cfg(feature = "session")]
        let opening = match &mut self.beginning {
            Beginning::Socket(opening) => opening,
            Beginning::Session(beginning) => {
                let end = ready!(beginning.poll(cx))?;
                let mailbox = driver::start_end(end);
                return Poll::Ready(Ok(Channel::over(mailbox, self.codec.clone())));
            }
        };
        #[cfg(not(feature = "session"))]
        let Beginning::Socket(opening) = &mut self.beginning;
        let socket = ready!(opening.as_mut().poll(cx))?;
        #[cfg(feature = "reconnect")]
        let mailbox = driver::start_again(socket, self.next.take());
        #[cfg(not(feature = "reconnect"))]
        let mailbox = driver::start(socket);
        Poll::Ready(Ok(Channel::over(mailbox, self.codec.clone())))
    }
}
