//! The server's half of sessions over real connections: one handler a session, whatever becomes of its connections.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod attacks;
mod ends;
mod faults;
mod goes_on;
mod hand;
mod proxies;
mod raw;
mod requests;
mod sends;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use websocket_channel::server::{Info, Options, Sessions};
use websocket_channel::socket::Accepting;
use websocket_channel::{Channel, CloseInfo, ConnectionOptions, Text};

/// A server of sessions on a free port; its connections end with it.
pub(crate) struct Server {
    pub(crate) sessions: Sessions,
    pub(crate) url: String,
    /// How connections ended.
    pub(crate) served: tokio::sync::mpsc::UnboundedReceiver<CloseInfo>,
    _accepting: JoinSet<()>,
}

/// Has every session handled like this.
pub(crate) async fn serve<H, F>(options: Options, handler: H) -> Server
where
    H: Fn(Channel<String, String>, Info) -> F + Clone + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let sessions = Sessions::new(options);
    let (tell, served) = tokio::sync::mpsc::unbounded_channel();
    let mut accepting = JoinSet::new();
    // It is not to keep the sessions alive.
    let serving = {
        let sessions = sessions.clone();
        move |socket, identity: String| {
            let handler = handler.clone();
            sessions.serve(socket, identity, Text, move |channel, info| {
                handler(channel, info)
            })
        }
    };
    accepting.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (io, _) = listener.accept().await.unwrap();
            let serving = serving.clone();
            let tell = tell.clone();
            connections.spawn(async move {
                let options = ConnectionOptions::default();
                let mut accepting = Accepting::read(io, options).await.unwrap();
                let identity = accepting.request().path().to_owned();
                accepting.compress(None);
                let socket = accepting.accept(None).await.unwrap();
                let _ = tell.send(serving(socket, identity).await);
            });
        }
    });
    Server {
        sessions,
        url,
        served,
        _accepting: accepting,
    }
}

/// Counts handlers, and sends every line back.
pub(crate) fn echo(
    started: &Arc<AtomicUsize>,
) -> impl Fn(Channel<String, String>, Info) -> futures::future::BoxFuture<'static, ()>
+ Clone
+ Send
+ use<> {
    let started = started.clone();
    move |mut channel, _info| {
        started.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            while let Some(Ok(line)) = channel.next().await {
                if channel.send(line).await.is_err() {
                    return;
                }
            }
        })
    }
}
