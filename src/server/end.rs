//! The handler's end of a session, beneath its channel: what it reads has come by one connection or another, what it sends is retained until the client has
//! committed it.
//!
//! The state of all sessions is locked once at the beginning of a turn and once at its end, not for every message.

use super::options::Away;
use super::shared::{Shared, bye_code};
use super::state::{Standing, State, Wakes};
use crate::channel::{Begin, End, Item, Status, Takes};
use crate::error::{RecvError, SendError, SendErrorKind, Undelivered};
use crate::message::{CloseInfo, ClosedBy, Message, OpenInfo};
use crate::session::wire::{Head, OVERHEAD};
use crate::session::{Secret, SessionMessage, Unsendable};
use crate::transport::ConnectionLost;
use core::task::{Context, Poll};
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

/// Bytes that are read ahead of the handler.
const READ_AHEAD: usize = 16 << 10;

pub(super) struct HandlerEnd {
    shared: Arc<Shared>,
    id: Secret,
    /// Read from the session, and not yet given to the channel.
    ready: VecDeque<Item>,
    /// Which of them the handler has taken.
    takes: Takes,
    /// Messages below may be committed.
    below: u64,
    /// Sent in this turn, or above the bound.
    outbox: VecDeque<Message>,
    /// What can be retained above the outbox, in cost, and the largest message that the client takes, as of this turn.
    room: u64,
    max_message: u64,
    /// Neither side has begun the end.
    open: bool,
    /// The client has no connection.
    away: bool,
    /// `FLUSH` was asked for what is below.
    flushed: u64,
    closed: Option<CloseInfo>,
}

impl HandlerEnd {
    pub(super) fn new(shared: Arc<Shared>, id: Secret) -> Self {
        let mut state = shared.lock();
        state.hold(id);
        let room = state.room(id);
        drop(state);
        Self {
            shared,
            id,
            ready: VecDeque::new(),
            takes: Takes::default(),
            below: 0,
            outbox: VecDeque::new(),
            room,
            max_message: u64::MAX,
            open: true,
            away: false,
            flushed: 0,
            closed: None,
        }
    }

    /// Changes the session, and looks how it stands then.
    fn with(&mut self, change: impl FnOnce(&mut Self, &mut State, Duration, &mut Wakes)) {
        let shared = self.shared.clone();
        shared.with(|state, now, wakes| {
            change(self, state, now, wakes);
            state.settle(now, self.id, wakes);
            self.look(state);
        });
    }

    /// How the session stands.
    fn look(&mut self, state: &mut State) {
        match state.standing(self.id) {
            Some(Standing::Live(server)) => {
                self.open &= server.is_open();
                self.away = server.connection().is_none();
                self.max_message = server.max_message();
                self.room = match self.outbox.is_empty() {
                    true => state.room(self.id),
                    false => 0,
                };
            }
            Some(Standing::Ended(_, closed, _)) => {
                self.open = false;
                if self.closed.is_none() {
                    let mut closed = closed.clone();
                    closed.unsent_bytes += self.outbox.iter().map(Message::len).sum::<usize>();
                    self.closed = Some(closed);
                }
            }
            None => {
                self.open = false;
                let closed = || CloseInfo::lost(ClosedBy::Local);
                self.closed.get_or_insert_with(closed);
            }
        }
    }

    /// Reads ahead.
    fn fill(&mut self, state: &mut State, now: Duration, wakes: &mut Wakes) {
        let mut bytes = 0;
        while bytes < READ_AHEAD {
            let message = match state.standing(self.id) {
                Some(Standing::Live(server)) => {
                    let Some(message) = server.read() else {
                        break;
                    };
                    if let Head::Request { .. } = message.head {
                        // Nobody answers it, and its sender is not to wait.
                        let head = Head::Error {
                            to: message.index,
                            code: 0,
                        };
                        let _ = server.send(head, b"requests are not answered here");
                    }
                    message
                }
                Some(Standing::Ended(rest, _, lost)) => match rest.pop_front() {
                    Some(message) => message,
                    None => {
                        if let Some(mut lost) = lost.take() {
                            lost.never_sent.extend(self.outbox.drain(..));
                            let lost = RecvError::SessionLost(lost);
                            self.ready.push_back(Item::Error(Box::new(lost)));
                        }
                        break;
                    }
                },
                None => break,
            };
            bytes += message.payload.len() + OVERHEAD as usize;
            self.note(message);
        }
        for message in state.take_undelivered(self.id) {
            let undelivered = Undelivered::new(message);
            let error = RecvError::Undelivered(Box::new(undelivered));
            self.ready.push_back(Item::Error(Box::new(error)));
        }
        if self.commit(state, now) || bytes > 0 {
            state.tell_connection(self.id, wakes);
        }
    }

    fn note(&mut self, message: SessionMessage) {
        match message.head {
            Head::Data { .. } => {
                self.takes.give(message.index);
                self.ready.push_back(Item::Message(message.payload));
                return;
            }
            Head::Void => {
                let error = Box::new(RecvError::Missing);
                self.ready.push_back(Item::Error(error));
            }
            _ => {}
        }
        self.takes.pass(message.index);
        if !self.takes.any() {
            self.below = message.index + 1;
        }
    }

    /// Commits what was taken, and what needs no taking between. Whether there was any.
    fn commit(&self, state: &mut State, now: Duration) -> bool {
        let below = self.below;
        if let Some(Standing::Live(server)) = state.standing(self.id)
            && server.has_committed() < below
        {
            server.commit(now, below);
            return true;
        }
        false
    }

    /// Has a message retained at once, or refuses it: its client is away, and nothing waits for it.
    fn send_to_nobody(&mut self, message: Message) -> Result<(), SendError<Message>> {
        self.outbox.push_back(message);
        self.with(|this, state, _, wakes| this.retain(state, wakes));
        let Some(message) = self.outbox.pop_back() else {
            return Ok(());
        };
        if self.shared.options.away == Away::Refuse {
            return Err(SendError::new(message, SendErrorKind::SendRefused));
        }
        self.with(|this, state, now, _| {
            if let Some(Standing::Live(server)) = state.standing(this.id) {
                server.expire(now);
            }
        });
        Err(SendError::new(message, SendErrorKind::NotOpen))
    }

    /// Has retained what was sent, as far as there is room.
    fn retain(&mut self, state: &mut State, wakes: &mut Wakes) {
        let Some(Standing::Live(server)) = state.standing(self.id) else {
            return;
        };
        let mut sent = false;
        while let Some(message) = self.outbox.front() {
            let head = Head::Data {
                text: matches!(message, Message::Text(_)),
            };
            match server.send(head, message.as_bytes()) {
                Err(Unsendable::Full) => break,
                // Its size was looked at when it was accepted. If the end has begun meanwhile, it is what was not delivered.
                Err(_) => break,
                Ok(_) => sent = true,
            }
            self.outbox.pop_front();
        }
        if sent {
            state.tell_connection(self.id, wakes);
        }
    }
}

impl End for HandlerEnd {
    fn begin_turn(&mut self, turn: Begin, cx: &mut Context<'_>) {
        let below = self.takes.taken(turn.taken);
        self.below = match turn.ends {
            true => self.takes.behind(),
            false => below,
        };
        self.with(|this, state, now, wakes| {
            let old = state.remember(this.id, cx.waker());
            wakes.forget(old);
            this.retain(state, wakes);
            if this.commit(state, now) {
                state.tell_connection(this.id, wakes);
            }
            if this.ready.is_empty() {
                this.fill(state, now, wakes);
            }
        });
    }

    fn poll_item(&mut self, _cx: &mut Context<'_>) -> Poll<Option<Item>> {
        if self.ready.is_empty() {
            self.with(Self::fill);
        }
        match self.ready.pop_front() {
            Some(item) => Poll::Ready(Some(item)),
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
        // One that is refused has not to wait.
        let refused = self.away && self.shared.options.away != Away::Wait;
        match self.room > 0 || !self.open || refused {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    fn is_open(&self) -> bool {
        self.open
    }

    fn send(&mut self, message: Message) -> Result<(), SendError<Message>> {
        if !self.open {
            return Err(SendError::new(message, SendErrorKind::NotOpen));
        }
        let len = message.len() as u64;
        if len > self.max_message {
            return Err(SendError::new(message, SendErrorKind::SendRefused));
        }
        if self.away && self.shared.options.away != Away::Wait {
            return self.send_to_nobody(message);
        }
        self.room = self.room.saturating_sub(len + OVERHEAD);
        self.outbox.push_back(message);
        Ok(())
    }

    fn close(&mut self, code: u16, reason: &str) {
        if !core::mem::replace(&mut self.open, false) {
            return;
        }
        self.with(|this, state, now, wakes| {
            this.retain(state, wakes);
            state.end_session(this.id, now, bye_code(code), reason, wakes);
        });
    }

    fn abort(&mut self, code: u16, reason: &str, _: &mut Context<'_>) {
        self.close(code, reason);
    }

    fn stop_reading(&mut self) {
        self.ready.clear();
        self.with(|this, state, now, wakes| {
            if let Some(Standing::Live(server)) = state.standing(this.id) {
                server.stop_reading(now);
                state.tell_connection(this.id, wakes);
            }
        });
    }

    fn end_turn(&mut self, _cx: &mut Context<'_>) {
        if !self.outbox.is_empty() {
            self.with(|this, state, _, wakes| this.retain(state, wakes));
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
        let outbox: usize = self.outbox.iter().map(Message::len).sum();
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
        self.closed.as_ref()
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

/// The channel is gone, and with it the session: nobody is left to read or to send.
impl Drop for HandlerEnd {
    fn drop(&mut self) {
        if self.closed.is_none() {
            self.close(1000, "");
        }
        let waker = self.shared.lock().release(self.id);
        drop(waker);
    }
}
