//! A connection's stream, under control: it can be frozen, slowed down, cut and listened to while a service uses it.

mod tcp;

pub(crate) use tcp::{Cut, Tcp};

use crate::control::Handle;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};
use tokio_rustls::server::TlsStream;

/// Bytes that wait here while sending is delayed or throttled. Then the service has to wait, as for a slow network.
const MAX_QUEUED: usize = 64 << 10;
/// A throttled second is cut into this many pieces.
const PIECES: u64 = 20;

/// What carries the bytes.
pub(crate) enum Wire {
    /// TCP.
    Plain(Tcp),
    /// TLS over TCP; what is controlled and recorded is what is inside.
    Tls(Box<TlsStream<Tcp>>),
}

/// What the control channel asked of a connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Nothing is read or written.
    pub(crate) frozen: bool,
    /// Every byte sent is sent this much later.
    pub(crate) delay: Duration,
    /// Bytes per second, in each direction.
    pub(crate) rate: Option<u64>,
}

/// A stream under control.
pub(crate) struct Line {
    wire: Wire,
    handle: Arc<Handle>,
    queue: VecDeque<(Instant, Vec<u8>)>,
    queued: usize,
    reading: Pace,
    writing: Pace,
    /// A rate of the service's own for reading.
    read_rate: Option<u64>,
}

impl Line {
    pub(crate) fn new(wire: Wire, handle: Arc<Handle>) -> Self {
        Self {
            wire,
            handle,
            queue: VecDeque::new(),
            queued: 0,
            reading: Pace::default(),
            writing: Pace::default(),
            read_rate: None,
        }
    }

    /// What the control channel knows it by.
    pub(crate) fn handle(&self) -> &Arc<Handle> {
        &self.handle
    }

    /// Reads no more than this many bytes a second from now on.
    pub(crate) fn read_slowly(&mut self, rate: u64) {
        self.read_rate = Some(rate);
    }

    /// Returns when the client has ended, without reading what it sent.
    pub(crate) async fn hung_up(&self) {
        match &self.wire {
            Wire::Plain(tcp) => tcp.hung_up().await,
            Wire::Tls(tls) => tls.get_ref().0.hung_up().await,
        }
    }

    /// Whether what is written goes straight to the stream.
    fn is_direct(&self, settings: &Settings) -> bool {
        settings.delay.is_zero() && settings.rate.is_none() && self.queue.is_empty()
    }

    /// Writes what is queued and due. Ready when nothing is left.
    fn poll_queue(&mut self, cx: &mut Context<'_>, settings: &Settings) -> Poll<io::Result<()>> {
        while let Some((due, bytes)) = self.queue.front_mut() {
            ready!(self.writing.poll_turn(cx, *due));
            let piece = piece(settings.rate, bytes.len());
            let part = bytes.get(..piece).unwrap_or_default();
            let written = ready!(self.wire.as_mut().poll_write(cx, part))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.handle.sent(part.get(..written).unwrap_or_default());
            self.writing.spend(settings.rate, written);
            bytes.drain(..written);
            if bytes.is_empty() {
                self.queue.pop_front();
            }
            self.queued = self.queued.saturating_sub(written);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Line {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        let settings = ready!(line.handle.poll_read(cx))?;
        let rate = [settings.rate, line.read_rate].into_iter().flatten().min();
        let before = buffer.filled().len();
        if rate.is_some() {
            ready!(line.reading.poll_turn(cx, Instant::now()));
            let mut part = vec![0; piece(rate, buffer.remaining())];
            let mut part = ReadBuf::new(&mut part);
            ready!(line.wire.as_mut().poll_read(cx, &mut part))?;
            line.reading.spend(rate, part.filled().len());
            buffer.put_slice(part.filled());
        } else {
            ready!(line.wire.as_mut().poll_read(cx, buffer))?;
        }
        line.handle
            .received(buffer.filled().get(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let line = self.get_mut();
        let settings = ready!(line.handle.poll_write(cx))?;
        if line.is_direct(&settings) {
            let written = ready!(line.wire.as_mut().poll_write(cx, bytes))?;
            line.handle.sent(bytes.get(..written).unwrap_or_default());
            return Poll::Ready(Ok(written));
        }
        if let Poll::Ready(Err(error)) = line.poll_queue(cx, &settings) {
            return Poll::Ready(Err(error));
        }
        let room = MAX_QUEUED.saturating_sub(line.queued);
        if room == 0 {
            return Poll::Pending;
        }
        let taken = bytes.get(..room).unwrap_or(bytes);
        line.queue
            .push_back((Instant::now() + settings.delay, taken.to_vec()));
        line.queued += taken.len();
        Poll::Ready(Ok(taken.len()))
    }

    /// All runs at once where nothing delays them. Otherwise the first, which is to be queued.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        runs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let line = self.as_mut().get_mut();
        let settings = ready!(line.handle.poll_write(cx))?;
        if !line.is_direct(&settings) {
            let first = runs.iter().find(|run| !run.is_empty());
            return self.poll_write(cx, first.map_or(&[], |run| run));
        }
        let written = ready!(line.wire.as_mut().poll_write_vectored(cx, runs))?;
        let mut left = written;
        for run in runs {
            let part = run.get(..left).unwrap_or(run);
            line.handle.sent(part);
            left -= part.len();
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.wire {
            Wire::Plain(tcp) => tcp.is_write_vectored(),
            Wire::Tls(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        let settings = ready!(line.handle.poll_write(cx))?;
        ready!(line.poll_queue(cx, &settings))?;
        line.wire.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        self.get_mut().wire.as_mut().poll_shutdown(cx)
    }
}

/// What reads and writes in either way.
trait Stream: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

impl Wire {
    fn as_mut(&mut self) -> Pin<&mut (dyn Stream + '_)> {
        match self {
            Wire::Plain(tcp) => Pin::new(tcp),
            Wire::Tls(tls) => Pin::new(&mut **tls),
        }
    }
}

/// How many of `len` bytes go in one piece.
fn piece(rate: Option<u64>, len: usize) -> usize {
    let most = rate.map_or(u64::MAX, |rate| (rate / PIECES).max(1));
    len.min(usize::try_from(most).unwrap_or(usize::MAX))
}

/// When the next piece may go.
#[derive(Default)]
struct Pace {
    next: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    /// Ready at `due`, and not before the pieces that went have had their time.
    fn poll_turn(&mut self, cx: &mut Context<'_>, due: Instant) -> Poll<()> {
        let due = self.next.map_or(due, |next| next.max(due));
        if due <= Instant::now() {
            return Poll::Ready(());
        }
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        timer.as_mut().reset(due);
        timer.as_mut().poll(cx)
    }

    fn spend(&mut self, rate: Option<u64>, bytes: usize) {
        self.next = rate.map(|rate| {
            let now = Instant::now();
            let cost = Duration::from_secs_f64(bytes as f64 / rate.max(1) as f64);
            self.next.map_or(now, |next| next.max(now)) + cost
        });
    }
}
