//! The wait for an open connection, within its timeout.

use super::{ConnectionOptions, Socket, trace};
use crate::error::{ConnectError, ConnectErrorKind};
use crate::message::OpenInfo;
use crate::time::{Instant, sleep};
use crate::transport::{self, Transport};
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Poll, ready};
use core::time::Duration;

/// A transport to `url`, from when it is first polled.
pub(super) fn opening(
    url: String,
    options: ConnectionOptions,
) -> impl Future<Output = Result<(Box<dyn Transport>, OpenInfo), ConnectErrorKind>> + Unpin {
    let mut given = Some((url, options));
    let mut opening = None;
    poll_fn(move |cx| {
        if let Some((url, options)) = given.take() {
            trace::connecting(&url);
            opening = Some(Box::pin(transport::connect(options.request(url)?)));
        }
        match &mut opening {
            Some(opening) => opening.as_mut().poll(cx),
            None => Poll::Pending,
        }
    })
}

/// A socket over the transport that `connecting` ends with, or an error at the latest when `limit` has passed.
pub(super) fn within(
    limit: Duration,
    connecting: impl Future<Output = Result<(Box<dyn Transport>, OpenInfo), ConnectErrorKind>> + Unpin,
) -> impl Future<Output = Result<Socket, ConnectError>> {
    let mut connecting = Some((connecting, None));
    poll_fn(move |cx| {
        let Some((future, start)) = &mut connecting else {
            return Poll::Pending;
        };
        let (began, deadline) = start.get_or_insert_with(|| (Instant::now(), sleep(limit)));
        let began = *began;
        // The outcome first: when both are ready, an open connection is the better answer.
        let outcome = match Pin::new(future).poll(cx) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => {
                ready!(Pin::new(deadline).poll(cx));
                Err(ConnectErrorKind::TimedOut { limit })
            }
        };
        connecting = None;
        Poll::Ready(match outcome {
            Ok((transport, opened)) => {
                trace::opened(began);
                Ok(Socket::from_transport(transport, opened))
            }
            Err(kind) => {
                let error = ConnectError::new(kind, began.elapsed());
                trace::failed(&error);
                Err(error)
            }
        })
    })
}
