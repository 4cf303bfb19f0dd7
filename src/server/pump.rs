//! Carries one connection's batches to its session and back.
//!
//! It is new until it is first polled.
//!
//! | input | greeting | carrying | closing |
//! | --- | --- | --- | --- |
//! | a batch | what the registry answers: carrying, or closing | to the session | dropped |
//! | a text | closing: 3002 | to the session, which closes | dropped |
//! | the end of the connection | over | the session is detached; over | over |
//! | the time for `HELLO` | closing: 3001 `no-hello` | | |
//! | the session, or [`Sessions`](super::Sessions), closes it | closing | closing | |
//! | the time for closing | | | over |

use super::carrier::{Arrived, Carrier};
use super::shared::Shared;
use super::state::Close;
use crate::message::{CloseInfo, ClosedBy};
use crate::session::ConnectionId;
use crate::session::{Blame, HelloOutcome, Secret, SessionViolation};
use crate::time::{Sleep, sleep};
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::Arc;

/// Batches that are moved each way before other tasks get their turn.
const TURN: usize = 8;

pub(super) struct Pump<C> {
    shared: Arc<Shared>,
    socket: C,
    connection: ConnectionId,
    pub(super) identity: Box<[u8]>,
    stage: Stage,
    /// The time for `HELLO`, or for closing.
    sleep: Option<Sleep>,
    /// The connection has ended, and its session has just begun.
    ended: Option<u16>,
}

enum Stage {
    /// It was not polled yet, and has no number.
    New,
    Greeting,
    Carrying(Secret),
    Closing(Box<CloseInfo>),
    Over,
}

/// What a turn of a pump comes to.
pub(super) enum Turn {
    /// This session has begun, and wants its handler.
    Started(Secret),
    /// The connection has ended.
    Over(Box<CloseInfo>),
}

impl<C: Carrier> Pump<C> {
    pub(super) fn new(shared: Arc<Shared>, socket: C, identity: Vec<u8>) -> Self {
        Self {
            shared,
            socket,
            connection: ConnectionId(0),
            identity: identity.into(),
            stage: Stage::New,
            sleep: None,
            ended: None,
        }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Begins to wait for `HELLO`.
    fn enter(&mut self) {
        self.shared.start_clock();
        self.connection = self.shared.lock().enter();
        self.sleep = Some(sleep(self.shared.options.settings.welcome_timeout));
        self.stage = Stage::Greeting;
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        loop {
            let turned = match &self.stage {
                Stage::New => {
                    self.enter();
                    Poll::Ready(None)
                }
                Stage::Greeting => self.greet(cx),
                Stage::Carrying(id) => self.carry(*id, cx),
                Stage::Closing(_) => self.finish(cx),
                Stage::Over => Poll::Pending,
            };
            match turned {
                // Into another stage.
                Poll::Ready(None) => {}
                Poll::Ready(Some(turn)) => return Poll::Ready(turn),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn greet(&mut self, cx: &mut Context<'_>) -> Poll<Option<Turn>> {
        let violation = match self.socket.poll_arrived(cx) {
            Poll::Ready(Arrived::Batch(batch)) => {
                self.sleep = None;
                let (accepted, started) =
                    self.shared.accept(self.connection, &batch, &self.identity);
                return Poll::Ready(match accepted {
                    HelloOutcome::Session(id) => {
                        self.stage = Stage::Carrying(id);
                        started.then_some(Turn::Started(id))
                    }
                    HelloOutcome::Close {
                        batch,
                        code,
                        reason,
                    } => {
                        self.close(Close {
                            batch,
                            code,
                            reason,
                        });
                        None
                    }
                });
            }
            Poll::Ready(Arrived::Text) => Some(SessionViolation::TextMessage),
            Poll::Ready(Arrived::Closed(code)) => return self.over(code, ClosedBy::Remote),
            Poll::Pending => None,
        };
        if let Some(violation) = violation {
            self.close(Close {
                batch: None,
                code: violation.close_code(),
                reason: violation.name(),
            });
            return Poll::Ready(None);
        }
        let late = self
            .sleep
            .as_mut()
            .is_some_and(|sleep| Pin::new(sleep).poll(cx).is_ready());
        let (close, _, old) = self.shared.lock().look(self.connection, cx.waker());
        drop(old);
        if let Some(close) = close {
            self.close(*close);
        } else if late {
            self.close(Close {
                batch: None,
                code: crate::session::CLOSE,
                reason: "no-hello",
            });
        } else {
            return Poll::Pending;
        }
        Poll::Ready(None)
    }

    /// One turn: what arrived, then what leaves.
    fn carry(&mut self, id: Secret, cx: &mut Context<'_>) -> Poll<Option<Turn>> {
        if let Some(code) = self.ended {
            return self.over(code, ClosedBy::Remote);
        }
        // Not kept between turns: most connections are idle for long.
        let (mut arrived, mut leaving) = (Vec::new(), Vec::new());
        let mut ended = None;
        let mut more = true;
        while more && arrived.len() < TURN {
            match self.socket.poll_arrived(cx) {
                Poll::Ready(Arrived::Closed(code)) => {
                    ended = Some(code);
                    more = false;
                }
                Poll::Ready(batch) => arrived.push(batch),
                Poll::Pending => more = false,
            }
        }
        let room = ended.is_none() && self.socket.poll_room(cx).is_ready();
        let connection = self.connection;
        let (started, close, full) = self.shared.with(|state, now, wakes| {
            let (mut close, due, old) = state.look(connection, cx.waker());
            wakes.forget(old);
            let mut full = false;
            let told = !arrived.is_empty();
            if let Some(server) = state.registry.session(id) {
                for arrived in arrived.drain(..) {
                    match arrived {
                        Arrived::Batch(batch) => server.handle_batch(now, connection, &batch),
                        _ => server.handle_text(now, connection),
                    }
                }
                if let Some(code) = ended {
                    server.disconnected(now, connection, Blame::of_code(code));
                }
                // What had arrived is handled before a deadline is judged.
                if due && server.poll_timeout().is_some_and(|at| at <= now) {
                    server.handle_timeout(now);
                }
                while room && server.connection() == Some(connection) {
                    if leaving.len() == TURN {
                        full = true;
                        break;
                    }
                    let mut batch = Vec::new();
                    if !server.poll_transmit(now, &mut batch) {
                        break;
                    }
                    leaving.push(batch);
                }
            }
            if told {
                state.tell_end(id, wakes);
            }
            if !leaving.is_empty() {
                state.tell_sent(id, wakes);
            }
            let started = state.settle(now, id, wakes);
            // What has just happened may close this very connection.
            if close.is_none() {
                close = state.look(connection, cx.waker()).0;
            }
            (started, close, full)
        });
        for batch in leaving {
            self.socket.send(batch);
        }
        let flushed = self.socket.poll_flush(cx);
        if let Some(code) = ended {
            if started {
                // The handler first: what came with its client's first and last batch is for it.
                self.ended = Some(code);
                return Poll::Ready(Some(Turn::Started(id)));
            }
            return self.over(code, ClosedBy::Remote);
        }
        if let Some(close) = close {
            self.close(*close);
            return Poll::Ready(started.then_some(Turn::Started(id)));
        }
        if started {
            return Poll::Ready(Some(Turn::Started(id)));
        }
        if more || (full && flushed.is_ready()) {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    fn close(&mut self, close: Close) {
        if let Some(batch) = close.batch {
            self.socket.send(batch);
        }
        self.socket.close(close.code, close.reason);
        self.sleep = Some(sleep(self.shared.options.settings.close_timeout));
        let closed = CloseInfo::new(close.code, close.reason, false, ClosedBy::Local);
        self.stage = Stage::Closing(Box::new(closed));
    }

    /// Hands over what is left, and waits for the peer's answer.
    fn finish(&mut self, cx: &mut Context<'_>) -> Poll<Option<Turn>> {
        let _ = self.socket.poll_flush(cx);
        for _ in 0..TURN {
            match self.socket.poll_arrived(cx) {
                Poll::Ready(Arrived::Closed(code)) => {
                    let Stage::Closing(mut closed) =
                        core::mem::replace(&mut self.stage, Stage::Over)
                    else {
                        return Poll::Pending;
                    };
                    closed.was_clean = code != 1006;
                    return Poll::Ready(Some(Turn::Over(closed)));
                }
                Poll::Ready(_) => {}
                Poll::Pending => {
                    let Some(sleep) = &mut self.sleep else {
                        return Poll::Pending;
                    };
                    if Pin::new(sleep).poll(cx).is_pending() {
                        return Poll::Pending;
                    }
                    let Stage::Closing(closed) = core::mem::replace(&mut self.stage, Stage::Over)
                    else {
                        return Poll::Pending;
                    };
                    return Poll::Ready(Some(Turn::Over(closed)));
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn over(&mut self, code: u16, by: ClosedBy) -> Poll<Option<Turn>> {
        self.stage = Stage::Over;
        let closed = match code {
            1006 => CloseInfo::lost(ClosedBy::Error),
            code => CloseInfo::new(code, "", true, by),
        };
        Poll::Ready(Some(Turn::Over(Box::new(closed))))
    }
}

/// However it ends, cancelled too, its session is detached.
impl<C> Drop for Pump<C> {
    fn drop(&mut self) {
        let connection = self.connection;
        let carried = match self.stage {
            Stage::New => return,
            Stage::Carrying(id) => Some(id),
            _ => None,
        };
        let waker = self.shared.with(|state, now, wakes| {
            let waker = state.leave(connection);
            if let Some(id) = carried {
                if let Some(server) = state.registry.session(id) {
                    server.disconnected(now, connection, Blame::Innocent);
                }
                state.settle(now, id, wakes);
            }
            waker
        });
        drop(waker);
    }
}
