//! One connection: its bytes are carried until something happens to it.

use super::Shared;
use super::aim::{Act, Cut, Told};
use super::ledger::Way;
use super::link::Link;
use crate::line::{self, Tcp};
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWrite as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Bytes read at a time.
const CHUNK: usize = 16 << 10;
/// A frozen side that never ends is let go after this: longer than any heartbeat of a test.
const HOLD: Duration = Duration::from_secs(60);
/// Bytes that arrive late, at most.
const MOST_LATE: usize = 64 << 10;

/// Carries one connection to its end.
pub(super) async fn carry(client: TcpStream, target: SocketAddr, shared: Arc<Shared>) {
    let Ok(server) = TcpStream::connect(target).await else {
        return;
    };
    let link = Link::new(&mut shared.lock());
    let mut relay = Relay {
        ends: [Tcp::new(client), Tcp::new(server)],
        carried: [Carried::default(), Carried::default()],
        link,
        shared,
    };
    loop {
        match poll_fn(|cx| relay.poll(cx)).await {
            None => return,
            Some(Act::Pause(wait)) => tokio::time::sleep(wait).await,
            Some(Act::Cut(way, cut)) => return relay.cut(way, cut).await,
        }
    }
}

struct Relay {
    /// The client's and the server's, as `Way` counts who sends.
    ends: [Tcp; 2],
    carried: [Carried; 2],
    link: Link,
    shared: Arc<Shared>,
}

/// What is under way in one direction.
#[derive(Default)]
struct Carried {
    bytes: Vec<u8>,
    /// Bytes of it that were written.
    written: usize,
    /// Bytes of it that may pass.
    passed: usize,
    /// What happens behind them.
    act: Option<Act>,
    /// Its sender has ended, and the other side was told.
    ended: bool,
    /// What comes is lost; so many bytes were.
    lost: Option<u64>,
}

impl Relay {
    /// Carries both directions. None when the connection is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Act>> {
        for way in Way::BOTH {
            if let Poll::Ready(end) = self.poll_way(cx, way) {
                return Poll::Ready(end);
            }
        }
        if self.carried.iter().all(|carried| carried.ended) {
            return Poll::Ready(None);
        }
        Poll::Pending
    }

    fn poll_way(&mut self, cx: &mut Context<'_>, way: Way) -> Poll<Option<Act>> {
        let carried = &mut self.carried[way as usize];
        loop {
            if carried.written < carried.passed {
                let part = &carried.bytes[carried.written..carried.passed];
                match Pin::new(&mut self.ends[way.other() as usize]).poll_write(cx, part) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(written)) if written > 0 => carried.written += written,
                    Poll::Ready(_) => return Poll::Ready(None),
                }
            } else if let Some(act) = carried.act.take() {
                return Poll::Ready(Some(act));
            } else if carried.passed < carried.bytes.len() {
                let rest = &carried.bytes[carried.passed..];
                let (passed, act) = self.link.pass(&mut self.shared.lock(), way, rest);
                carried.passed += passed;
                carried.act = act;
            } else if carried.ended {
                return Poll::Pending;
            } else {
                carried.bytes.resize(CHUNK, 0);
                let mut buffer = ReadBuf::new(&mut carried.bytes);
                let read = Pin::new(&mut self.ends[way as usize]).poll_read(cx, &mut buffer);
                let len = buffer.filled().len();
                carried.bytes.truncate(len);
                carried.written = 0;
                carried.passed = 0;
                match read {
                    Poll::Pending => {
                        carried.bytes.clear();
                        return Poll::Pending;
                    }
                    Poll::Ready(Err(_)) => return Poll::Ready(None),
                    Poll::Ready(Ok(())) if len == 0 => {
                        carried.ended = true;
                        let other = Pin::new(&mut self.ends[way.other() as usize]);
                        // It is gone as well, then.
                        let _ = other.poll_shutdown(cx);
                    }
                    Poll::Ready(Ok(())) => {
                        if let Some(lost) = &mut carried.lost {
                            *lost += len as u64;
                            carried.bytes.clear();
                        }
                    }
                }
            }
        }
    }

    async fn cut(mut self, way: Way, cut: Cut) {
        match cut {
            Cut::Fin => self.tell(Told::Fin).await,
            Cut::Rst => self.tell(Told::Rst).await,
            Cut::Loss(bytes, wait, told) => {
                let _ = timeout(wait, self.lose(way, bytes)).await;
                let lost = self.carried[way as usize].lost.unwrap_or(0);
                self.shared.lock().counts.lost += lost;
                self.tell(told).await;
            }
            Cut::Late(wait, told) => self.arrive_late(wait, told).await,
            Cut::Freeze | Cut::HalfOpen(..) => {
                let [client, server] = self.ends;
                let told = match cut {
                    Cut::HalfOpen(_, told) => told,
                    _ => Told::Rst,
                };
                let side = |end: Tcp, side| async move {
                    if !cut.is_told(side) {
                        let _ = timeout(HOLD, end.hung_up()).await;
                    }
                    end.end(told.into()).await;
                };
                tokio::join!(side(client, Way::Up), side(server, Way::Down));
            }
        }
    }

    /// The client is told. What it had sent until then reaches the server later, and then the end.
    async fn arrive_late(self, wait: Duration, told: Told) {
        let Self {
            ends: [mut client, mut server],
            carried: [up, _],
            shared,
            ..
        } = self;
        let mut bytes = up.bytes;
        bytes.drain(..up.written);
        let mut chunk = [0; CHUNK];
        while bytes.len() < MOST_LATE
            && let Ok(Ok(read @ 1..)) = timeout(wait, client.read(&mut chunk)).await
        {
            bytes.extend_from_slice(&chunk[..read]);
        }
        let deliver = async {
            tokio::time::sleep(wait).await;
            if let Ok(Ok(())) = timeout(HOLD, server.write_all(&bytes)).await {
                shared.lock().counts.late += bytes.len() as u64;
            }
            server.end(told.into()).await;
        };
        tokio::join!(client.end(told.into()), deliver);
    }

    async fn tell(self, told: Told) {
        let [client, server] = self.ends;
        tokio::join!(client.end(told.into()), server.end(told.into()));
    }

    /// Takes what one side sends and lets it go, up to so many bytes. The other direction is carried on.
    async fn lose(&mut self, way: Way, bytes: u64) {
        let carried = &mut self.carried[way as usize];
        carried.bytes.clear();
        (carried.written, carried.passed) = (0, 0);
        carried.lost = Some(0);
        poll_fn(|cx| {
            let over = self.poll(cx).is_ready();
            let lost = self.carried[way as usize].lost;
            if over || lost >= Some(bytes) {
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
    }
}

impl From<Told> for line::Cut {
    fn from(told: Told) -> Self {
        match told {
            Told::Fin => Self::Fin,
            Told::Rst => Self::Rst,
        }
    }
}
