//! The first connection of a session: nothing is retried.

use super::stall::Stall;
use super::takes::Takes;
use super::turn::Turn;
use super::{ClientEnd, client};
use crate::channel::link::End;
use crate::channel::mailbox::Status;
use crate::channel::reconnecting::Reconnecting;
use crate::channel::source::{Opening, Source};
use crate::error::{ConnectError, ConnectErrorKind};
use crate::lifecycle::Lifecycle;
use crate::message::Message;
use crate::queue::Queue;
use crate::session::{ClientEvent, Session, millis};
use crate::time::{Instant, Sleep, elapsed_ms, sleep_ms};
use crate::transport::Overflow;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::sync::Arc;

/// What a connection of a session buffers before the session waits with the next batch: some batches, so that heartbeats and acknowledgements pass
/// soon.
const SEND_BUFFER: usize = 128 * 1024;

/// A session that begins. It does nothing until it is polled.
pub(in crate::channel) struct Begin {
    /// Without a connection at first.
    end: Option<Box<ClientEnd>>,
    opening: Option<Pin<Box<Opening>>>,
    /// Of the whole, in milliseconds.
    limit: u64,
    timeout: Option<Sleep>,
}

impl Begin {
    pub(in crate::channel) fn new(
        mut source: Source,
        session: Session,
        mut again: Box<Reconnecting>,
    ) -> Box<Self> {
        let Session {
            mut settings,
            on_lost,
        } = session;
        let limit = source.options.connect_timeout;
        let limits = &mut source.options.limits;
        settings.welcome_timeout = limit;
        settings.close_timeout = limits.close_timeout;
        let high_water_mark = core::mem::replace(&mut limits.send_high_water_mark, SEND_BUFFER);
        settings.retention = settings.retention.max(high_water_mark as u64);
        let receive_buffer = limits.receive_buffer;
        // The credit is the bound, and a batch that is too long is the session's to refuse.
        limits.overflow = Overflow::Close;
        limits.max_message = (settings.max_batch as usize).saturating_mul(2);
        #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
        {
            // A secret beside text that others chose.
            source.options.handshake.deflate = None;
            // The session has its own heartbeat.
            limits.ping_interval = None;
        }
        again.source = Some(source);
        let end = ClientEnd {
            client: client(&settings),
            settings,
            on_lost,
            again,
            page: None,
            opened: None,
            socket: None,
            full: false,
            moving: false,
            clock: Instant::now(),
            timer: None,
            held: Queue::default(),
            requests: Arc::default(),
            passed: false,
            takes: Takes::default(),
            errors: Queue::default(),
            high_water_mark: high_water_mark.max(1),
            receive_buffer,
            closing: false,
            closes: false,
            unread: false,
            stall: Stall::default(),
            turn: Turn::default(),
            stirred: false,
            flushes: None,
            status: Status::Open,
            news: false,
            resumed: 0,
            lost: None,
            ended: None,
        };
        Box::new(Self {
            end: Some(Box::new(end)),
            opening: None,
            limit: millis(limit),
            timeout: None,
        })
    }

    /// Connects, and begins the session.
    pub(in crate::channel) fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Box<dyn End>, ConnectError>> {
        let Some(end) = &mut self.end else {
            return Poll::Pending;
        };
        if end.socket.is_none() {
            if let (None, Some(source)) = (&self.opening, &mut end.again.source) {
                end.clock = Instant::now();
                self.opening = Some(source.first());
            }
            let Some(opening) = &mut self.opening else {
                return Poll::Pending;
            };
            let mut socket = ready!(opening.as_mut().poll(cx))?;
            self.opening = None;
            end.opened = socket.take_opened();
            end.socket = Some(socket);
            end.client.connected(end.now());
            let left = self.limit.saturating_sub(elapsed_ms(end.clock));
            self.timeout = Some(sleep_ms(left));
        }
        let kind = match end.greet(cx) {
            Poll::Ready(Ok(spread)) => {
                end.again.opened();
                end.again.set_spread(spread);
                end.page = Some(Lifecycle::new());
                self.timeout = None;
                let end = self.end.take().map(|end| end as Box<dyn End>);
                return end.map_or(Poll::Pending, |end| Poll::Ready(Ok(end)));
            }
            Poll::Ready(Err(kind)) => kind,
            Poll::Pending => {
                if let Some(timeout) = &mut self.timeout {
                    ready!(Pin::new(timeout).poll(cx));
                }
                ConnectErrorKind::NoSession { closed: None }
            }
        };
        end.leave(1000, "");
        Poll::Ready(Err(ConnectError::new(kind, end.clock.elapsed())))
    }
}

impl ClientEnd {
    /// Ready with the server's `spread` once it has said `WELCOME`. Nothing is retried.
    fn greet(&mut self, cx: &mut Context<'_>) -> Poll<Result<Duration, ConnectErrorKind>> {
        loop {
            let now = self.now();
            let Some(socket) = &mut self.socket else {
                return Poll::Pending;
            };
            let mut batch = Vec::new();
            while self.client.poll_transmit(now, &mut batch) {
                let _ = socket.send_now(Message::Binary(core::mem::take(&mut batch)));
            }
            let _ = socket.poll_handed_over(cx);
            let Some(message) = ready!(socket.poll_message(cx)) else {
                let closed = socket.close_info().cloned();
                return Poll::Ready(Err(ConnectErrorKind::NoSession { closed }));
            };
            self.arrived(message);
            if let Some(event) = self.client.poll_event() {
                return Poll::Ready(match event {
                    ClientEvent::Opened { spread, .. } => Ok(spread),
                    ClientEvent::Later { after, .. } => {
                        Err(ConnectErrorKind::SessionLater { after })
                    }
                    ClientEvent::Lost(refusal) => Err(ConnectErrorKind::SessionRefused(refusal)),
                    _ => Err(ConnectErrorKind::NoSession { closed: None }),
                });
            }
        }
    }
}
