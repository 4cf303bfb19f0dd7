//! A connection whose batches are tampered with on their way to the sessions and from there.

use super::faults::{Kind, SessionFault};
use crate::control::Handle;
use crate::line::Cut;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use websocket_channel::Socket;
use websocket_channel::server::{Arrived, Carrier};
use websocket_channel::session::wire::{Frame, Frames};
use websocket_channel::session::{LaterReason, Refusal, Secret, Welcome};

pub(super) struct Tampered {
    socket: Socket,
    handle: Arc<Handle>,
    kind: Kind,
    /// The attempt of the client's `HELLO`, once it came.
    attempt: Option<u64>,
    /// The client's first message came.
    spoken: bool,
    /// The server said `WELCOME`.
    welcomed: bool,
    /// To be told before anything else that arrives.
    held: VecDeque<Arrived>,
}

impl Tampered {
    pub(super) fn new(socket: Socket, handle: Arc<Handle>, fault: &SessionFault) -> Self {
        Self {
            socket,
            handle,
            kind: fault.kind,
            attempt: None,
            spoken: false,
            welcomed: false,
            held: VecDeque::new(),
        }
    }

    /// What becomes of a `HELLO`. None: it does not arrive.
    fn greeted(&mut self, batch: Vec<u8>) -> Option<Vec<u8>> {
        let hello = match frames(&batch).next() {
            Some(Ok(Frame::Hello(hello))) => Some(hello),
            _ => None,
        };
        let Some(hello) = hello else {
            // The sessions say what it is.
            return Some(batch);
        };
        self.attempt = Some(hello.attempt);
        match (self.kind, hello.attempt) {
            (Kind::Later, 1) => {
                let later = Welcome::Later {
                    after_ms: 200,
                    reason: LaterReason::Busy,
                };
                self.say(&Frame::Welcome(later));
                Carrier::close(&mut self.socket, 1000, "later");
                None
            }
            (Kind::LateHello, 2) => {
                self.held.push_back(Arrived::Batch(batch));
                None
            }
            (Kind::StaleToken, 2..) => {
                let mut stale = hello;
                if let Some(resume) = &mut stale.resume {
                    resume.token = Secret([0; 16]);
                }
                Some(of(&Frame::Hello(stale)))
            }
            _ => Some(batch),
        }
    }

    /// The client said something behind its `HELLO`.
    fn heard(&mut self, batch: &[u8]) {
        if self.attempt != Some(1) {
            return;
        }
        let confirms = !std::mem::replace(&mut self.welcomed, true);
        let speaks = frames(batch).any(|frame| matches!(frame, Ok(Frame::Last(..))));
        let first = speaks && !std::mem::replace(&mut self.spoken, true);
        match self.kind {
            kind if kind.cuts() && first => self.handle.cut(Cut::Fin),
            Kind::BadAck if confirms => self.say(&Frame::Ack(1_000_000)),
            Kind::CreditBehind if confirms => self.say(&Frame::Credit(0)),
            Kind::CreditOverflow if confirms => {
                let mut batch = vec![0, 0x04, 8];
                batch.resize(batch.len() + 7, 0xff);
                batch.push(0x7f);
                Carrier::send(&mut self.socket, batch);
            }
            Kind::Move if first => self.say(&Frame::Move { after_ms: 0 }),
            Kind::TwoConnections if first => {
                self.say(&Frame::Welcome(Welcome::Refused(Refusal::Fenced)));
                Carrier::close(&mut self.socket, 3001, "fenced");
            }
            _ => {}
        }
    }

    fn say(&mut self, frame: &Frame<'_>) {
        Carrier::send(&mut self.socket, of(frame));
    }

    /// What becomes of a `WELCOME`. None: it is not sent.
    fn welcome(&mut self, batch: Vec<u8>) -> Option<Vec<u8>> {
        match (self.kind, self.attempt) {
            (Kind::LostWelcome, Some(1)) => {
                self.handle.cut(Cut::Rst);
                None
            }
            (Kind::Gap, Some(2..)) => {
                let Some(Ok(Frame::Welcome(Welcome::Session(mut session)))) = frames(&batch).next()
                else {
                    return Some(batch);
                };
                if let Some(positions) = &mut session.positions {
                    positions.first += 5;
                    positions.next += 5;
                }
                Some(of(&Frame::Welcome(Welcome::Session(session))))
            }
            _ => Some(batch),
        }
    }
}

impl Carrier for Tampered {
    fn poll_arrived(&mut self, cx: &mut Context<'_>) -> Poll<Arrived> {
        loop {
            let arrived = ready!(self.socket.poll_arrived(cx));
            match arrived {
                Arrived::Batch(batch) if self.attempt.is_none() => {
                    if let Some(batch) = self.greeted(batch) {
                        return Poll::Ready(Arrived::Batch(batch));
                    }
                }
                Arrived::Batch(batch) => {
                    self.heard(&batch);
                    return Poll::Ready(Arrived::Batch(batch));
                }
                // What hung on its way arrives now, and the end comes with the next write.
                _ => return Poll::Ready(self.held.pop_front().unwrap_or(arrived)),
            }
        }
    }

    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Carrier::poll_room(&mut self.socket, cx)
    }

    fn send(&mut self, batch: Vec<u8>) {
        if self.kind == Kind::ResumeDuringResume && self.attempt == Some(2) {
            return;
        }
        let welcome = matches!(frames(&batch).next(), Some(Ok(Frame::Welcome(_))));
        let batch = match welcome {
            true => self.welcome(batch),
            false => Some(batch),
        };
        if let Some(batch) = batch {
            Carrier::send(&mut self.socket, batch);
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Carrier::poll_flush(&mut self.socket, cx)
    }

    fn close(&mut self, code: u16, reason: &str) {
        Carrier::close(&mut self.socket, code, reason);
    }
}

fn of(frame: &Frame<'_>) -> Vec<u8> {
    let mut batch = vec![0];
    frame.put(&mut batch);
    batch
}

/// The frames of a batch; none, if it is none.
fn frames(
    batch: &[u8],
) -> impl Iterator<Item = Result<Frame<'_>, websocket_channel::session::SessionViolation>> {
    Frames::new(batch)
        .ok()
        .into_iter()
        .flat_map(|(_, frames)| frames)
}
