//! fastwebsockets. Its messages are frames of bytes; a text is checked, but has no type of its own.

use super::{Memory, Work};
use crate::Failure;
use fastwebsockets::{FragmentCollector, Frame, Payload, Role, WebSocket};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

fn socket<'a>(memory: Memory<'a>, work: &Work) -> FragmentCollector<Memory<'a>> {
    let role = if work.is_client() {
        Role::Client
    } else {
        Role::Server
    };
    FragmentCollector::new(WebSocket::after_handshake(memory, role))
}

/// The stream never waits, and so does nothing above it.
fn now<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let cx = &mut Context::from_waker(Waker::noop());
    match pin!(future).poll(cx) {
        Poll::Ready(output) => Ok(output),
        Poll::Pending => Err("it waits".into()),
    }
}

pub(super) fn decode(memory: Memory<'_>, work: &Work) -> Result<usize, Failure> {
    let mut socket = socket(memory, work);
    let mut bytes = 0;
    for _ in 0..work.count {
        let frame = now(socket.read_frame())??;
        // The others hand out text. Here a `&str` is had only by checking the bytes again, and whoever wants text does so.
        bytes += if work.text {
            black_box(std::str::from_utf8(&frame.payload)?).len()
        } else {
            black_box(&frame.payload).len()
        };
    }
    Ok(bytes)
}

pub(super) fn encode(memory: Memory<'_>, work: &Work) -> Result<usize, Failure> {
    let mut socket = socket(memory, work);
    let payload = work.payload();
    for _ in 0..work.count {
        let payload = Payload::Owned(payload.clone());
        now(socket.write_frame(if work.text {
            Frame::text(payload)
        } else {
            Frame::binary(payload)
        }))??;
    }
    Ok(socket.into_inner().written)
}
