//! The Rust half of the session's `Channel`: the session's machine and the policy for connecting again. Sockets, timers, promises and payloads are
//! JavaScript's.
//!
//! JavaScript reports what happened by a method that returns nothing, and then calls [`turn`](SessionHandle::turn). It passes the messages to send and
//! the batch that arrived, and gets an answer (`answer.rs`): batches to send, messages to read, orders for its sockets, and the next deadline. So there
//! is one call for a batch in each direction.

mod answer;
mod ends;

use crate::channel::Takes;
use crate::error::CloseError;
use crate::random::jitter;
use crate::reconnect::{Reconnect, RetryCause, State, Supervisor};
use crate::session::wire::Head;
use crate::session::{
    Blame, Client, ClientEvent, ClientPhase, OnLost, Session, Settings, Unsendable,
};
use crate::time::Instant;
use answer::{Answer, item, order};
use core::cell::RefCell;
use core::time::Duration;
use std::collections::VecDeque;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// What JavaScript passes to `turn` besides messages to send.
const BATCH: u8 = 1;
const TEXT: u8 = 2;
const FLUSH: u8 = 3;

/// What a message to send is. The lowest bit says that it is text.
mod kind {
    pub(super) const REQUEST: u32 = 2;
    pub(super) const RESPONSE: u32 = 4;
    pub(super) const ERROR: u32 = 6;
    pub(super) const CANCEL: u32 = 8;
}

/// Cost of messages that were given to JavaScript and that nobody has read there, past which it gets no more.
const READ_AHEAD: u32 = 64 * 1024;
/// JavaScript passes numbers below 2^53; a larger one is no limit.
const LONGEST_MS: f64 = 9e15;

/// One session.
#[wasm_bindgen]
pub struct SessionHandle(RefCell<End>);

struct End {
    client: Client,
    settings: Settings,
    on_lost: OnLost,
    again: Supervisor,
    /// All times count from here.
    clock: Instant,
    /// JavaScript has a connection.
    connected: bool,
    /// It makes one.
    opening: bool,
    /// The server asked for another connection; this one serves until it is there.
    moving: bool,
    /// The session was open once.
    begun: bool,
    /// Our end has begun.
    closing: bool,
    /// Nobody reads any more.
    unread: bool,
    takes: Takes,
    /// Messages that wait for room among those that are retained.
    held: VecDeque<Load>,
    high_water_mark: usize,
    /// Indices before which the reader learns that the session was resumed.
    marks: VecDeque<u64>,
    answer: Answer,
    lost: Option<ends::Why>,
    ended: bool,
}

/// A message to send.
struct Load {
    head: Head,
    payload: Vec<u8>,
    /// JavaScript's name for a request.
    name: u32,
}

/// A duration in milliseconds, or the default for NaN.
fn duration(ms: f64, default: Duration) -> Duration {
    match ms {
        ms if ms.is_nan() => default,
        ms if ms < LONGEST_MS => Duration::from_millis(ms as u64),
        _ => Duration::MAX,
    }
}

/// The policy of `reconnect_options.js`. NaN stands for the default, infinity for no limit.
fn policy(given: &[f64], final_codes: Vec<u16>) -> Reconnect {
    let mut policy = Reconnect::default().final_codes(final_codes);
    let some = |at: usize| given.get(at).copied().filter(|ms| !ms.is_nan());
    let time = |ms| duration(ms, Duration::ZERO);
    if let Some(ms) = some(0) {
        policy = policy.base_delay(time(ms));
    }
    if let Some(ms) = some(1) {
        policy = policy.max_delay(time(ms));
    }
    if let Some(ms) = some(2) {
        policy = policy.spread(time(ms));
    }
    if let Some(ms) = some(3) {
        policy = policy.stable_after(time(ms));
    }
    if let Some(attempts) = some(4) {
        policy = policy.max_attempts(attempts as u32);
    }
    if let Some(ms) = some(5) {
        policy = policy.max_elapsed(time(ms));
    }
    policy
}

#[wasm_bindgen]
impl SessionHandle {
    /// A session that begins with the first connection, which JavaScript makes now. For each number, NaN stands for the default. `limits`:
    /// the timeout for `WELCOME`, the close timeout, the high-water mark, the window, the largest message and the largest batch.
    #[wasm_bindgen(constructor)]
    pub fn new(given: &[f64], final_codes: Vec<u16>, limits: &[f64], renew: bool) -> Self {
        let Session {
            mut settings,
            on_lost,
        } = Session::default().on_lost(match renew {
            true => OnLost::Renew,
            false => OnLost::End,
        });
        let limit = |at: usize| limits.get(at).copied().unwrap_or(f64::NAN);
        let bytes = |at, default: u64| match limit(at) {
            bytes if bytes.is_nan() => default,
            bytes => bytes as u64,
        };
        settings.welcome_timeout = duration(limit(0), settings.welcome_timeout);
        settings.close_timeout = duration(limit(1), settings.close_timeout);
        let mark = bytes(
            2,
            crate::transport::Limits::default().send_high_water_mark as u64,
        );
        settings.high_water_mark = mark;
        settings.retention = settings.retention.max(mark);
        settings.window = bytes(3, settings.window);
        settings.max_message = bytes(4, settings.max_message);
        settings.max_batch = bytes(5, settings.max_batch);
        let policy = policy(given, final_codes);
        Self(RefCell::new(End {
            client: client(&settings),
            settings,
            on_lost,
            again: Supervisor::new(policy, 0),
            clock: Instant::now(),
            connected: false,
            opening: true,
            moving: false,
            begun: false,
            closing: false,
            unread: false,
            takes: Takes::default(),
            held: VecDeque::new(),
            high_water_mark: (mark as usize).max(1),
            marks: VecDeque::new(),
            answer: Answer::default(),
            lost: None,
            ended: false,
        }))
    }

    /// The connection that was ordered is open. JavaScript closes the one before it.
    pub fn opened(&self) {
        let mut end = self.0.borrow_mut();
        let now = end.now();
        end.client.disconnected(now, Blame::Innocent);
        end.moving = false;
        end.opening = false;
        end.connected = true;
        end.client.connected(now);
        end.hear();
    }

    /// The connection that was ordered could not be made.
    pub fn failed(&self) {
        let mut end = self.0.borrow_mut();
        end.opening = false;
        end.retry(RetryCause::Failed(None), 0);
    }

    /// The connection ended by itself. `page`: the browser may have ended it.
    pub fn lost(&self, code: u16, page: bool) {
        let mut end = self.0.borrow_mut();
        let now = end.now();
        let (blame, cause) = match page {
            // Firefox ends a page's sockets by itself, and the page continues.
            true => (Blame::Innocent, RetryCause::Local),
            false => (Blame::of_code(code), RetryCause::Closed(code)),
        };
        end.connected = false;
        end.client.disconnected(now, blame);
        if !core::mem::take(&mut end.moving) && !end.ended {
            end.retry(cause, 0);
        }
        end.hear();
    }

    /// An event of the page or of its network. `restored`: its sockets are dead, whatever they report.
    pub fn page(&self, restored: bool, offline: bool, visible: bool) {
        let mut end = self.0.borrow_mut();
        let now = end.millis();
        let news = offline != end.again.is_offline();
        if restored {
            end.moving = false;
            end.again.restored(now, jitter());
        }
        if news {
            end.again.set_offline(offline, now);
        } else if visible {
            end.again.seen(now);
        }
        // A hint, and no proof: the peer is asked.
        let now = end.now();
        end.client.probe(now);
    }

    /// The application wants another connection now.
    #[wasm_bindgen(js_name = reconnectNow)]
    pub fn reconnect_now(&self) {
        let mut end = self.0.borrow_mut();
        let now = end.millis();
        end.again.reconnect_now(now, jitter());
    }

    /// The application wants no connection until `resume`.
    pub fn suspend(&self) {
        let mut end = self.0.borrow_mut();
        end.moving = false;
        end.again.suspend();
    }

    /// It wants one again.
    pub fn resume(&self) {
        let mut end = self.0.borrow_mut();
        let now = end.millis();
        end.again.resume(now, jitter());
    }

    /// Whether `close` accepts this code, a 16-bit integer, and a reason of this many bytes.
    ///
    /// # Errors
    /// A code, if it does not.
    #[wasm_bindgen(js_name = checkClose)]
    pub fn check_close(code: u16, bytes: u32) -> Result<(), JsValue> {
        CloseError::check_length(code, bytes as usize).map_err(|error| JsValue::from(error.code()))
    }

    /// Ends the session after everything sent so far. The arguments were [checked](Self::check_close).
    pub fn close(&self, code: u16, reason: &str) {
        self.0.borrow_mut().close(code, reason);
    }

    /// Ends it without waiting for the peer.
    pub fn abort(&self) {
        let mut end = self.0.borrow_mut();
        end.close(1000, "");
        end.answer.order(order::ABORT);
    }

    /// Messages to send, each with four words of `heads`: its kind, its length, and the name of a request or the index of the request to which it refers,
    /// in two halves. `taken` messages were read in all, and `ahead` is the cost of
    /// those that were not. `full`: the connection takes no batch now. Returns an answer.
    #[allow(clippy::too_many_arguments, reason = "one call, without an object to read")]
    pub fn turn(
        &self,
        what: u8,
        taken: u32,
        ahead: u32,
        full: bool,
        heads: &[u32],
        payloads: &[u8],
        batch: &[u8],
    ) -> Vec<u8> {
        let mut end = self.0.borrow_mut();
        let now = end.now();
        let below = end.takes.taken(taken as usize);
        if !end.closing {
            end.client.commit(now, below);
        }
        end.push_all(heads, payloads);
        match what {
            BATCH => end.client.handle_batch(now, batch),
            TEXT => end.client.handle_text(now),
            FLUSH => end.client.flush(),
            _ => {}
        }
        end.hear();
        end.drive();
        end.read(ahead);
        end.transmit(full);
        end.hear();
        // What happened behind the last message that was read.
        end.read_ends();
        end.connect();
        end.answer()
    }
}

/// A machine for a new session.
#[inline(never)]
fn client(settings: &Settings) -> Client {
    let instance = u64::from(jitter()) << 32 | u64::from(jitter());
    Client::new(settings.clone(), instance)
}

impl End {
    fn now(&self) -> Duration {
        self.clock.elapsed()
    }

    fn millis(&self) -> u64 {
        self.now().as_millis() as u64
    }

    /// Takes in what the machine says.
    fn hear(&mut self) {
        while let Some(event) = self.client.poll_event() {
            match event {
                ClientEvent::Opened {
                    resumed, spread, ..
                } => {
                    if !spread.is_zero() {
                        self.again.set_spread(spread);
                    }
                    self.again.opened(self.millis());
                    // A session that was renewed is told by its loss.
                    if self.begun && resumed {
                        self.marks.push_back(self.client.next().0);
                    }
                    self.begun = true;
                }
                ClientEvent::Later { after, .. } => {
                    self.leave(1000, "");
                    match self.begun {
                        true => self.retry(RetryCause::Failed(None), after.as_millis() as u64),
                        false => self.refuse(ends::Unopened::Later(after)),
                    }
                }
                ClientEvent::Move { after } => {
                    self.moving = true;
                    self.retry(RetryCause::Moved(after), after.as_millis() as u64);
                }
                ClientEvent::Dropped(why) => {
                    let (code, reason) = why.close();
                    self.leave(code, reason);
                    match self.begun {
                        true => self.retry(RetryCause::Closed(1006), 0),
                        false => self.refuse(ends::Unopened::NoSession),
                    }
                }
                ClientEvent::Undelivered(message) => self.undelivered(message),
                ClientEvent::Lost(refusal) => {
                    self.leave(3001, "lost");
                    match self.begun {
                        true => self.lost = Some(ends::Why::Refused(refusal)),
                        false => self.refuse(ends::Unopened::Refused(refusal)),
                    }
                }
                ClientEvent::Ended {
                    code,
                    reason,
                    ours,
                    clean,
                } => self.end(code, &reason, ours, clean),
            }
        }
        self.push_held();
    }

    /// The connection is lost, or the attempt failed. Another one is wanted.
    fn retry(&mut self, cause: RetryCause, asked: u64) {
        let now = self.millis();
        self.again.lost(now, cause, asked, jitter());
        if let State::Ended(_) = self.again.state() {
            self.give_up();
        }
    }

    /// Closes the connection, if there is one, and does not wait for the peer.
    fn leave(&mut self, code: u16, reason: &'static str) {
        self.moving = false;
        if core::mem::take(&mut self.connected) {
            self.answer.leave(code, reason);
        }
    }

    /// Leaves a connection that is not wanted, and judges deadlines.
    fn drive(&mut self) {
        let now = self.now();
        let keeps = matches!(self.again.state(), State::Open | State::Connecting);
        if self.connected && !self.moving && !keeps {
            self.client.disconnected(now, Blame::Innocent);
            self.leave(1000, "");
            self.hear();
        }
        if self.client.poll_timeout().is_some_and(|at| at <= now) {
            self.client.handle_timeout(now);
            self.hear();
        }
    }

    /// Orders the next connection if one is due.
    fn connect(&mut self) {
        // The first one is not retried.
        if !self.begun || self.connected && !self.moving {
            return;
        }
        let wanted = self.client.phase() != ClientPhase::Ended
            && !self.ended
            && matches!(
                self.again.state(),
                State::Waiting { .. } | State::Connecting
            );
        let now = self.millis();
        if wanted && self.again.due(now) {
            self.opening = true;
            self.answer.order(order::CONNECT);
        } else if self.opening && !(wanted && self.again.state() == State::Connecting) {
            self.opening = false;
            self.answer.order(order::ABANDON);
        }
    }

    /// Retains messages of JavaScript's.
    fn push_all(&mut self, heads: &[u32], payloads: &[u8]) {
        let mut rest = payloads;
        for head in heads.chunks_exact(4) {
            let (payload, behind) = rest.split_at((head[1] as usize).min(rest.len()));
            rest = behind;
            let text = head[0] & 1 == 1;
            let to = u64::from(head[2]) | u64::from(head[3]) << 32;
            let code = crate::requests::FAILED;
            let name = head[2];
            let head = match head[0] & !1 {
                kind::REQUEST => Head::Request { text },
                kind::RESPONSE => Head::Response { text, to },
                kind::ERROR => Head::Error { to, code },
                kind::CANCEL => Head::Cancel { to },
                _ => Head::Data { text },
            };
            self.push(head, payload, name);
        }
    }

    fn push(&mut self, head: Head, payload: &[u8], name: u32) {
        let pushed = match self.held.is_empty() {
            true => self.client.send(head, payload),
            false => Err(Unsendable::Full),
        };
        if let Err(why) = self.pushed(head, name, pushed) {
            let payload = payload.to_vec();
            self.unsent(
                Load {
                    head,
                    payload,
                    name,
                },
                why,
            );
        }
    }

    fn push_held(&mut self) {
        while let Some(load) = self.held.pop_front() {
            let pushed = self.client.send(load.head, &load.payload);
            match self.pushed(load.head, load.name, pushed) {
                Ok(()) => {}
                Err(Unsendable::Full | Unsendable::Ended) => {
                    self.held.push_front(load);
                    return;
                }
                Err(why) => self.unsent(load, why),
            }
        }
    }

    /// JavaScript learns the index of its request.
    fn pushed(
        &mut self,
        head: Head,
        name: u32,
        pushed: Result<u64, Unsendable>,
    ) -> Result<(), Unsendable> {
        let index = pushed?;
        if let Head::Request { .. } = head {
            self.answer.item(item::SENT, index, &name.to_le_bytes());
        }
        Ok(())
    }

    /// A message cannot be retained now, or ever.
    fn unsent(&mut self, load: Load, why: Unsendable) {
        match (why, load.head) {
            // What is still held when the session is lost comes back.
            (Unsendable::Full | Unsendable::Ended, _) => self.held.push_back(load),
            // JavaScript knows the limit, unless the session is another one.
            (_, Head::Data { text }) => {
                let kind = item::UNDELIVERED | u32::from(text);
                self.answer.defer(kind, 0, load.payload);
            }
            (_, Head::Request { .. }) => {
                self.answer
                    .item(item::UNSENDABLE, u64::from(load.name), &[]);
            }
            _ => {}
        }
    }

    /// Gives JavaScript what can be read.
    fn read(&mut self, ahead: u32) {
        let mut ahead = ahead;
        loop {
            // A peer that takes no errors does not make this side hold more of them.
            if ahead >= READ_AHEAD || self.held.len() >= 2 * crate::requests::MOST {
                return;
            }
            let (next, _) = self.client.next();
            let Some(message) = self.client.read() else {
                break;
            };
            // Its marks come before it.
            while self
                .marks
                .front()
                .is_some_and(|mark| *mark <= message.index && *mark <= next)
            {
                self.marks.pop_front();
                self.answer.item(item::RESUMED, 0, &[]);
            }
            match message.head {
                Head::Data { text } if !self.unread => {
                    self.takes.give(message.index);
                    let payload = message.payload.as_bytes();
                    ahead = ahead.saturating_add(payload.len() as u32 + 32);
                    self.answer.item(u32::from(text), 0, payload);
                    continue;
                }
                Head::Void => self.answer.item(item::MISSING, 0, &[]),
                Head::Request { text } if !self.unread => {
                    let kind = item::REQUEST | u32::from(text);
                    self.answer
                        .item(kind, message.index, message.payload.as_bytes());
                }
                head => self.answered(head, message.payload.as_bytes()),
            }
            self.takes.pass(message.index);
            if !self.closing {
                let now = self.now();
                self.client.commit(now, self.takes.below());
            }
        }
        while self.marks.pop_front().is_some() {
            self.answer.item(item::RESUMED, 0, &[]);
        }
        self.answer.undefer();
    }

    /// Writes batches while the connection takes them.
    fn transmit(&mut self, full: bool) {
        let now = self.now();
        let mut batch = Vec::new();
        while self.connected && !full && self.answer.takes_batch() {
            if !self.client.poll_transmit(now, &mut batch) {
                return;
            }
            self.answer.batch(&batch);
        }
    }
}
