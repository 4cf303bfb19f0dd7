//! The client's end of a session: it owns the session's machine, its connection, and what makes the next one.
//!
//! | the machine says | what is done |
//! | --- | --- |
//! | `Opened` | the connection counts as open |
//! | `Later`, `Dropped` | the connection is closed, and another one made as the policy says |
//! | `Move` | another one is made; this one serves until then |
//! | `Undelivered` | the receiver is told, or whoever waits for the answer of a request |
//! | `Lost` | the receiver is told behind everything that came; then it ends, or a new session begins |
//! | `Ended` | it ends, behind everything that came |

mod connection;
mod end;
mod ends;
mod greeting;
mod stall;
pub(super) mod takes;
mod timer;
mod turn;

pub(super) use greeting::Begin;

use super::mailbox::Status;
use super::reconnecting::Reconnecting;
use crate::error::{LostReason, RecvError, Undelivered};
use crate::lifecycle::Lifecycle;
use crate::message::{CloseInfo, OpenInfo};
use crate::queue::Queue;
use crate::random::jitter;
use crate::requests::{Kind, Load, Order, Requests};
use crate::session::clock::{Time, time};
use crate::session::{Blame, Client, ClientEvent, ClientPhase, OnLost, Settings, Unsendable};
use crate::socket::Socket;
use crate::time::{Instant, Sleep};
use crate::waker::wake;
use core::time::Duration;
use stall::Stall;
use std::sync::Arc;
use takes::Takes;
use turn::Turn;

pub(super) struct ClientEnd {
    client: Client,
    settings: Settings,
    on_lost: OnLost,
    again: Box<Reconnecting>,
    /// The events of the page, once the session is open.
    page: Option<Lifecycle>,
    /// The connection, open or greeting.
    socket: Option<Socket>,
    /// The socket had no room when a batch was written to it.
    full: bool,
    /// The server asked for another connection; this one serves until it is there.
    moving: bool,
    opened: Option<Box<OpenInfo>>,
    /// All times count from here.
    clock: Instant,
    timer: Option<(Time, Sleep)>,
    /// Messages that wait for room among those that are retained.
    held: Queue<Load>,
    requests: Arc<Requests>,
    /// Something was read that nobody takes, and is not committed.
    passed: bool,
    takes: Takes,
    /// Errors for the receiver, each behind everything that came before it.
    errors: Queue<RecvError>,
    high_water_mark: usize,
    receive_buffer: usize,
    /// Our end has begun.
    closing: bool,
    /// The peer's has.
    closes: bool,
    unread: bool,
    stall: Stall,
    turn: Turn,
    /// There is something to do in another turn.
    stirred: bool,
    flushes: Option<u64>,
    status: Status,
    news: bool,
    resumed: u64,
    lost: Option<LostReason>,
    ended: Option<CloseInfo>,
}

/// A machine for a new session.
fn client(settings: &Settings) -> Client {
    let instance = u64::from(jitter()) << 32 | u64::from(jitter());
    Client::new(settings.clone(), instance)
}

impl ClientEnd {
    fn now(&self) -> Duration {
        self.clock.elapsed()
    }

    /// Takes in what the machine says.
    fn hear(&mut self) {
        while let Some(event) = self.client.poll_event() {
            // There may be something for the receiver.
            self.stirred = true;
            match event {
                ClientEvent::Opened {
                    resumed, spread, ..
                } => {
                    self.resumed += u64::from(resumed);
                    self.again.set_spread(spread);
                    self.again.opened();
                }
                ClientEvent::Later { after, .. } => {
                    self.retry(crate::reconnect::ReconnectReason::Later { after })
                }
                ClientEvent::Move { after } => {
                    self.moving = true;
                    self.want(crate::reconnect::ReconnectReason::Moved { after });
                }
                ClientEvent::Dropped(why) => {
                    let (code, reason) = why.close();
                    self.leave(code, reason);
                    self.want(crate::reconnect::ReconnectReason::Session { why: reason });
                }
                ClientEvent::Undelivered(received) => self.undelivered(received),
                ClientEvent::Lost(refusal) => {
                    self.leave(3001, "lost");
                    self.lost = Some(LostReason::Refused(refusal));
                }
                ClientEvent::Ended {
                    code,
                    reason,
                    ours,
                    clean,
                } => self.ended(code, reason, ours, clean),
            }
        }
        // Room may have come with it.
        self.push_held();
        if self
            .flushes
            .is_some_and(|upto| self.client.committed() >= upto)
        {
            self.flushes = None;
        }
    }

    /// The connection is of no use any more; another one is wanted.
    fn retry(&mut self, reason: crate::reconnect::ReconnectReason) {
        self.leave(1000, "");
        self.want(reason);
    }

    fn want(&mut self, reason: crate::reconnect::ReconnectReason) {
        if !self.again.retry(reason) {
            self.give_up(self.again.gave_up());
        }
    }

    /// The end has not begun, or is not known here.
    fn goes_on(&self) -> bool {
        !self.closing && !self.closes && self.ended.is_none()
    }

    fn push(&mut self, load: &Load) -> Result<(), Unsendable> {
        let client = &mut self.client;
        self.requests
            .push(load, |head, payload| client.send(head, payload))
    }

    fn push_held(&mut self) {
        while let Some(load) = self.held.pop_front() {
            match self.push(&load) {
                Ok(()) => {}
                // What is still held when the session is lost comes back.
                Err(Unsendable::Full | Unsendable::Ended) => {
                    self.held.push_front(load);
                    return;
                }
                Err(_) if load.kind == Kind::Value => {
                    let undelivered = Undelivered::new(load.message);
                    self.errors
                        .push_back(RecvError::Undelivered(Box::new(undelivered)));
                }
                Err(_) => wake(self.requests.unsent(load, false)),
            }
        }
    }

    /// Does what a handle wants of a request.
    fn post(&mut self, order: Order) {
        let load = self.requests.load(order);
        if self.goes_on() && (!self.held.is_empty() || self.push(&load).is_err()) {
            self.held.push_back(load);
        }
    }

    /// Compares the status with the one that was told.
    fn note_status(&mut self) {
        let now = time(self.now());
        let open = self.client.phase() == ClientPhase::Open;
        let (_, next) = self.client.next();
        let committed = self.client.committed();
        let theirs = (committed, open && committed < next && !self.closing);
        let ours = (self.takes.count() as u64, self.takes.any() && !self.unread);
        self.stall.see(now, ours, theirs);
        let status = match self.client.phase() {
            ClientPhase::Open => match self.stall.stalled(now) {
                Some((by, since)) => Status::Stalled { by, since },
                None => Status::Open,
            },
            _ => self.again.status(),
        };
        if !status.is_same(&self.status) {
            self.status = status;
            self.news = true;
        }
    }
}
