//! A client that says what it likes, for what no client may say.

use crate::hand::PATIENCE;
use futures::{SinkExt as _, StreamExt as _};
use tokio::time::timeout;
use websocket_channel::session::wire::{Frame, Frames};
use websocket_channel::session::{
    Hello, Positions, Resume, Secret, SessionWelcome, Terms, VERSION, Welcome,
};
use websocket_channel::{ConnectionOptions, Message, Socket};

/// One connection.
pub(crate) struct Raw {
    pub(crate) socket: Socket,
}

/// What a new client says.
pub(crate) fn hello(instance: u64, attempt: u64) -> Hello {
    Hello {
        versions: (VERSION, VERSION),
        features: 0,
        instance,
        attempt,
        terms: Terms {
            credit: 1 << 18,
            max_message: 1 << 20,
            max_batch: 1 << 15,
            retention: 1 << 22,
            retention_ms: 0,
        },
        resume: None,
    }
}

/// The same, coming back to a session in which nothing was ever sent.
pub(crate) fn again(instance: u64, attempt: u64, known: &SessionWelcome) -> Hello {
    resuming(instance, attempt, known.id, known.token, known.incarnation)
}

pub(crate) fn resuming(
    instance: u64,
    attempt: u64,
    id: Secret,
    token: Secret,
    incarnation: u64,
) -> Hello {
    Hello {
        resume: Some(Resume {
            id,
            token,
            incarnation,
            forgot: false,
            positions: Positions::default(),
        }),
        ..hello(instance, attempt)
    }
}

pub(crate) fn batch(frames: &[Frame<'_>]) -> Vec<u8> {
    let mut batch = vec![0];
    for frame in frames {
        frame.put(&mut batch);
    }
    batch
}

impl Raw {
    pub(crate) async fn connect(url: &str) -> Self {
        let socket = Socket::connect(url, ConnectionOptions::default()).await;
        Self {
            socket: socket.unwrap(),
        }
    }

    /// Connects, and says `HELLO`.
    pub(crate) async fn greet(url: &str, hello: Hello) -> (Self, Welcome) {
        let mut raw = Self::connect(url).await;
        raw.say(&[Frame::Hello(Box::new(hello))]);
        let welcome = raw.welcome().await;
        (raw, welcome)
    }

    /// The same for a session, which is confirmed.
    pub(crate) async fn open(url: &str, hello: Hello) -> (Self, SessionWelcome) {
        let (mut raw, welcome) = Self::greet(url, hello).await;
        raw.say(&[Frame::Ack(0)]);
        raw.socket.flush().await.unwrap();
        match welcome {
            Welcome::Session(session) => (raw, *session),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn say(&mut self, frames: &[Frame<'_>]) {
        self.send(batch(frames).into());
    }

    pub(crate) fn send(&mut self, message: Message) {
        self.socket.send_now(message).unwrap();
    }

    async fn next(&mut self) -> Option<Message> {
        let next = timeout(PATIENCE, self.socket.next()).await;
        next.expect("nothing comes")
    }

    async fn welcome(&mut self) -> Welcome {
        let Some(Message::Binary(batch)) = self.next().await else {
            panic!("{:?}", self.socket.close_info());
        };
        match Frames::new(&batch).unwrap().1.next() {
            Some(Ok(Frame::Welcome(welcome))) => welcome,
            other => panic!("{other:?}"),
        }
    }

    /// Waits for a batch that has this frame.
    pub(crate) async fn hear(&mut self, wanted: Frame<'_>) {
        while let Some(message) = self.next().await {
            let (_, mut frames) = Frames::new(message.as_bytes()).unwrap();
            if frames.any(|frame| frame.unwrap() == wanted) {
                return;
            }
        }
        panic!("{wanted:?} did not come: {:?}", self.socket.close_info());
    }

    /// How the server closes the connection.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        let closed = timeout(PATIENCE, self.socket.closed()).await;
        let closed = closed.expect("it is not closed");
        (closed.code, closed.reason)
    }
}
