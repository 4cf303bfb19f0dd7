//! The first connection of a session: nothing is retried.

use super::{ClientEnd, Parts, client};
use crate::channel::link::End;
use crate::channel::reconnecting::Reconnecting;
use crate::channel::source::Source;
use crate::error::{ConnectError, ConnectErrorKind};
use crate::message::Message;
use crate::session::{Client, ClientEvent, Session};
use crate::socket::Socket;
use crate::time::{Instant, sleep};
use crate::transport::Overflow;
use core::future::poll_fn;
use core::pin::pin;
use core::task::{Context, Poll};
use core::time::Duration;

/// What a connection of a session buffers before the session waits with the next batch: some batches, so that heartbeats and acknowledgements pass
/// soon.
const SEND_BUFFER: usize = 128 * 1024;

/// A session that begins.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(in crate::channel) type Beginning = dyn Future<Output = Result<Box<dyn End>, ConnectError>>;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(in crate::channel) type Beginning =
    dyn Future<Output = Result<Box<dyn End>, ConnectError>> + Send;

/// Connects, and begins a session.
pub(in crate::channel) async fn begin(
    mut source: Source,
    session: Session,
    mut again: Box<Reconnecting>,
) -> Result<Box<dyn End>, ConnectError> {
    let clock = Instant::now();
    let Session {
        mut settings,
        on_lost,
    } = session;
    let limit = source.options.connect_timeout;
    let limits = &mut source.options.limits;
    settings.welcome_timeout = limit;
    settings.close_timeout = limits.close_timeout;
    let high_water_mark = core::mem::replace(&mut limits.send_high_water_mark, SEND_BUFFER);
    settings.high_water_mark = high_water_mark as u64;
    settings.retention = settings.retention.max(settings.high_water_mark);
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
    let mut socket = source.first().await?;
    let mut client = client(&settings);
    client.connected(clock.elapsed());
    let left = limit.saturating_sub(clock.elapsed());
    let mut timeout = pin!(sleep(left));
    let mut batch = Vec::new();
    let greeted = poll_fn(|cx| {
        if let Poll::Ready(greeted) = greet(&mut client, &mut socket, &mut batch, clock, cx) {
            return Poll::Ready(greeted);
        }
        let none = Err(ConnectErrorKind::NoSession { closed: None });
        timeout.as_mut().poll(cx).map(|()| none)
    });
    let spread = match greeted.await {
        Ok(spread) => spread,
        Err(kind) => {
            socket.begin_close(1000, "");
            return Err(ConnectError::new(kind, clock.elapsed()));
        }
    };
    again.source = Some(source);
    again.opened();
    again.set_spread(spread);
    Ok(Box::new(ClientEnd::new(Parts {
        client,
        settings,
        on_lost,
        again,
        socket,
        clock,
        high_water_mark,
        receive_buffer,
    })))
}

/// Ready with the server's `spread` once it has said `WELCOME`.
fn greet(
    client: &mut Client,
    socket: &mut Socket,
    batch: &mut Vec<u8>,
    clock: Instant,
    cx: &mut Context<'_>,
) -> Poll<Result<Duration, ConnectErrorKind>> {
    loop {
        while client.poll_transmit(clock.elapsed(), batch) {
            let _ = socket.send_now(Message::Binary(core::mem::take(batch)));
        }
        let _ = socket.poll_handed_over(cx);
        let Poll::Ready(message) = socket.poll_message(cx) else {
            return Poll::Pending;
        };
        let now = clock.elapsed();
        match message {
            Some(Message::Binary(batch)) => client.handle_batch(now, &batch),
            Some(Message::Text(_)) => client.handle_text(now),
            None => {
                let closed = socket.close_info().cloned();
                return Poll::Ready(Err(ConnectErrorKind::NoSession { closed }));
            }
        }
        if let Some(event) = client.poll_event() {
            return Poll::Ready(match event {
                ClientEvent::Opened { spread, .. } => Ok(spread),
                ClientEvent::Later { after, .. } => Err(ConnectErrorKind::SessionLater { after }),
                ClientEvent::Lost(refusal) => Err(ConnectErrorKind::SessionRefused(refusal)),
                _ => Err(ConnectErrorKind::NoSession { closed: None }),
            });
        }
    }
}
