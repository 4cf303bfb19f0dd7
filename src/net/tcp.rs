//! TCP, natively: finding a host, and the first of its addresses that answers.

use crate::time::{Sleep, sleep};
use core::any::Any;
use core::future::{Future, poll_fn};
use core::net::SocketAddr;
use core::pin::{Pin, pin};
use core::task::Poll;
use core::time::Duration;
use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::net::{TcpStream, lookup_host};
use tokio::runtime::Handle;

/// Silence after which the operating system probes the peer. Most defaults are two hours, longer than any NAT remembers a connection.
const KEEPALIVE_TIME: Duration = Duration::from_secs(60);
/// RFC 8305 §5: "one recommended value for a default Connection Attempt Delay is 250 milliseconds".
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// The TCP connection that a stream is, or has inside its TLS.
pub(crate) fn beneath<Io: 'static>(io: &Io) -> Option<&TcpStream> {
    let io: &dyn Any = io;
    #[cfg(feature = "tls")]
    if let Some(tls) = io.downcast_ref::<tokio_rustls::server::TlsStream<TcpStream>>() {
        return Some(tls.get_ref().0);
    }
    #[cfg(feature = "tls")]
    if let Some(tls) = io.downcast_ref::<tokio_rustls::TlsStream<TcpStream>>() {
        return Some(tls.get_ref().0);
    }
    io.downcast_ref()
}

/// Connects to the first address of a host that answers. An IPv6 address stands without brackets.
pub(crate) async fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    if Handle::try_current().is_err() {
        return Err(io::Error::other(
            "there is no tokio runtime here: connecting natively needs one",
        ));
    }
    let addresses = interleaved(lookup_host((host, port)).await?.collect());
    let io = first(addresses, ATTEMPT_DELAY, attempt).await?;
    set_up(&io);
    Ok(io)
}

/// The settings of every TCP stream. Small messages are sent at once: whatever can share a write already does. The operating system probes a peer
/// that was silent for a minute (RFC 9293 §3.8.4), even if nothing polls the connection.
pub(crate) fn set_up(io: &TcpStream) {
    let _ = io.set_nodelay(true);
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_TIME);
    let _ = SockRef::from(io).set_tcp_keepalive(&keepalive);
}

/// A runtime cannot be asked whether it has I/O: tokio panics, and our error says what to do.
async fn attempt(address: SocketAddr) -> io::Result<TcpStream> {
    let mut connecting = pin!(TcpStream::connect(address));
    poll_fn(|cx| {
        let poll = AssertUnwindSafe(|| connecting.as_mut().poll(cx));
        catch_unwind(poll).unwrap_or_else(|_| {
            Poll::Ready(Err(io::Error::other(
                "the tokio runtime has no I/O: build it with enable_io or enable_all",
            )))
        })
    })
    .await
    .map_err(|error| io::Error::new(error.kind(), format!("{address}: {error}")))
}

/// RFC 8305 §4: the resolver's order, but with both families taking turns, so that one that leads nowhere costs one delay.
fn interleaved(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let preferred = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut first, mut second): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .rev()
        .partition(|address| address.is_ipv6() == preferred);
    let mut mixed = Vec::new();
    while !(first.is_empty() && second.is_empty()) {
        mixed.extend(first.pop());
        mixed.extend(second.pop());
    }
    mixed
}

/// RFC 8305 §5: tries each address in turn. The next attempt starts when the last one has failed or `delay` has passed; earlier attempts continue.
/// The first connection is used, and the others are dropped. If all fail, the error has all failures, up to [`MAX_TOLD`].
async fn first<A, T, F: Future<Output = io::Result<T>>>(
    addresses: Vec<A>,
    delay: Duration,
    attempt: impl Fn(A) -> F,
) -> io::Result<T> {
    let mut waiting = addresses.into_iter();
    let mut running: Vec<Pin<Box<F>>> = Vec::new();
    let mut failures = Failures::default();
    let mut next: Option<Sleep> = None;
    poll_fn(|cx| {
        loop {
            let mut answered = None;
            running.retain_mut(|attempt| match attempt.as_mut().poll(cx) {
                Poll::Pending => true,
                Poll::Ready(Ok(io)) => {
                    answered.get_or_insert(io);
                    false
                }
                Poll::Ready(Err(error)) => {
                    failures.add(error);
                    next = None;
                    false
                }
            });
            if let Some(io) = answered {
                return Poll::Ready(Ok(io));
            }
            if let Some(timer) = &mut next
                && Pin::new(timer).poll(cx).is_pending()
            {
                return Poll::Pending;
            }
            match waiting.next() {
                Some(address) => {
                    running.push(Box::pin(attempt(address)));
                    next = Some(sleep(delay));
                }
                None if running.is_empty() => {
                    return Poll::Ready(Err(core::mem::take(&mut failures).into_error()));
                }
                // The last ones are waited for as long as the caller waits.
                None => return Poll::Pending,
            }
        }
    })
    .await
}

/// The number of addresses whose failures the error contains; of more it has the count.
const MAX_TOLD: usize = 8;

/// What the addresses said.
#[derive(Default)]
struct Failures {
    told: Vec<io::Error>,
    more: usize,
}

impl Failures {
    fn add(&mut self, error: io::Error) {
        if self.told.len() < MAX_TOLD {
            self.told.push(error);
        } else {
            self.more += 1;
        }
    }

    /// The last one's kind, the words of all.
    fn into_error(mut self) -> io::Error {
        let Some(last) = self.told.pop() else {
            return io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        };
        let kind = last.kind();
        self.told.push(last);
        let words: Vec<String> = self.told.iter().map(ToString::to_string).collect();
        let mut words = words.join("; ");
        if self.more > 0 {
            words.push_str(&format!("; and {} more addresses", self.more));
        }
        io::Error::new(kind, words)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;
    use core::cell::RefCell;
    use std::time::Instant;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_connected_stream_has_keepalive_and_no_delay() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let io = connect("127.0.0.1", port).await.unwrap();
        let socket = SockRef::from(&io);
        assert!(socket.keepalive().unwrap() && io.nodelay().unwrap());
        #[cfg(target_os = "linux")]
        assert_eq!(socket.tcp_keepalive_time().unwrap(), KEEPALIVE_TIME);
    }

    /// Attempts that refuse (`r`), never answer (`n`), or answer after 30 ms (`a`).
    async fn outcome(attempts: &str) -> (Result<usize, String>, usize) {
        let began = RefCell::new(0);
        let attempts: Vec<(usize, char)> = attempts.chars().enumerate().collect();
        let run = first(attempts, Duration::from_millis(20), |(index, kind)| {
            *began.borrow_mut() += 1;
            async move {
                match kind {
                    'r' => Err(io::Error::other(format!("refused {index}"))),
                    'n' => core::future::pending().await,
                    _ => {
                        sleep(Duration::from_millis(30)).await;
                        Ok(index)
                    }
                }
            }
        });
        let result = run.await.map_err(|error| error.to_string());
        (result, began.take())
    }

    #[tokio::test]
    async fn every_address_is_tried_until_one_answers() {
        assert_eq!(
            outcome("").await,
            (Err("the host has no address".into()), 0)
        );
        let all = "refused 0; refused 1; refused 2";
        assert_eq!(outcome("rrr").await, (Err(all.into()), 3));
        let (Err(many), _) = outcome(&"r".repeat(11)).await else {
            panic!("nobody answers");
        };
        assert!(
            many.ends_with("; refused 7; and 3 more addresses"),
            "{many}"
        );
        assert_eq!(outcome("rra").await, (Ok(2), 3));
        // An address that never answers delays no other, and a slow one is not cancelled.
        assert_eq!(outcome("nra").await, (Ok(2), 3));
        assert_eq!(outcome("ann").await.0, Ok(0));
    }

    #[tokio::test]
    async fn a_refusal_makes_the_next_begin_at_once() {
        let began = Instant::now();
        let run = first(vec![1, 2], Duration::from_secs(60), |n| async move {
            if n == 1 {
                Err(io::ErrorKind::ConnectionRefused.into())
            } else {
                Ok(n)
            }
        });
        assert_eq!(run.await.unwrap(), 2);
        assert!(began.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn families_take_turns() {
        let parse = |list: &str| -> Vec<SocketAddr> {
            list.split(' ').map(|one| one.parse().unwrap()).collect()
        };
        assert_eq!(
            interleaved(parse("[::1]:1 [::2]:1 [::3]:1 1.1.1.1:1 2.2.2.2:1")),
            parse("[::1]:1 1.1.1.1:1 [::2]:1 2.2.2.2:1 [::3]:1")
        );
        assert_eq!(
            interleaved(parse("1.1.1.1:1 [::1]:1")),
            parse("1.1.1.1:1 [::1]:1")
        );
        assert!(interleaved(Vec::new()).is_empty());
    }
}
