//! Ours: `IoTransport`, the core over a stream.

use super::{Memory, Work};
use crate::Failure;
use std::hint::black_box;
use std::task::{Context, Poll, Waker};
use tokio::runtime::{Builder, Runtime};
use websocket_channel::proto::{Connection, Role};
use websocket_channel::transport::framed::IoTransport;
use websocket_channel::transport::{Limits, Transport as _};
use websocket_channel::{Event, Message};

fn framed<'a>(memory: Memory<'a>, work: &Work) -> IoTransport<Memory<'a>> {
    let role = if work.is_client() {
        Role::Client
    } else {
        Role::Server
    };
    let limits = Limits::default();
    let core = Connection::upgraded(role, (&limits).into(), crate::random);
    IoTransport::new(memory, core, &limits)
}

/// Where keepalive has its timer, as everywhere.
fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_time().build()
}

pub(super) fn decode(memory: Memory<'_>, work: &Work) -> Result<usize, Failure> {
    let runtime = runtime()?;
    let _inside = runtime.enter();
    let mut framed = framed(memory, work);
    let cx = &mut Context::from_waker(Waker::noop());
    let mut bytes = 0;
    for _ in 0..work.count {
        match framed.poll_event(cx) {
            Poll::Ready(Event::Message(message)) => bytes += black_box(message).len(),
            other => return Err(format!("instead of a message: {other:?}").into()),
        }
    }
    Ok(bytes)
}

pub(super) fn encode(memory: Memory<'_>, work: &Work) -> Result<usize, Failure> {
    let runtime = runtime()?;
    let _inside = runtime.enter();
    let mut framed = framed(memory, work);
    let cx = &mut Context::from_waker(Waker::noop());
    let payload = work.payload();
    let text = String::from_utf8(payload.clone())?;
    for _ in 0..work.count {
        let message = if work.text {
            Message::Text(text.clone())
        } else {
            Message::Binary(payload.clone())
        };
        if framed.send(message).is_err() || framed.poll_flush(cx).is_pending() {
            return Err("the message was not taken".into());
        }
    }
    // The stream took all of it, or `poll_flush` would not have been ready.
    Ok(work.size * work.count)
}
