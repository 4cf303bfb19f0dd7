//! The server of `npm run bench -- session`: typed messages, one by one over a plain channel, or in a session.
//!
//! A path is `/single` or `/session`, then `/bytes` or `/messagepack`, then `/receive`, `/send` or `/echo`, then the number of messages.

use crate::Failure;
use crate::message::{Item, Quote};
use tokio::net::{TcpListener, TcpStream};
use websocket_channel::codec::Codec;
use websocket_channel::socket::{Accepting, ConnectionOptions};
use websocket_channel::{Bytes, Channel, MessagePack, Socket};

/// Prints its port and serves until it is ended.
pub(crate) async fn serve() -> Result<(), Failure> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?.port());
    loop {
        let (stream, _) = listener.accept().await?;
        drop(tokio::spawn(async move {
            if let Err(failure) = connection(stream).await {
                eprintln!("{failure}");
            }
        }));
    }
}

async fn connection(stream: TcpStream) -> Result<(), Failure> {
    let accepting = Accepting::read(stream, ConnectionOptions::default()).await?;
    let path = accepting.request().path().to_owned();
    let socket = accepting.accept(None).await?;
    let words: Vec<&str> = path.split('/').skip(1).collect();
    let [how, codec, kind, count] = words[..] else {
        return Err(format!("no service is called {path}").into());
    };
    let job = Job {
        kind: kind.into(),
        count: count.parse()?,
    };
    match (how, codec) {
        ("single", "bytes") => job.one_by_one::<Vec<u8>>(socket, Bytes).await,
        ("single", "messagepack") => job.one_by_one::<Quote>(socket, MessagePack).await,
        _ => Err(format!("no service is called {path}").into()),
    }
}

struct Job {
    kind: String,
    count: u32,
}

impl Job {
    /// As a server is written by hand: a message at a time.
    async fn one_by_one<T: Item>(
        self,
        socket: Socket,
        codec: impl Codec<T, T> + 'static,
    ) -> Result<(), Failure> {
        let mut channel = Channel::<T, T>::from_socket(socket, codec);
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
                if sum == crate::message::sum_of::<T>(self.count) {
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
}
