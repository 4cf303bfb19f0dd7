//! A server of sessions for these tests: the machines of the crate, over its own sockets, and an application that echoes or only reads.

use core::time::Duration;
use std::collections::HashMap;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use websocket_channel::session::wire::Head;
use websocket_channel::session::{
    Blame, ConnectionId, HelloOutcome, Registry, RegistryBounds, Secret, ServerEvent, Settings,
    Unsendable,
};
use websocket_channel::{ConnectionOptions, Message, Socket};

/// The most cost that a session retains before its messages wait unread: below the bound of `Settings`.
const MOST_RETAINED: u64 = 1 << 20;

pub(crate) struct Stub(Arc<Inner>);

struct Inner {
    url: String,
    registry: Mutex<Registry>,
    settings: Settings,
    clock: Instant,
    connections: AtomicU64,
    /// Woken whenever something may be sent.
    news: Notify,
    /// The connections that are open, for a cut.
    open: Mutex<HashMap<u64, TcpStream>>,
    /// Whether the application reads, and whether it answers.
    reads: AtomicBool,
    echoes: AtomicBool,
    /// Connections that are cut behind the client's `HELLO`.
    cut_greetings: AtomicUsize,
    taken: Mutex<Vec<Message>>,
    /// How sessions ended.
    ends: Mutex<Vec<String>>,
}

fn random(bytes: &mut [u8]) {
    for byte in bytes {
        *byte = rand();
    }
}

/// The address of a fresh allocation, the time and a count: no two sessions of a test have the same.
fn rand() -> u8 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(Instant::now()) as u8
}

fn plain(token: &[u8; 16]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(token);
    hash
}

pub(crate) async fn stub(settings: Settings) -> Stub {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let inner = Arc::new(Inner {
        url: format!("ws://{}/", listener.local_addr().unwrap()),
        registry: Mutex::new(fresh(&settings, 1)),
        settings,
        clock: Instant::now(),
        connections: AtomicU64::new(0),
        news: Notify::new(),
        open: Mutex::default(),
        reads: AtomicBool::new(true),
        echoes: AtomicBool::new(true),
        cut_greetings: AtomicUsize::new(0),
        taken: Mutex::default(),
        ends: Mutex::default(),
    });
    let shared = inner.clone();
    tokio::spawn(async move {
        while let Ok((io, _)) = listener.accept().await {
            io.set_nodelay(true).unwrap();
            tokio::spawn(connection(shared.clone(), io));
        }
    });
    Stub(inner)
}

fn fresh(settings: &Settings, incarnation: u64) -> Registry {
    Registry::new(
        settings.clone(),
        RegistryBounds::default(),
        incarnation,
        plain,
    )
}

impl Stub {
    pub(crate) fn url(&self) -> String {
        self.0.url.clone()
    }

    /// Ends every connection, without a word.
    pub(crate) fn cut(&self) -> usize {
        let open = self.0.open.lock().unwrap();
        for io in open.values() {
            let _ = io.shutdown(Shutdown::Both);
        }
        open.len()
    }

    /// The server starts anew, and knows no session.
    pub(crate) fn restart(&self) {
        let incarnation = self.0.connections.load(Ordering::SeqCst) + 100;
        *self.0.registry.lock().unwrap() = fresh(&self.0.settings, incarnation);
        self.cut();
    }

    /// So many of the next connections end when `HELLO` has come.
    pub(crate) fn cut_greetings(&self, count: usize) {
        self.0.cut_greetings.store(count, Ordering::SeqCst);
    }

    pub(crate) fn set_reading(&self, reads: bool) {
        self.0.reads.store(reads, Ordering::SeqCst);
        self.0.news.notify_waiters();
    }

    pub(crate) fn drain(&self) {
        self.0.registry.lock().unwrap().drain();
    }

    /// Something for every session, by its own machine.
    pub(crate) fn with<T>(
        &self,
        mut tell: impl FnMut(&mut websocket_channel::session::Server, Duration) -> T,
    ) -> Vec<T> {
        let mut registry = self.0.registry.lock().unwrap();
        let now = self.0.clock.elapsed();
        let ids: Vec<_> = registry.ids().collect();
        let told = ids
            .into_iter()
            .map(|id| {
                let told = tell(registry.session(id).unwrap(), now);
                registry.settle(now, id);
                told
            })
            .collect();
        drop(registry);
        self.0.news.notify_waiters();
        told
    }

    /// What the application has taken.
    pub(crate) fn taken(&self) -> Vec<Message> {
        self.0.taken.lock().unwrap().clone()
    }

    pub(crate) fn sessions(&self) -> usize {
        self.0.registry.lock().unwrap().ids().count()
    }

    pub(crate) fn open(&self) -> usize {
        self.0.open.lock().unwrap().len()
    }

    pub(crate) fn ends(&self) -> Vec<String> {
        self.0.ends.lock().unwrap().clone()
    }
}

struct Closed(Arc<Inner>, u64);

impl Drop for Closed {
    fn drop(&mut self) {
        self.0.open.lock().unwrap().remove(&self.1);
    }
}

async fn connection(inner: Arc<Inner>, io: tokio::net::TcpStream) {
    let number = inner.connections.fetch_add(1, Ordering::SeqCst);
    let id = ConnectionId(number);
    let io = io.into_std().unwrap();
    let kept = io.try_clone().unwrap();
    let _closed = Closed(inner.clone(), number);
    inner.open.lock().unwrap().insert(number, kept);
    let io = tokio::net::TcpStream::from_std(io).unwrap();
    let Ok(mut socket) = Socket::accept(io, ConnectionOptions::default()).await else {
        return;
    };
    use futures::StreamExt as _;
    let Some(Message::Binary(hello)) = socket.next().await else {
        return;
    };
    let cut = inner
        .cut_greetings
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            left.checked_sub(1)
        });
    let accepted = {
        let mut registry = inner.registry.lock().unwrap();
        let accepted = registry.accept(inner.clock.elapsed(), id, &hello, b"", &mut random);
        drain_ended(&inner, &mut registry);
        accepted
    };
    if cut.is_ok() {
        let io = inner.open.lock().unwrap();
        let _ = io[&number].shutdown(Shutdown::Both);
        return;
    }
    let session = match accepted {
        HelloOutcome::Session(session) => session,
        HelloOutcome::Close {
            batch,
            code,
            reason,
        } => {
            if let Some(batch) = batch {
                let _ = socket.send(Message::Binary(batch)).await;
            }
            let _ = socket.close(code, reason);
            socket.closed().await;
            return;
        }
        _ => unreachable!(),
    };
    serve(&inner, &mut socket, session, id).await;
    let mut registry = inner.registry.lock().unwrap();
    let now = inner.clock.elapsed();
    if let Some(server) = registry.session(session) {
        let code = socket.close_info().map_or(1006, |closed| closed.code);
        server.disconnected(now, id, Blame::of_code(code));
        registry.settle(now, session);
    }
    drain_ended(&inner, &mut registry);
    drop(registry);
    inner.news.notify_waiters();
}

fn drain_ended(inner: &Inner, registry: &mut Registry) {
    while let Some(mut server) = registry.poll_ended() {
        while let Some(event) = server.poll_event() {
            if let ServerEvent::Ended { .. } | ServerEvent::Lost(_) = event {
                inner.ends.lock().unwrap().push(format!("{event:?}"));
            }
        }
    }
}

async fn serve(inner: &Inner, socket: &mut Socket, session: Secret, id: ConnectionId) {
    use futures::StreamExt as _;
    loop {
        let told = inner.news.notified();
        tokio::pin!(told);
        told.as_mut().enable();
        let mut batches = Vec::new();
        let (mut close, timeout) = {
            let mut registry = inner.registry.lock().unwrap();
            let now = inner.clock.elapsed();
            if registry.poll_timeout().is_some_and(|at| at <= now) {
                registry.handle_timeout(now);
            }
            let mut close = None;
            let mut timeout = None;
            if let Some(server) = registry.session(session) {
                if server.poll_timeout().is_some_and(|at| at <= now) {
                    server.handle_timeout(now);
                }
                if inner.reads.load(Ordering::SeqCst) {
                    // An echo that does not fit would be lost.
                    while server.retained() < MOST_RETAINED
                        && let Some(message) = server.read()
                    {
                        server.commit(now, message.index + 1);
                        if let Head::Data { .. } = message.head {
                            if inner.echoes.load(Ordering::SeqCst) {
                                let sent = server.send(message.head, message.payload.as_bytes());
                                assert_ne!(sent, Err(Unsendable::Full));
                            }
                            inner.taken.lock().unwrap().push(message.payload);
                        }
                    }
                }
                let mut batch = Vec::new();
                while server.connection() == Some(id) && server.poll_transmit(now, &mut batch) {
                    batches.push(core::mem::take(&mut batch));
                }
                while let Some(event) = server.poll_event() {
                    match event {
                        ServerEvent::Close {
                            connection,
                            code,
                            reason,
                            ..
                        } if connection == id => close = Some((code, reason)),
                        ServerEvent::Ended { .. } | ServerEvent::Lost(_) => {
                            inner.ends.lock().unwrap().push(format!("{event:?}"));
                            close.get_or_insert((1000, ""));
                        }
                        _ => {}
                    }
                }
                if server.connection() != Some(id) {
                    close.get_or_insert((3001, "replaced"));
                }
                timeout = server.poll_timeout();
            } else {
                close = Some((1000, ""));
            }
            registry.settle(now, session);
            drain_ended(inner, &mut registry);
            (close, timeout)
        };
        for batch in batches {
            if socket.send(Message::Binary(batch)).await.is_err() {
                return;
            }
        }
        if let Some((code, reason)) = close.take() {
            let _ = socket.close(code, reason);
            socket.closed().await;
            return;
        }
        let until = timeout.map_or(Duration::from_secs(3600), |at| {
            at.saturating_sub(inner.clock.elapsed())
        });
        tokio::select! {
            message = socket.next() => {
                let Some(message) = message else { return };
                let mut registry = inner.registry.lock().unwrap();
                let now = inner.clock.elapsed();
                if let Some(server) = registry.session(session) {
                    match message {
                        Message::Binary(batch) => server.handle_batch(now, id, &batch),
                        Message::Text(_) => server.handle_text(now, id),
                    }
                }
            }
            () = told => {}
            () = tokio::time::sleep(until) => {}
        }
    }
}
