//! The Rust half of the session's `Channel`: the session's machine and the policy for connecting again. Sockets, timers, promises and payloads are
//! JavaScript's.
//!
//! JavaScript reports what happened by a method that returns nothing, and then calls [`turn`](SessionHandle::turn). It passes the messages to send and
//! the batch that arrived, and gets an answer (`answer.rs`): batches to send, messages to read, orders for its sockets, and the next deadline. So there
//! is one call for a batch in each direction.

mod answer;
mod end;
mod ends;

use crate::channel::Takes;
use crate::error::CloseError;
use crate::random::jitter;
use crate::reconnect::{Reconnect, RetryCause, Supervisor};
use crate::session::wire::Head;
use crate::session::{Blame, Client, OnLost, Session, Settings};
use crate::time::Instant;
use answer::{Answer, order};
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
    let some = |at: usize| given.get(at).copied().filter(|number| !number.is_nan());
    Reconnect::of_numbers(core::array::from_fn(some)).final_codes(final_codes)
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
