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
use crate::requests::{Asked, Kind, Load, MOST, Order, Requests};
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
    outbox: VecDeque<Load>,
    requests: Arc<Requests>,
    /// Nobody reads any more; answers of requests are still read.
    unread: bool,
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
            requests: Arc::default(),
            unread: false,
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
                    closed.unsent_bytes += self
                        .outbox
                        .iter()
                        .map(|load| load.message.len())
                        .sum::<usize>();
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
        // A client that takes no errors does not make this side hold more of them.
        while bytes < READ_AHEAD && self.outbox.len() < 2 * MOST {
            let message = match state.standing(self.id) {
                Some(Standing::Live(server)) => {
                    let Some(message) = server.read() else {
                        break;
                    };
                    message
                }
                Some(Standing::Ended(rest, _, lost)) => match rest.pop_front() {
                    Some(message) => message,
                    None => {
                        if let Some(mut lost) = lost.take() {
                            for load in self.outbox.drain(..) {
                                match load.kind {
                                    Kind::Value => lost.never_sent.push(load.message),
                                    _ => wakes.add(self.requests.unsent(load, true)),
                                }
                            }
                            let lost = RecvError::SessionLost(lost);
                            self.ready.push_back(Item::Error(Box::new(lost)));
                        }
                        break;
                    }
                },
                None => break,
            };
            bytes += message.payload.len() + OVERHEAD as usize;
            self.note(message, wakes);
        }
        for message in state.take_undelivered(self.id) {
            if let Head::Request { .. } = message.head {
                wakes.add(self.requests.undelivered(message.index, message.payload));
                continue;
            }
            let undelivered = Undelivered::new(message.payload);
            let error = RecvError::Undelivered(Box::new(undelivered));
            self.ready.push_back(Item::Error(Box::new(error)));
        }
        if self.commit(state, now) || bytes > 0 {
            state.tell_connection(self.id, wakes);
        }
    }

    fn note(&mut self, message: SessionMessage, wakes: &mut Wakes) {
        let index = message.index;
        match message.head {
            Head::Data { .. } if !self.unread => {
                self.takes.give(index);
                self.ready.push_back(Item::Message(message.payload));
                return;
            }
            Head::Void if !self.unread => {
                let error = Box::new(RecvError::Missing);
                self.ready.push_back(Item::Error(error));
            }
            Head::Request { .. } if self.unread => self.refuse(index, "nobody reads here"),
            Head::Request { .. } => match Asked::new(&self.requests, index, message.payload) {
                Some(asked) => {
                    self.takes.give(index);
                    self.ready.push_back(Item::Request(Box::new(asked)));
                    return;
                }
                None => self.refuse(index, "too many requests wait for an answer"),
            },
            _ => wakes.add(self.requests.hear(message)),
        }
        self.takes.pass(index);
        if !self.takes.any() {
            self.below = index + 1;
        }
    }

    /// Answers a request with an error, as nobody else does.
    fn refuse(&mut self, to: u64, why: &'static str) {
        let load = self.requests.load(Order::Refuse { to, why });
        self.outbox.push_back(load);
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
    fn send_to_nobody(&mut self, load: Load) -> Result<(), SendError<Message>> {
        self.outbox.push_back(load);
        self.with(|this, state, _, wakes| this.retain(state, wakes));
        let Some(Load { message, .. }) = self.outbox.pop_back() else {
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
        while let Some(load) = self.outbox.front() {
            let send = |head, payload: &[u8]| server.send(head, payload);
            match self.requests.push(load, send) {
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
        let orders = self.requests.take_orders(cx.waker());
        let loads = orders.into_iter().map(|order| self.requests.load(order));
        self.outbox.extend(loads);
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

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        let read = self.takes.behind();
        if self.ready.is_empty() {
            self.with(Self::fill);
        }
        match self.ready.pop_front() {
            Some(item) => Poll::Ready(Some(item)),
            // There may be more behind what was for nobody.
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

    fn requests(&self) -> &Arc<Requests> {
        &self.requests
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
        if !core::mem::replace(&mut self.unread, true) {
            self.with(Self::fill);
        }
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
