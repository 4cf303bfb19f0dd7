//! The server of `npm run bench -- session`: typed messages, one by one over a plain channel, or in a session.
//!
//! A path is `/single` or `/session`, then `/bytes` or `/messagepack`, then `/receive`, `/send` or `/echo`, then the number of messages.

use crate::Failure;
use crate::message::{Item, Quote, sum_of};
use tokio::net::{TcpListener, TcpStream};
use websocket_channel::codec::Codec;
use websocket_channel::server::{Options, Sessions};
use websocket_channel::socket::{Accepting, ConnectionOptions};
use websocket_channel::{Bytes, Channel, MessagePack, Socket};

/// Prints its port and serves until it is ended.
pub(crate) async fn serve() -> Result<(), Failure> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?.port());
    let sessions = Sessions::new(Options::default());
    loop {
        let (stream, _) = listener.accept().await?;
        let sessions = sessions.clone();
        drop(tokio::spawn(async move {
            if let Err(failure) = connection(stream, &sessions).await {
                eprintln!("{failure}");
            }
        }));
    }
}

async fn connection(stream: TcpStream, sessions: &Sessions) -> Result<(), Failure> {
    let accepting = Accepting::read(stream, ConnectionOptions::default()).await?;
    let path = accepting.request().path().to_owned();
    let words: Vec<&str> = path.split('/').skip(1).collect();
    let [how, codec, kind, count] = words[..] else {
        return Err(format!("no service is called {path}").into());
    };
    let count = count.parse()?;
    // Before the connection is open, because the client measures from then on.
    let expected = match (kind, codec) {
        ("send", "bytes") => sum_of::<Vec<u8>>(count),
        ("send", _) => sum_of::<Quote>(count),
        _ => 0,
    };
    let job = Job {
        kind: kind.into(),
        count,
        expected,
    };
    let socket = accepting.accept(None).await?;
    match (how, codec) {
        ("single", "bytes") => job.plain::<Vec<u8>>(socket, Bytes).await,
        ("single", "messagepack") => job.plain::<Quote>(socket, MessagePack).await,
        ("session", "bytes") => job.session::<Vec<u8>>(socket, Bytes, sessions).await,
        ("session", "messagepack") => job.session::<Quote>(socket, MessagePack, sessions).await,
        _ => Err(format!("no service is called {path}").into()),
    }
}

struct Job {
    kind: String,
    count: u32,
    expected: u32,
}

impl Job {
    async fn plain<T: Item>(
        self,
        socket: Socket,
        codec: impl Codec<T, T> + 'static,
    ) -> Result<(), Failure> {
        self.one_by_one(Channel::<T, T>::from_socket(socket, codec))
            .await
    }

    async fn session<T: Item>(
        self,
        socket: Socket,
        codec: impl Codec<T, T> + 'static,
        sessions: &Sessions,
    ) -> Result<(), Failure> {
        let handler = async move |channel, _info| {
            if let Err(failure) = self.at_once::<T>(channel).await {
                eprintln!("{failure}");
            }
        };
        sessions.serve(socket, b"", codec, handler).await;
        Ok(())
    }

    /// As a server is written by hand: a message at a time.
    async fn one_by_one<T: Item>(self, mut channel: Channel<T, T>) -> Result<(), Failure> {
        match self.kind.as_str() {
            // The first message asks for them all.
            "receive" => {
                channel.next().await.transpose()?;
                for number in 0..self.count {
                    channel.send(T::make(number)).await?;
                }
            }
            "send" => {
                let mut sum = 0_u32;
                for _ in 0..self.count {
                    let message = channel.next().await.transpose()?;
                    sum = sum.wrapping_add(message.map_or(0, |message| message.sum()));
                }
                // Wrong messages are not answered, and the bench fails.
                if sum == self.expected {
                    channel.send(T::make(0)).await?;
                }
            }
            _ => {
                while let Some(message) = channel.next().await {
                    channel.send(message?).await?;
                }
            }
        }
        channel.closed().await;
        Ok(())
    }

    /// By whole arrays.
    async fn at_once<T: Item>(self, channel: Channel<T, T>) -> Result<(), Failure> {
        if self.kind == "echo" {
            return self.one_by_one(channel).await;
        }
        let (sender, mut receiver) = channel.split();
        if self.kind == "receive" {
            receiver.next().await.transpose()?;
            let values = (0..self.count).map(T::make);
            sender.send_all(values).await.map_err(|error| error.kind)?;
        } else {
            let (mut sum, mut left) = (0_u32, self.count as usize);
            let mut batches = receiver.batches();
            while left > 0 {
                let Some(batch) = batches.next().await.transpose()? else {
                    return Err("the session ended".into());
                };
                left -= batch.len();
                sum = batch
                    .iter()
                    .fold(sum, |sum, each| sum.wrapping_add(each.sum()));
            }
            if sum == self.expected {
                sender.send(T::make(0)).await?;
            }
        }
        receiver.closed().await;
        Ok(())
    }
}
