//! The rules of `WIRE.md`, one at a time, against both machines.

mod bounds;
mod company;
mod ends;
mod entries;
mod flow;
mod poison;
mod resuming;
mod violations;

use std::time::Duration;
use websocket_channel::session::ServerEvent;
use websocket_channel::session::wire::{Frame, Frames, Head};
use websocket_channel::session::{
    Blame, Client, ClientEvent, Hello, Secret, Server, Settings, Welcome,
};
use websocket_channel::session::{ConnectionId, HelloOutcome, Registry, RegistryBounds};

pub(crate) const DATA: Head = Head::Data { text: true };

pub(crate) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) fn hash(token: &[u8; 16]) -> [u8; 32] {
    let mut hash = [1; 32];
    hash[..16].copy_from_slice(token);
    hash
}

pub(crate) fn batch(frames: &[Frame<'_>]) -> Vec<u8> {
    let mut batch = vec![0];
    for frame in frames {
        frame.put(&mut batch);
    }
    batch
}

pub(crate) fn frames(batch: &[u8]) -> Vec<Frame<'_>> {
    let (_, frames) = Frames::new(batch).unwrap();
    frames.map(|frame| frame.unwrap()).collect()
}

/// A client and a server, and a wire that loses nothing unless a test does.
pub(crate) struct Pair {
    pub(crate) now: Duration,
    pub(crate) client: Client,
    pub(crate) registry: Registry,
    pub(crate) id: Option<Secret>,
    pub(crate) connections: u64,
    pub(crate) client_events: Vec<ClientEvent>,
    pub(crate) server_events: Vec<ServerEvent>,
    random: u8,
}

impl Pair {
    pub(crate) fn new() -> Self {
        Self::with(
            Settings::default(),
            Settings::default(),
            RegistryBounds::default(),
        )
    }

    pub(crate) fn with(client: Settings, server: Settings, bounds: RegistryBounds) -> Self {
        Self {
            now: millis(1),
            client: Client::new(client, 7),
            registry: Registry::new(server, bounds, 99, hash),
            id: None,
            connections: 0,
            client_events: Vec::new(),
            server_events: Vec::new(),
            random: 0,
        }
    }

    /// Connected, and everything said.
    pub(crate) fn open() -> Self {
        let mut pair = Self::new();
        pair.connect();
        pair.pump();
        pair
    }

    /// The same, and the server has "a", "b" and "c" of the client. It has read and committed the first.
    pub(crate) fn with_one_of_three_committed() -> Self {
        let mut pair = Self::open();
        for text in ["a", "b", "c"] {
            pair.client.send(DATA, text.as_bytes()).unwrap();
        }
        pair.pump();
        let now = pair.now;
        let server = pair.server();
        server.read().unwrap();
        server.commit(now, 1);
        pair
    }

    pub(crate) fn connection(&self) -> ConnectionId {
        ConnectionId(self.connections)
    }

    pub(crate) fn server(&mut self) -> &mut Server {
        self.registry.session(self.id.unwrap()).unwrap()
    }

    /// What the registry says to a first batch over a new connection.
    pub(crate) fn accept(&mut self, batch: &[u8]) -> HelloOutcome {
        self.accept_as(batch, b"me")
    }

    pub(crate) fn accept_as(&mut self, batch: &[u8], identity: &[u8]) -> HelloOutcome {
        self.connections += 1;
        let random = &mut self.random;
        let mut fill = |bytes: &mut [u8]| {
            *random += 1;
            bytes.fill(*random);
        };
        let connection = ConnectionId(self.connections);
        self.registry
            .accept(self.now, connection, batch, identity, &mut fill)
    }

    /// The client's `HELLO`, as it goes.
    pub(crate) fn hello(&mut self) -> Vec<u8> {
        self.client.connected(self.now);
        let mut hello = Vec::new();
        assert!(self.client.poll_transmit(self.now, &mut hello));
        hello
    }

    /// `HELLO` goes, and comes.
    pub(crate) fn connect(&mut self) {
        let hello = self.hello();
        match self.accept(&hello) {
            HelloOutcome::Session(id) => self.id = Some(id),
            HelloOutcome::Close { batch, .. } => {
                if let Some(batch) = batch {
                    self.client.handle_batch(self.now, &batch);
                }
            }
            other => unreachable!("{other:?}"),
        }
        self.events();
    }

    pub(crate) fn events(&mut self) {
        while let Some(event) = self.client.poll_event() {
            self.client_events.push(event);
        }
        let Some(id) = self.id else {
            return;
        };
        self.registry.settle(self.now, id);
        if let Some(server) = self.registry.session(id) {
            while let Some(event) = server.poll_event() {
                self.server_events.push(event);
            }
        }
        while let Some(mut server) = self.registry.poll_ended() {
            while let Some(event) = server.poll_event() {
                self.server_events.push(event);
            }
        }
    }

    /// The next batch of the client.
    pub(crate) fn client_says(&mut self) -> Option<Vec<u8>> {
        self.events();
        let mut batch = Vec::new();
        self.client
            .poll_transmit(self.now, &mut batch)
            .then_some(batch)
    }

    /// The next batch of the server.
    pub(crate) fn server_says(&mut self) -> Option<Vec<u8>> {
        let now = self.now;
        let mut batch = Vec::new();
        let server = self.registry.session(self.id?)?;
        server.poll_transmit(now, &mut batch).then_some(batch)
    }

    pub(crate) fn tell_client(&mut self, batch: &[u8]) {
        self.client.handle_batch(self.now, batch);
        self.events();
    }

    pub(crate) fn tell_server(&mut self, batch: &[u8]) {
        let (now, connection) = (self.now, self.connection());
        self.server().handle_batch(now, connection, batch);
        self.events();
    }

    /// Until nobody has anything to say.
    pub(crate) fn pump(&mut self) {
        loop {
            let up = self.client_says();
            if let Some(batch) = &up
                && self
                    .id
                    .is_some_and(|id| self.registry.session(id).is_some())
            {
                self.tell_server(batch);
            }
            let down = self.server_says();
            if let Some(batch) = &down {
                self.tell_client(batch);
            }
            if up.is_none() && down.is_none() {
                break;
            }
        }
        self.events();
    }

    /// The connection is gone for both.
    pub(crate) fn cut(&mut self, blame: Blame) {
        let (now, connection) = (self.now, self.connection());
        self.client.disconnected(now, blame);
        if let Some(server) = self.id.and_then(|id| self.registry.session(id)) {
            server.disconnected(now, connection, blame);
        }
        self.events();
    }

    /// Both applications read everything, and ask for more.
    pub(crate) fn read(&mut self) -> (Vec<String>, Vec<String>) {
        let now = self.now;
        let text = |message: websocket_channel::session::SessionMessage| {
            String::from_utf8(message.payload.as_bytes().to_vec()).unwrap()
        };
        let mut read = (Vec::new(), Vec::new());
        while let Some(message) = self.client.read() {
            self.client.commit(now, message.index + 1);
            read.0.push(text(message));
        }
        if let Some(server) = self.id.and_then(|id| self.registry.session(id)) {
            while let Some(message) = server.read() {
                server.commit(now, message.index + 1);
                read.1.push(text(message));
            }
        }
        self.events();
        read
    }

    pub(crate) fn later(&mut self, by: Duration) {
        self.now += by;
        let now = self.now;
        self.client.handle_timeout(now);
        if let Some(server) = self.id.and_then(|id| self.registry.session(id)) {
            server.handle_timeout(now);
        }
        self.registry.handle_timeout(now);
        self.events();
    }
}

/// The `HELLO` in a batch.
pub(crate) fn hello_of(batch: &[u8]) -> Hello {
    match frames(batch).remove(0) {
        Frame::Hello(hello) => *hello,
        other => panic!("{other:?}"),
    }
}

/// The `WELCOME` in a batch.
pub(crate) fn welcome_of(batch: &[u8]) -> Welcome {
    match frames(batch).remove(0) {
        Frame::Welcome(welcome) => welcome,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn greet(hello: &Hello) -> Vec<u8> {
    batch(&[Frame::Hello(Box::new(hello.clone()))])
}

/// What the registry answered, without the connection.
pub(crate) fn answered(accepted: &HelloOutcome) -> String {
    match accepted {
        HelloOutcome::Session(_) => "session".into(),
        HelloOutcome::Close {
            batch,
            code,
            reason,
        } => {
            let said = match batch.as_deref().map(welcome_of) {
                Some(Welcome::Refused(refusal)) => format!("{refusal:?}"),
                Some(Welcome::Later { reason, .. }) => format!("Later {reason:?}"),
                Some(Welcome::Ended {
                    code, committed, ..
                }) => format!("Ended {code} {committed}"),
                Some(Welcome::Session(_)) => "Session".into(),
                Some(other) => unreachable!("{other:?}"),
                None => "nothing".into(),
            };
            format!("{said}, {code} {reason}")
        }
        other => unreachable!("{other:?}"),
    }
}
