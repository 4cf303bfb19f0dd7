//! A connection over each transport there is, to a peer that echoes and can be stopped.

use crate::faults::{Column, column};
use crate::server::{Server, Steering, server, unique};
use futures::StreamExt;
use futures::future::{AbortHandle, abortable};
use futures::lock::{Mutex, OwnedMutexGuard};
use futures::poll;
use std::pin::pin;
use std::sync::Arc;
use websocket_channel::transport::Limits;
use websocket_channel::{Bytes, Channel, Connect, Socket};

/// What carries the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// The platform's own: TCP natively, in a page the browser's class, and its stream in the program `promises_stream`.
    Platform,
    /// Two ends in memory.
    Memory,
}

/// All there are.
pub(crate) const TRANSPORTS: [Transport; 2] = [Transport::Platform, Transport::Memory];

/// More than the platform's and the kernel's buffers take from a peer that does not read; or as much of it as one message may have.
pub(crate) const LARGE: usize = if crate::LARGEST < ENOUGH {
    crate::LARGEST
} else {
    ENOUGH
};
const ENOUGH: usize = 16 << 20;

/// Turns in which a line that moves at all would have moved.
pub(crate) const TURNS: usize = 300;

/// What a message to the peer looks like, and what comes back.
pub(crate) type Echo = Channel<Vec<u8>, Vec<u8>>;

/// The peer of a connection: it sends back what it reads.
pub(crate) struct Peer(Kind);

enum Kind {
    Server(Steering, String, #[allow(dead_code)] Box<Server>),
    Memory {
        gate: Arc<Mutex<()>>,
        shut: Option<OwnedMutexGuard<()>>,
        task: AbortHandle,
    },
}

/// A channel to an echo, with room for one message at a time when `watermark` is 1.
pub(crate) async fn open(transport: Transport, name: &str, watermark: usize) -> (Echo, Peer) {
    match transport {
        Transport::Platform => {
            let tag = unique(name);
            let server = server().await;
            let steering = server.steering().await;
            let channel = asked(&server, &tag)
                .send_high_water_mark(watermark)
                .await
                .unwrap();
            (channel, Peer(Kind::Server(steering, tag, Box::new(server))))
        }
        Transport::Memory => {
            let mut limits = Limits::default();
            limits.send_high_water_mark = watermark;
            let (ours, theirs) = Socket::pair(&limits, "");
            let gate = Arc::new(Mutex::new(()));
            let (echoing, task) = abortable(echo(theirs, gate.clone()));
            spawn(async {
                let _ = echoing.await;
            });
            let peer = Kind::Memory {
                gate,
                shut: None,
                task,
            };
            (Channel::from_socket(ours, Bytes), Peer(peer))
        }
    }
}

/// A connection to the server's echo, to be awaited.
pub(crate) fn asked(server: &Server, tag: &str) -> Connect<Vec<u8>, Vec<u8>> {
    crate::connect(server.url(format_args!("/echo?tag={tag}"))).codec(Bytes)
}

async fn echo(mut socket: Socket, gate: Arc<Mutex<()>>) {
    loop {
        drop(gate.lock().await);
        let Some(message) = socket.next().await else {
            return;
        };
        // The reader may wait for another turn of this very loop: no waiting for room.
        if socket.send_now(message).is_err() {
            return;
        }
    }
}

impl Peer {
    /// It reads nothing more.
    pub(crate) async fn freeze(&mut self) {
        match &mut self.0 {
            Kind::Server(steering, tag, _) => drop(steering.tell("freeze", tag).await),
            Kind::Memory { gate, shut, .. } => *shut = Some(gate.clone().lock_owned().await),
        }
    }

    /// It goes on.
    pub(crate) async fn thaw(&mut self) {
        match &mut self.0 {
            Kind::Server(steering, tag, _) => drop(steering.tell("thaw", tag).await),
            Kind::Memory { shut, .. } => *shut = None,
        }
    }

    /// It is gone, without a word where that is possible.
    pub(crate) async fn cut(&mut self) {
        match &mut self.0 {
            Kind::Server(steering, tag, _) => drop(steering.tell("cut", tag).await),
            Kind::Memory { task, .. } => task.abort(),
        }
    }

    /// Returns when it knows of no connection any more.
    pub(crate) async fn none_left(&mut self) {
        match &mut self.0 {
            Kind::Server(steering, tag, _) => steering.none_left(tag).await,
            // The lock is this test's, and the task's.
            Kind::Memory { gate, .. } => {
                while Arc::strong_count(gate) > 1 {
                    turn().await
                }
            }
        }
    }
}

/// Whether the line of a peer that does not read stays full. WebKit's `bufferedAmount` falls when the process next door has the bytes: there it is
/// full until the next event.
pub(crate) fn stays_full() -> bool {
    column() != Column::Webkit
}

/// A turn for every other task, and for events where a line that was filled stays full in spite of them.
pub(crate) async fn still() {
    if stays_full() {
        return turn().await;
    }
    let mut turned = false;
    std::future::poll_fn(|cx| {
        if turned {
            return std::task::Poll::Ready(());
        }
        turned = true;
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

/// Fills the line of a peer that was frozen: whatever is sent next has to wait. Gives the number of messages that it took, of `LARGE` bytes each.
pub(crate) async fn fill(channel: &Echo) -> usize {
    if !stays_full() {
        channel.send(vec![0; LARGE]).await.unwrap();
        return 1;
    }
    let mut sent = 0;
    while sent * LARGE < ENOUGH {
        let mut sending = pin!(channel.send(vec![0; LARGE]));
        let mut waited = 0;
        while poll!(sending.as_mut()).map(Result::unwrap).is_pending() {
            if waited == TURNS {
                return sent;
            }
            waited += 1;
            turn().await;
        }
        sent += 1;
    }
    sent
}

/// Runs a task of this test's own.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) fn spawn(task: impl Future<Output = ()> + 'static) {
    wasm_bindgen_futures::spawn_local(task);
}

/// Runs a task of this test's own.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(task);
}

/// Lets every other task, and in a page every event, have a turn.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) async fn turn() {
    let (done, over) = futures::channel::oneshot::channel();
    let _timeout = gloo_timers::callback::Timeout::new(0, move || {
        let _ = done.send(());
    });
    over.await.unwrap();
}

/// Lets every other task, and in a page every event, have a turn.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) async fn turn() {
    tokio::task::yield_now().await;
}
