//! `server::Sessions` behind tungstenite's and axum's sockets, with our own client.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use axum::Router;
use axum::extract::{State, WebSocketUpgrade, ws};
use axum::response::Response;
use axum::routing::get;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{self, protocol};
use websocket_channel::server::{Arrived, Carrier, Foreign, Options, Sessions};
use websocket_channel::session::Session;
use websocket_channel::{Channel, CloseInfo, Reconnect, Text, connect};

const PATIENCE: Duration = Duration::from_secs(30);

fn over_tungstenite(socket: WebSocketStream<TcpStream>) -> impl Carrier {
    Foreign::new(
        socket,
        |message| match message {
            tungstenite::Message::Binary(bytes) => Some(Arrived::Batch(bytes.into())),
            tungstenite::Message::Text(_) => Some(Arrived::Text),
            tungstenite::Message::Close(frame) => {
                let code = frame.map_or(1005, |frame| frame.code.into());
                Some(Arrived::Closed(code))
            }
            _ => None,
        },
        |batch| tungstenite::Message::Binary(batch.into()),
        |code, reason| {
            tungstenite::Message::Close(Some(protocol::CloseFrame {
                code: code.into(),
                reason: reason.into(),
            }))
        },
    )
}

fn over_axum(socket: ws::WebSocket) -> impl Carrier {
    Foreign::new(
        socket,
        |message| match message {
            ws::Message::Binary(bytes) => Some(Arrived::Batch(bytes.into())),
            ws::Message::Text(_) => Some(Arrived::Text),
            ws::Message::Close(frame) => {
                Some(Arrived::Closed(frame.map_or(1005, |frame| frame.code)))
            }
            _ => None,
        },
        |batch| ws::Message::Binary(batch.into()),
        |code, reason| {
            ws::Message::Close(Some(ws::CloseFrame {
                code,
                reason: reason.into(),
            }))
        },
    )
}

/// How the connections of both are served: until the session, the client or a cut ends them.
#[derive(Clone)]
struct Serving {
    sessions: Sessions,
    cut: Arc<Notify>,
    closed: UnboundedSender<CloseInfo>,
}

impl Serving {
    async fn serve(self, socket: impl Carrier) {
        let closed = self.closed.clone();
        let echo = async move |mut channel: Channel<String, String>, _| {
            while let Some(Ok(line)) = channel.next().await {
                if channel.send(line).await.is_err() {
                    break;
                }
            }
            let _ = closed.send(channel.closed().await);
        };
        tokio::select! {
            _ = self.sessions.serve(socket, "", Text, echo) => {}
            () = self.cut.notified() => {}
        }
    }
}

async fn tungstenite(listener: TcpListener, serving: Serving) {
    let mut connections = JoinSet::new();
    loop {
        let (io, _) = listener.accept().await.unwrap();
        let serving = serving.clone();
        connections.spawn(async move {
            let socket = tokio_tungstenite::accept_async(io).await.unwrap();
            serving.serve(over_tungstenite(socket)).await;
        });
    }
}

async fn axum(listener: TcpListener, serving: Serving) {
    async fn upgrade(State(serving): State<Serving>, upgrade: WebSocketUpgrade) -> Response {
        upgrade.on_upgrade(|socket| serving.serve(over_axum(socket)))
    }
    let app = Router::new().route("/", get(upgrade)).with_state(serving);
    axum::serve(listener, app).await.unwrap();
}

/// What every library has to come to.
async fn check<F: Future<Output = ()> + Send + 'static>(
    library: impl FnOnce(TcpListener, Serving) -> F,
) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let (tell, mut closed) = unbounded_channel();
    let serving = Serving {
        sessions: Sessions::new(Options::default()),
        cut: Arc::default(),
        closed: tell,
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(library(listener, serving.clone()));

    // A plain client is refused, by name.
    let mut plain: Channel<String, String> = connect(&*url).codec(Text).await.unwrap();
    plain.send("hello".into()).await.unwrap();
    let refused = plain.closed().await;
    assert_eq!((refused.code, &*refused.reason), (3002, "text-message"));

    // A session goes on over many connections.
    let session = Session::default();
    let policy = Reconnect::default()
        .base_delay(Duration::from_millis(1))
        .max_delay(Duration::from_millis(10));
    let connect = connect(&*url)
        .codec(Text)
        .session(session)
        .reconnect(policy);
    let mut channel: Channel<String, String> = connect.await.unwrap();
    let control = channel.control();
    for round in 0..8 {
        for number in 0..10 {
            let line = format!("{round} {number}");
            channel.send(line).await.unwrap();
        }
        // In the midst of it.
        serving.cut.notify_waiters();
        for number in 0..10 {
            let line = timeout(PATIENCE, channel.next()).await.expect("no answer");
            assert_eq!(line, Some(Ok(format!("{round} {number}"))));
        }
    }
    assert!(control.stats().resumed > 0);
    assert_eq!(serving.sessions.totals().sessions, 1);
    // Its end is told to both.
    let ours = control.close(4001, "enough").await.unwrap();
    assert_eq!((ours.code, ours.was_clean), (4001, true));
    let theirs = timeout(PATIENCE, closed.recv()).await.unwrap().unwrap();
    assert_eq!((theirs.code, &*theirs.reason), (4001, "enough"));
    // And the last connection.
    let over = async {
        while serving.sessions.totals().connections > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, over).await.expect("a connection is left");
}

#[tokio::test]
async fn sessions_go_on_over_tungstenite() {
    check(tungstenite).await;
}

#[tokio::test]
async fn sessions_go_on_over_axum() {
    check(axum).await;
}
