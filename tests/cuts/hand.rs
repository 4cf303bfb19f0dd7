//! Both machines of a session, driven by hand over sockets.

use core::future::{pending, poll_fn};
use core::time::Duration;
use futures::{Stream, StreamExt as _};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::rc::Rc;
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use websocket_channel::session::wire::Head;
use websocket_channel::session::{
    Blame, Client, ClientEvent, ClientPhase, ConnectionId, HelloOutcome, Registry, RegistryBounds,
    Secret, ServerEvent, ServerPhase, Settings,
};
use websocket_channel::{ConnectionOptions, Message, Socket};

/// Messages retained by an application at a time, in cost.
const RETAINED: u64 = 256 << 10;

/// A session's connection is not compressed.
fn plain() -> ConnectionOptions {
    let mut handshake = websocket_channel::transport::Handshake::default();
    handshake.deflate = None;
    ConnectionOptions::default().handshake(handshake)
}

pub(crate) fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.heartbeat = Duration::from_millis(200);
    settings.welcome_timeout = Duration::from_secs(2);
    settings
}

/// Numbers, each once and in order, in both directions.
#[derive(Default)]
pub(crate) struct Numbers {
    pub(crate) read: u64,
    pub(crate) sent: u64,
    pub(crate) undelivered: u64,
}

impl Numbers {
    fn check(&mut self, index: u64, payload: &Message) {
        let number = u64::from_be_bytes(payload.as_bytes().try_into().unwrap());
        assert_eq!(
            (index, number),
            (self.read, self.read),
            "lost, repeated or reordered"
        );
        self.read += 1;
    }
}

struct World {
    began: Instant,
    registry: Registry,
    numbers: Numbers,
    more: More,
    closes: BTreeMap<u64, (Option<Vec<u8>>, u16, &'static str)>,
    tasks: BTreeMap<u64, Rc<Notify>>,
    connections: u64,
}

impl World {
    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// The application, and what it and the connections are told.
    fn settle(&mut self, id: Secret) {
        let now = self.now();
        let Self {
            registry,
            numbers,
            more,
            closes,
            tasks,
            ..
        } = self;
        if let Some(session) = registry.session(id) {
            while let Some(received) = session.read() {
                numbers.check(received.index, &received.payload);
            }
            session.commit(now, numbers.read);
            while session.phase() != ServerPhase::Pending
                && more(numbers.sent)
                && session.retained() < RETAINED
            {
                let sent = session.send(Head::Data { text: false }, &numbers.sent.to_be_bytes());
                assert_eq!(sent.unwrap(), numbers.sent);
                numbers.sent += 1;
            }
            while let Some(event) = session.poll_event() {
                match event {
                    ServerEvent::Close {
                        connection,
                        batch,
                        code,
                        reason,
                    } => {
                        closes.insert(connection.0, (batch, code, reason));
                        if let Some(task) = tasks.get(&connection.0) {
                            task.notify_one();
                        }
                    }
                    ServerEvent::Undelivered(_) => numbers.undelivered += 1,
                    ServerEvent::Lost(refusal) => panic!("the server lost it: {refusal:?}"),
                    _ => {}
                }
            }
        }
        registry.settle(now, id);
        assert!(registry.poll_ended().is_none(), "it ended");
    }
}

/// The server.
/// Whether there is more to send behind so many.
pub(crate) type More = Rc<dyn Fn(u64) -> bool>;

pub(crate) struct Served(Rc<RefCell<World>>);

impl Served {
    pub(crate) async fn start(more: More) -> (Self, std::net::SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let registry = Registry::new(settings(), RegistryBounds::default(), 1, |token| {
            let mut hash = [0; 32];
            hash[..16].copy_from_slice(token);
            hash
        });
        let world = Rc::new(RefCell::new(World {
            began: Instant::now(),
            registry,
            numbers: Numbers::default(),
            more,
            closes: BTreeMap::new(),
            tasks: BTreeMap::new(),
            connections: 0,
        }));
        let shared = world.clone();
        tokio::task::spawn_local(async move {
            loop {
                let (io, _) = listener.accept().await.unwrap();
                let world = shared.clone();
                tokio::task::spawn_local(async move {
                    if let Ok(socket) = Socket::accept(io, plain()).await {
                        serve(socket, world).await;
                    }
                });
            }
        });
        (Self(world), address)
    }

    pub(crate) fn stands(&self) -> (u64, u64) {
        let world = self.0.borrow();
        (world.numbers.read, world.numbers.sent)
    }

    pub(crate) fn undelivered(&self) -> u64 {
        self.0.borrow().numbers.undelivered
    }
}

async fn serve(mut socket: Socket, world: Rc<RefCell<World>>) {
    let Some(first) = socket.next().await else {
        return;
    };
    let notify = Rc::new(Notify::new());
    let (name, accepted) = {
        let mut world = world.borrow_mut();
        world.connections += 1;
        let name = world.connections;
        let now = world.now();
        let mut random = |buffer: &mut [u8]| getrandom(buffer);
        let accepted =
            world
                .registry
                .accept(now, ConnectionId(name), first.as_bytes(), b"", &mut random);
        world.tasks.insert(name, notify.clone());
        (name, accepted)
    };
    let id = match accepted {
        HelloOutcome::Session(id) => id,
        HelloOutcome::Close {
            batch,
            code,
            reason,
        } => {
            assert_eq!(reason, "late");
            if let Some(batch) = batch {
                let _ = socket.send(Message::Binary(batch)).await;
            }
            let _ = socket.close(code, reason);
            return;
        }
        _ => panic!("unknown"),
    };
    let mut batch = Vec::new();
    let blame = loop {
        let (wrote, close, timeout) = {
            let mut world = world.borrow_mut();
            world.settle(id);
            let now = world.now();
            let session = world.registry.session(id).unwrap();
            let ours = session.connection() == Some(ConnectionId(name));
            let wrote = ours && session.poll_transmit(now, &mut batch);
            let timeout = session.poll_timeout();
            (
                wrote,
                world.closes.remove(&name),
                timeout.map(|at| at.saturating_sub(now)),
            )
        };
        if let Some((batch, code, reason)) = close {
            assert!(!matches!(code, 3002 | 3007 | 3009), "{reason}");
            if let Some(batch) = batch {
                let _ = socket.send(Message::Binary(batch)).await;
            }
            let _ = socket.close(code, reason);
            break Blame::Silent;
        }
        if wrote && socket.send(Message::Binary(batch.clone())).await.is_err() {
            break blame(&mut socket).await;
        }
        if wrote {
            // Others have a turn.
            if let Some(message) = ready(&mut socket).await {
                match message {
                    Some(message) => take(&world, id, name, &message),
                    None => break blame(&mut socket).await,
                }
            }
            continue;
        }
        tokio::select! {
            message = socket.next() => match message {
                Some(message) => take(&world, id, name, &message),
                None => break blame(&mut socket).await,
            },
            () = sleep(timeout) => {
                let mut world = world.borrow_mut();
                let now = world.now();
                if let Some(session) = world.registry.session(id)
                    && session.connection() == Some(ConnectionId(name))
                    && session.poll_timeout().is_some_and(|at| at <= now)
                {
                    session.handle_timeout(now);
                }
            },
            () = notify.notified() => {}
        }
    };
    let mut world = world.borrow_mut();
    let now = world.now();
    world.tasks.remove(&name);
    if let Some(session) = world.registry.session(id) {
        session.disconnected(now, ConnectionId(name), blame);
    }
    world.settle(id);
    world.closes.remove(&name);
}

fn take(world: &RefCell<World>, id: Secret, name: u64, message: &Message) {
    let mut world = world.borrow_mut();
    let now = world.now();
    if let Some(session) = world.registry.session(id) {
        session.handle_batch(now, ConnectionId(name), message.as_bytes());
    }
}

async fn blame(socket: &mut Socket) -> Blame {
    Blame::of_code(socket.closed().await.code)
}

/// What is there already.
async fn ready(socket: &mut Socket) -> Option<Option<Message>> {
    tokio::task::yield_now().await;
    poll_fn(|cx| {
        core::task::Poll::Ready(match Pin::new(&mut *socket).poll_next(cx) {
            core::task::Poll::Ready(message) => Some(message),
            core::task::Poll::Pending => None,
        })
    })
    .await
}

async fn sleep(after: Option<Duration>) {
    match after {
        Some(after) => tokio::time::sleep(after).await,
        None => pending().await,
    }
}

fn getrandom(buffer: &mut [u8]) {
    use std::hash::{BuildHasher as _, RandomState};
    for part in buffer.chunks_mut(8) {
        let random = RandomState::new().hash_one(0).to_be_bytes();
        part.copy_from_slice(&random[..part.len()]);
    }
}

/// The client, until it has read everything, the server too, and `done` says so.
pub(crate) async fn run(url: &str, more: More, served: &Served) -> (Numbers, u64) {
    let began = Instant::now();
    let mut client = Client::new(settings(), 1);
    let mut numbers = Numbers::default();
    let mut resumed = 0;
    let mut batch = Vec::new();
    let mut waiting = VecDeque::new();
    loop {
        let Ok(mut socket) = Socket::connect(url, plain()).await else {
            tokio::time::sleep(Duration::from_millis(1)).await;
            continue;
        };
        client.connected(began.elapsed());
        let blame = loop {
            let now = began.elapsed();
            while let Some(received) = client.read() {
                numbers.check(received.index, &received.payload);
            }
            client.commit(now, numbers.read);
            while more(numbers.sent) && client.retained() < RETAINED {
                let sent = client.send(Head::Data { text: false }, &numbers.sent.to_be_bytes());
                assert_eq!(sent.unwrap(), numbers.sent);
                numbers.sent += 1;
            }
            while let Some(event) = client.poll_event() {
                waiting.push_back(event);
            }
            let mut dropped = None;
            for event in waiting.drain(..) {
                match event {
                    ClientEvent::Opened { resumed: true, .. } => resumed += 1,
                    ClientEvent::Opened { .. } => assert_eq!(resumed, 0),
                    ClientEvent::Dropped(why) => dropped = Some(why),
                    ClientEvent::Undelivered(_) => numbers.undelivered += 1,
                    other => panic!("{other:?}"),
                }
            }
            if let Some(why) = dropped {
                let (code, reason) = why.close();
                assert!(!matches!(code, 3002 | 3007 | 3009), "{reason}");
                let _ = socket.close(code, reason);
                break Blame::Silent;
            }
            if !more(numbers.sent)
                && !more(served.stands().1)
                && (numbers.sent, numbers.read) == served.stands()
            {
                return (numbers, resumed);
            }
            let wrote = client.poll_transmit(now, &mut batch);
            if wrote {
                if socket.send(Message::Binary(batch.clone())).await.is_err() {
                    break self::blame(&mut socket).await;
                }
                match ready(&mut socket).await {
                    Some(Some(message)) => client.handle_batch(began.elapsed(), message.as_bytes()),
                    Some(None) => break self::blame(&mut socket).await,
                    None => {}
                }
                continue;
            }
            let timeout = client.poll_timeout().map(|at| at.saturating_sub(now));
            tokio::select! {
                message = socket.next() => match message {
                    Some(message) => client.handle_batch(began.elapsed(), message.as_bytes()),
                    None => break self::blame(&mut socket).await,
                },
                () = sleep(timeout) => {
                    let now = began.elapsed();
                    if client.poll_timeout().is_some_and(|at| at <= now) {
                        client.handle_timeout(now);
                    }
                },
                () = tokio::time::sleep(Duration::from_millis(50)) => {}
            }
        };
        client.disconnected(began.elapsed(), blame);
        assert_ne!(client.phase(), ClientPhase::Ended);
    }
}
