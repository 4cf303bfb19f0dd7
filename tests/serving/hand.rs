//! The pure client machine, driven by hand over real sockets.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use websocket_channel::session::wire::Head;
use websocket_channel::session::{
    Blame, Client, ClientEvent as Event, ClientPhase as Phase, Settings,
};
use websocket_channel::{CloseInfo, ConnectionOptions, Message, Socket};

/// Long enough for every answer on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A client with its connection, if it has one.
pub(crate) struct Hand {
    pub(crate) client: Client,
    pub(crate) socket: Option<Socket>,
    /// What happened, in order, and what was not taken from here.
    pub(crate) events: Vec<Event>,
    /// How its connections ended, the latest last.
    pub(crate) ends: Vec<CloseInfo>,
    /// What it read, in order: all of it is committed.
    pub(crate) read: Vec<Message>,
    /// It reads what comes.
    pub(crate) reads: bool,
    url: String,
    began: Instant,
}

impl Hand {
    pub(crate) fn new(url: &str, instance: u64) -> Self {
        Self::with(url, instance, Settings::default())
    }

    pub(crate) fn with(url: &str, instance: u64, settings: Settings) -> Self {
        Self {
            client: Client::new(settings, instance),
            socket: None,
            events: Vec::new(),
            ends: Vec::new(),
            read: Vec::new(),
            reads: true,
            url: url.into(),
            began: Instant::now(),
        }
    }

    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Opens a connection; the client says `HELLO` with its next turn.
    pub(crate) async fn connect(&mut self) {
        let options = ConnectionOptions::default();
        self.carry(Socket::connect(&*self.url, options).await.unwrap());
    }

    pub(crate) fn carry(&mut self, socket: Socket) {
        self.socket = Some(socket);
        let now = self.now();
        self.client.connected(now);
    }

    /// Connects, and waits until the session is open and confirmed.
    pub(crate) async fn open(&mut self) {
        self.connect().await;
        self.until(|hand| hand.client.phase() == Phase::Open).await;
        self.turn().await;
    }

    /// The connection is gone without a Close frame.
    pub(crate) fn cut(&mut self) {
        self.socket = None;
        let now = self.now();
        self.client.disconnected(now, Blame::Suspicious);
    }

    pub(crate) fn send(&mut self, text: &str) -> u64 {
        let head = Head::Data { text: true };
        self.client.send(head, text.as_bytes()).unwrap()
    }

    /// Turns until a condition holds, and fails if it does not in time.
    pub(crate) async fn until(&mut self, mut holds: impl FnMut(&mut Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        loop {
            self.turn().await;
            if holds(self) {
                return;
            }
            assert!(
                Instant::now() < end,
                "{:?} {:?} {:?}",
                self.client.phase(),
                self.events.last(),
                self.ends.last()
            );
            self.wait(end).await;
        }
    }

    /// Everything that can be done without waiting.
    pub(crate) async fn turn(&mut self) {
        loop {
            let mut busy = false;
            while let Some(arrived) = self.arrived().await {
                self.take(arrived);
                busy = true;
            }
            let now = self.now();
            if self.client.poll_timeout().is_some_and(|at| at <= now) {
                self.client.handle_timeout(now);
            }
            self.after();
            if !busy {
                return;
            }
        }
    }

    fn after(&mut self) {
        while let Some(event) = self.client.poll_event() {
            self.events.push(event);
        }
        let now = self.now();
        if self.reads {
            while let Some(message) = self.client.read() {
                self.client.commit(now, message.index + 1);
                if let Head::Data { .. } = message.head {
                    self.read.push(message.payload);
                }
            }
        }
        let mut batch = Vec::new();
        while self.client.poll_transmit(now, &mut batch) {
            if let Some(socket) = &mut self.socket {
                let _ = socket.send_now(Message::Binary(batch.clone()));
            }
        }
        while let Some(event) = self.client.poll_event() {
            self.events.push(event);
        }
    }

    fn take(&mut self, arrived: Option<Message>) {
        let now = self.now();
        match arrived {
            Some(Message::Binary(batch)) => self.client.handle_batch(now, &batch),
            Some(Message::Text(_)) => self.client.handle_text(now),
            None => {
                if let Some(closed) = self.socket.take().and_then(|it| it.close_info().cloned()) {
                    self.client.disconnected(now, Blame::of_code(closed.code));
                    self.ends.push(closed);
                }
            }
        }
        self.after();
    }

    /// What has arrived; the inner `None` is the end.
    async fn arrived(&mut self) -> Option<Option<Message>> {
        let socket = self.socket.as_mut()?;
        poll_fn(|cx| {
            let _ = futures::Sink::poll_flush(Pin::new(&mut *socket), cx);
            Poll::Ready(
                match futures::Stream::poll_next(Pin::new(&mut *socket), cx) {
                    Poll::Ready(arrived) => Some(arrived),
                    Poll::Pending => None,
                },
            )
        })
        .await
    }

    /// Until something arrives, or a deadline comes.
    async fn wait(&mut self, end: Instant) {
        let at = self.client.poll_timeout().map(|at| self.began + at);
        let timer = sleep_until(at.unwrap_or(end).min(end));
        tokio::pin!(timer);
        let socket = &mut self.socket;
        let arrived = poll_fn(|cx| {
            if let Some(socket) = socket
                && let Poll::Ready(arrived) = futures::Stream::poll_next(Pin::new(&mut *socket), cx)
            {
                return Poll::Ready(Some(arrived));
            }
            timer.as_mut().poll(cx).map(|()| None)
        })
        .await;
        if let Some(arrived) = arrived {
            self.take(arrived);
        }
    }
}
