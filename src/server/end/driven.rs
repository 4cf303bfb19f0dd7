//! What the channel's driver calls.

use super::HandlerEnd;
use super::reading::READ_AHEAD;
use crate::channel::{Begin, End, Item, Status};
use crate::error::{SendError, SendErrorKind};
use crate::message::{CloseInfo, Message, OpenInfo};
use crate::requests::{Kind, Load, Requests};
use crate::server::options::Away;
use crate::server::state::Standing;
use crate::session::Run;
use crate::session::wire::OVERHEAD;
use crate::transport::ConnectionLost;
use core::task::{Context, Poll};
use std::sync::Arc;

impl End for HandlerEnd {
    fn begin_turn(&mut self, turn: Begin, cx: &mut Context<'_>) {
        let below = self.takes.taken(turn.taken);
        self.below = match turn.ends {
            true => self.takes.behind(),
            false => below,
        };
        let orders = self.requests.take_orders(cx.waker());
        let loads = orders.into_iter().map(|order| self.requests.load(order));
        self.outbox.extend(loads);
        self.with(|this, state, now, wakes| {
            let old = state.remember(this.id, cx.waker());
            wakes.forget(old);
            this.hear_asked(state);
            this.retain(state, wakes);
            if this.commit(state, now) {
                state.tell_connection(this.id, wakes);
            }
            if this.ready.is_empty() {
                this.fill(state, now, wakes);
            }
        });
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        let read = self.takes.behind();
        if self.ready.is_empty() {
            self.with(Self::fill);
        }
        match self.ready.pop_front() {
            Some(item) => Poll::Ready(Some(item)),
            // There may be more messages after those that are not for the handler.
            None if self.takes.behind() != read => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            None if self.closed.is_some() => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    fn capacity(&self) -> usize {
        let room = match self.open {
            true => self.room,
            false => 0,
        };
        usize::try_from(room).unwrap_or(usize::MAX)
    }

    fn poll_room(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        if self.room == 0 && self.open {
            self.with(|this, state, _, wakes| this.retain(state, wakes));
        }
        // A send that would be refused need not wait.
        let refused = self.away && self.shared.options.away != Away::Wait;
        match self.room > 0 || !self.open || refused {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    fn takes(&mut self, bytes: usize, since: &mut Option<u64>) -> bool {
        let mut takes = false;
        self.with(|this, state, _, wakes| {
            this.retain(state, wakes);
            let room = state.room(this.id) > 0 && this.outbox.is_empty();
            if let Some(Standing::Live(server)) = state.standing(this.id) {
                let (_, next) = server.next();
                takes = room && server.takes(bytes, *since.get_or_insert(next));
            }
            if !takes {
                state.await_sent(this.id);
            }
        });
        takes
    }

    fn is_open(&self) -> bool {
        self.open
    }

    fn send(&mut self, load: Load) -> Result<(), SendError<Message>> {
        if !self.open {
            return Err(SendError::new(load.message, SendErrorKind::NotOpen));
        }
        let kind = load.kind;
        if !self.requests.is_awaited(&kind) {
            return Ok(());
        }
        let len = load.message.len() as u64;
        if len > self.max_message {
            return Err(SendError::new(load.message, SendErrorKind::SendRefused));
        }
        if self.away && self.shared.options.away != Away::Wait {
            self.send_to_nobody(load)?;
        } else {
            self.room = self.room.saturating_sub(len + OVERHEAD);
            self.outbox.push_back(load);
        }
        self.requests.answered(&kind);
        Ok(())
    }

    fn send_all(&mut self, mut run: Run, refused: &mut dyn FnMut(usize, SendErrorKind)) {
        while !run.is_empty() {
            // Without a message for each, as long as there is room.
            if self.open && self.outbox.is_empty() {
                self.with(|this, state, _, wakes| {
                    if let Some(Standing::Live(server)) = state.standing(this.id) {
                        let frames = server.send_frames(run.frames());
                        run.skip_frames(frames);
                    }
                    state.tell_connection(this.id, wakes);
                });
            }
            let Some(message) = run.take() else {
                return;
            };
            let bytes = message.len();
            if let Err(error) = self.send(Load::new(Kind::Value, message)) {
                refused(bytes, error.kind);
            }
        }
    }

    fn requests(&self) -> &Arc<Requests> {
        &self.requests
    }

    fn close(&mut self, code: u16, reason: &str) {
        if !self.open {
            return;
        }
        self.with(|this, state, now, wakes| {
            this.hear_asked(state);
            this.asked
                .get_or_insert_with(|| Box::new((code, reason.into())));
            this.retain(state, wakes);
            this.end(state, now, wakes);
        });
    }

    fn abort(&mut self, code: u16, reason: &str, _: &mut Context<'_>) {
        self.close(code, reason);
    }

    fn stop_reading(&mut self) {
        self.ready.clear();
        if !core::mem::replace(&mut self.unread, true) {
            self.with(Self::fill);
        }
    }

    fn end_turn(&mut self, cx: &mut Context<'_>) {
        let ends = self.asked.is_some();
        if ends || !self.outbox.is_empty() {
            self.with(|this, state, now, wakes| {
                this.retain(state, wakes);
                if ends {
                    this.end(state, now, wakes);
                }
            });
        }
        if ends {
            // Senders that wait fail in the next turn.
            cx.waker().wake_by_ref();
        }
        // Most sessions are idle for long.
        if self.ready.is_empty() && self.outbox.is_empty() {
            (self.ready, self.outbox) = Default::default();
        }
    }

    fn poll_flushed(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), ConnectionLost>> {
        let mut flushed = Poll::Pending;
        self.with(|this, state, _, wakes| match state.standing(this.id) {
            Some(Standing::Live(server)) => {
                let (_, next) = server.next();
                if server.committed() >= next && this.outbox.is_empty() {
                    flushed = Poll::Ready(Ok(()));
                } else if this.flushed < next {
                    this.flushed = next;
                    server.flush();
                    state.tell_connection(this.id, wakes);
                }
            }
            Some(Standing::Ended(_, closed, _)) if closed.unsent_bytes == 0 => {
                flushed = Poll::Ready(Ok(()));
            }
            _ => flushed = Poll::Ready(Err(ConnectionLost)),
        });
        flushed
    }

    fn awaits_takes(&self) -> bool {
        self.takes.any()
    }

    fn retained(&self) -> usize {
        let outbox: usize = self.outbox.iter().map(|load| load.message.len()).sum();
        let mut state = self.shared.lock();
        let retained = match state.standing(self.id) {
            Some(Standing::Live(server)) => server.retained(),
            _ => 0,
        };
        outbox + usize::try_from(retained).unwrap_or(usize::MAX)
    }

    fn resumed(&self) -> u64 {
        self.shared.lock().resumed(self.id)
    }

    fn news(&mut self) -> Option<Status> {
        None
    }

    fn closed(&self) -> Option<&CloseInfo> {
        self.closed.as_deref()
    }

    fn take_opened(&mut self) -> Option<Box<OpenInfo>> {
        None
    }

    fn read_ahead(&self) -> usize {
        READ_AHEAD
    }

    fn receive_buffer(&self) -> usize {
        let window = self.shared.options.settings.window;
        usize::try_from(window).unwrap_or(usize::MAX)
    }
}
