//! A connection that is served, and the handler of the session that begins on it.

use super::Info;
use super::carrier::Carrier;
use super::handler::{self, Handler};
use super::pump::{Pump, Turn};
use crate::channel::Channel;
use crate::codec::Codec;
use crate::message::CloseInfo;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

/// The future of [`Sessions::serve`](super::Sessions::serve). It is a struct, because an `async` block would hold its arguments twice for as long as the
/// connection is open.
pub(super) struct Serving<S: Carrier, C, H, Tx, Rx> {
    pump: Pump<S>,
    /// Until the session begins: that is once.
    start: Option<(C, H)>,
    _types: PhantomData<fn(Tx) -> Rx>,
}

// Nothing in it is pinned.
impl<S: Carrier, C, H, Tx, Rx> Unpin for Serving<S, C, H, Tx, Rx> {}

impl<S: Carrier, C, H, Tx, Rx> Serving<S, C, H, Tx, Rx> {
    pub(super) fn new(pump: Pump<S>, codec: C, handler: H) -> Self {
        Self {
            pump,
            start: Some((codec, handler)),
            _types: PhantomData,
        }
    }
}

impl<S, C, H, Tx, Rx, F> Future for Serving<S, C, H, Tx, Rx>
where
    S: Carrier,
    C: Codec<Tx, Rx> + 'static,
    Tx: 'static,
    Rx: 'static,
    H: FnOnce(Channel<Tx, Rx>, Info) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    type Output = CloseInfo;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<CloseInfo> {
        loop {
            let id = match ready!(self.pump.poll(cx)) {
                Turn::Over(closed) => return Poll::Ready(*closed),
                Turn::Started(id) => id,
            };
            if let Some((codec, handler)) = self.start.take() {
                let shared = self.pump.shared();
                let info = Info {
                    id,
                    identity: self.pump.identity.to_vec(),
                    resumed: false,
                };
                let channel = handler::channel(shared, id, codec);
                let open = channel.keep_open();
                Handler::spawn(shared, id, open, handler(channel, info));
            }
        }
    }
}
