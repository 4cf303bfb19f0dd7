//! The shared state for requests.

use super::{AT_ONCE, Mailbox, State};
use crate::channel::wait_queue::Key;
use crate::codec::Decode;
use crate::message::Message;
use crate::queue::take_out;
use crate::requests::{Asked, Kind, Requests};
use core::task::Waker;
use std::sync::Arc;

impl State {
    /// What a message in the queue is, if it carries no plain value.
    pub(super) fn take_kind(&mut self, key: Key) -> Option<Kind> {
        let kinds = self.kinds.as_mut()?;
        let place = kinds.iter().position(|(of, _)| *of == key)?;
        Some(take_out(kinds, place)?.1)
    }
}

impl Mailbox {
    /// The requests of a session; none without one.
    pub(in crate::channel) fn requests(&self) -> Option<&Arc<Requests>> {
        self.session.as_ref().map(|told| told.requests())
    }

    /// Keeps what decodes the answers, for a session.
    pub(in crate::channel) fn set_decoder<Rx: 'static>(&self, codec: Arc<dyn Decode<Rx>>) {
        if let Some(told) = &self.session {
            let _ = told.decoder().set(Box::new(codec));
        }
    }

    /// What decodes the answers, if the channel receives `Rx`.
    pub(in crate::channel) fn decoder<Rx: 'static>(&self) -> Option<Arc<dyn Decode<Rx>>> {
        let codec = self.session.as_ref()?.decoder().get()?;
        codec.downcast_ref::<Arc<dyn Decode<Rx>>>().cloned()
    }

    /// As [`enter`](Self::enter), for a request or an answer.
    pub(in crate::channel) fn enter_load(
        &self,
        kind: Kind,
        message: Message,
        waker: &Waker,
    ) -> Key {
        self.notify_driver(|state| {
            let waker = (!AT_ONCE).then(|| waker.clone());
            let open = state.is_live();
            let key = state.outgoing.queue.enter(Some(message), waker, open);
            if open {
                state.kinds.get_or_insert_default().push((key, kind));
            }
            key
        })
    }

    /// As [`leave`](Self::leave), for a request or an answer. Also after it was refused.
    pub(in crate::channel) fn leave_load(&self, key: Key) {
        self.lock().take_kind(key);
    }

    /// The request that [`poll_message`](Self::poll_message) stopped at.
    pub(in crate::channel) fn take_request(&self) -> Option<Box<Asked>> {
        let asked = self.incoming.take_request()?;
        // There may be room behind it, and it counts as taken.
        self.wake_driver(self.lock());
        Some(asked)
    }

    /// From now on, requests are not refused: [`take_request`](Self::take_request) gives them.
    pub(in crate::channel) fn answer_requests(&self) {
        self.incoming.answer_requests();
    }
}
