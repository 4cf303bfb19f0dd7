//! How sessions end, and with them their handlers and connections.

use crate::hand::{Hand, PATIENCE};
use crate::{Server, echo, serve};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;
use websocket_channel::error::LostReason;
use websocket_channel::server::{Away, Options, Sessions};
use websocket_channel::session::{
    ClientEvent as Event, ClientPhase as Phase, LaterReason, Refusal,
};
use websocket_channel::{
    Channel, ClosedBy, ConnectionOptions, RecvError, SendErrorKind, Socket, Text, transport::Limits,
};

/// What is told within the time that everything has.
async fn told<T>(receiver: &mut UnboundedReceiver<T>) -> T {
    let told = timeout(PATIENCE, receiver.recv()).await;
    told.expect("nothing was told").unwrap()
}

fn ended(client: &Hand) -> Option<(u16, String, bool, bool)> {
    client.events.iter().find_map(|event| match event {
        Event::Ended {
            code,
            reason,
            ours,
            clean,
        } => Some((*code, reason.clone(), *ours, *clean)),
        _ => None,
    })
}

async fn until_empty(server: &Server) {
    timeout(PATIENCE, async {
        while server.sessions.totals().sessions > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("sessions are left");
}

#[tokio::test]
async fn a_handler_that_returns_closes_its_session_behind_what_it_sent() {
    let mut server = serve(Options::default(), |channel, _| async move {
        channel.send("last words".into()).await.unwrap();
    })
    .await;
    let mut client = Hand::new(&server.url, 1);
    client.connect().await;
    client
        .until(|client| client.client.phase() == Phase::Ended)
        .await;
    assert_eq!(client.read, ["last words".into()]);
    assert_eq!(ended(&client), Some((1000, String::new(), false, true)));
    client.until(|client| client.socket.is_none()).await;
    let closed = told(&mut server.served).await;
    assert_eq!((closed.code, closed.by), (1000, ClosedBy::Local));
    until_empty(&server).await;
}

#[tokio::test]
async fn a_handler_that_panics_hurts_its_own_session_alone() {
    let started = Arc::new(AtomicUsize::new(0));
    let all = echo(&started);
    let server = serve(Options::default(), move |mut channel, info| {
        let echo = (info.identity == b"/echo").then(|| all.clone());
        async move {
            match echo {
                Some(echo) => echo(channel, info).await,
                None => {
                    let line = channel.next().await;
                    assert_eq!(line, None, "a panic that this test is about");
                }
            }
        }
    })
    .await;
    let mut other = Hand::new(&format!("{}echo", server.url), 1);
    other.open().await;
    let mut client = Hand::new(&server.url, 2);
    client.open().await;
    client.send("boom");
    client
        .until(|client| client.client.phase() == Phase::Ended)
        .await;
    assert_eq!(ended(&client).unwrap().0, 3011);
    other.send("still here");
    other.until(|other| !other.read.is_empty()).await;
    assert_eq!(server.sessions.totals().sessions, 1);
}

#[tokio::test]
async fn a_client_that_closes_ends_the_channel_with_its_code() {
    let (tell, mut seen) = unbounded_channel();
    let server = serve(Options::default(), move |mut channel, _| {
        let tell = tell.clone();
        async move {
            let mut items = Vec::new();
            while let Some(item) = channel.next().await {
                items.push(item);
            }
            let _ = tell.send((items, channel.closed().await));
        }
    })
    .await;
    for (code, reason) in [(1000, ""), (4001, "enough")] {
        let mut client = Hand::new(&server.url, 1);
        client.open().await;
        client.send("one");
        let now = client.now();
        client.client.close(now, code, reason).unwrap();
        client
            .until(|client| client.client.phase() == Phase::Ended)
            .await;
        assert_eq!(ended(&client), Some((code, reason.into(), true, true)));
        let (items, closed) = told(&mut seen).await;
        assert_eq!(items[0], Ok("one".into()));
        assert_eq!((closed.code, &*closed.reason), (code, reason));
        assert_eq!((closed.by, closed.was_clean), (ClosedBy::Remote, true));
        match code {
            1000 => assert_eq!(items.len(), 1),
            _ => assert_eq!(items[1], Err(RecvError::ChannelClosed(closed))),
        }
    }
    until_empty(&server).await;
}

#[tokio::test]
async fn a_client_that_does_not_come_back_is_lost_and_told_so_when_it_does() {
    let (tell, mut seen) = unbounded_channel();
    let options = Options::default().retention_time(Duration::from_millis(200));
    let server = serve(options, move |mut channel: Channel<String, String>, _| {
        let tell = tell.clone();
        async move {
            let mut last = channel.next().await;
            for text in ["read", "unread"] {
                channel.send(text.into()).await.unwrap();
            }
            while let Some(item) = channel.next().await {
                last = Some(item);
            }
            let _ = tell.send((last, channel.closed().await));
        }
    })
    .await;
    let mut client = Hand::new(&server.url, 1);
    client.open().await;
    client.send("one");
    client.reads = false;
    client.until(|client| client.client.next().0 == 2).await;
    client.cut();
    let (last, closed) = told(&mut seen).await;
    assert_eq!((closed.code, closed.by), (1006, ClosedBy::Error));
    assert_eq!((&*closed.reason, closed.unsent_bytes), ("session lost", 10));
    let Some(Err(RecvError::SessionLost(lost))) = last else {
        panic!("{last:?}");
    };
    assert_eq!(lost.reason, LostReason::Refused(Refusal::Expired));
    // Sent whole, and not committed.
    assert_eq!(lost.in_doubt, ["read".into(), "unread".into()]);
    assert_eq!((lost.never_sent.len(), lost.renewed), (0, false));
    until_empty(&server).await;
    client.connect().await;
    client
        .until(|client| client.client.phase() == Phase::Ended)
        .await;
    assert!(client.events.contains(&Event::Lost(Refusal::Expired)));
}

#[tokio::test]
async fn a_node_that_is_taken_down_asks_to_move_and_takes_nobody() {
    let started = Arc::new(AtomicUsize::new(0));
    let server = serve(Options::default(), echo(&started)).await;
    let mut client = Hand::new(&server.url, 1);
    client.open().await;
    server.sessions.drain(Duration::from_millis(1500));
    let after = Duration::from_millis(1500);
    client
        .until(|client| client.events.contains(&Event::Move { after }))
        .await;
    // It serves until the client has moved.
    client.send("still");
    client.until(|client| !client.read.is_empty()).await;
    for mut late in [Hand::new(&server.url, 2), client] {
        if late.socket.is_some() {
            late.cut();
        }
        late.connect().await;
        late.until(|late| !late.ends.is_empty()).await;
        let later = Event::Later {
            after: Duration::from_secs(5),
            reason: LaterReason::Draining,
        };
        assert!(late.events.contains(&later), "{:?}", late.events);
        let closed = &late.ends[0];
        assert_eq!((closed.code, &*closed.reason), (1000, "later"));
    }
    assert_eq!(started.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_shutdown_ends_every_session_with_its_code() {
    let started = Arc::new(AtomicUsize::new(0));
    let server = serve(Options::default(), echo(&started)).await;
    let mut clients = [1, 2, 3].map(|instance| Hand::new(&server.url, instance));
    for client in &mut clients {
        client.open().await;
        client.send("hello");
        client.until(|client| !client.read.is_empty()).await;
    }
    // And one that is only offered.
    let mut pending = Hand::new(&server.url, 4);
    pending.carry(
        Socket::connect(&*server.url, ConnectionOptions::default())
            .await
            .unwrap(),
    );
    let now = pending.now();
    let mut hello = Vec::new();
    assert!(pending.client.poll_transmit(now, &mut hello));
    pending
        .socket
        .as_mut()
        .unwrap()
        .send_now(hello.into())
        .unwrap();
    let shutdown = server.sessions.shutdown(4000, "maintenance");
    let all = async {
        for client in &mut clients {
            client
                .until(|client| client.client.phase() == Phase::Ended)
                .await;
            assert_eq!(
                ended(client),
                Some((4000, "maintenance".into(), false, true))
            );
        }
    };
    timeout(PATIENCE, futures::future::join(shutdown, all))
        .await
        .unwrap();
    assert_eq!(server.sessions.totals().sessions, 0);
}

/// Says when it is dropped.
struct Dropped(tokio::sync::mpsc::UnboundedSender<()>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

#[tokio::test]
async fn the_last_sessions_to_be_dropped_ends_handlers_connections_and_tasks() {
    let sessions = Sessions::new(Options::default());
    let (tell, mut dropped) = unbounded_channel();
    let mut serving = Vec::new();
    let mut clients = Vec::new();
    for instance in 0..3 {
        let (ours, theirs) = Socket::pair(&Limits::default(), "");
        let tells = Dropped(tell.clone());
        let handler = move |channel: Channel<String, String>, _| async move {
            let _tells = tells;
            // It ignores that the channel ends.
            let _channel = channel;
            std::future::pending::<()>().await;
        };
        serving.push(tokio::spawn(sessions.serve(ours, "", Text, handler)));
        let mut client = Hand::new("", instance);
        client.carry(theirs);
        client
            .until(|client| client.client.phase() == Phase::Open)
            .await;
        client.turn().await;
        clients.push(client);
    }
    // The one that has only been offered, and the one that says nothing.
    let (ours, _silent) = Socket::pair(&Limits::default(), "");
    let handler = |_: Channel<String, String>, _| async {};
    serving.push(tokio::spawn(sessions.serve(ours, "", Text, handler)));
    clients[1].cut();
    while sessions.totals().connections != 3 {
        tokio::task::yield_now().await;
    }
    assert_eq!(sessions.totals().sessions, 3);
    let (ours, _theirs) = Socket::pair(&Limits::default(), "");
    let handler = |_: Channel<String, String>, _| async {};
    let late = sessions.serve(ours, "", Text, handler);
    let another = sessions.clone();
    drop(sessions);
    clients[0].turn().await;
    assert!(clients[0].socket.is_some(), "a clone is left");
    drop(another);
    for _ in 0..3 {
        told(&mut dropped).await;
    }
    for serving in serving {
        timeout(PATIENCE, serving)
            .await
            .expect("a connection is left")
            .unwrap();
    }
    clients[0].until(|client| client.socket.is_none()).await;
    assert_eq!(clients[0].ends[0].code, 1001);
    // One that begins only now.
    let late = timeout(PATIENCE / 10, late).await;
    assert_eq!(late.expect("a late one is left").code, 1001);
    // Nothing of this test is left on the runtime: the clock, drivers, handlers.
    let alive = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    timeout(PATIENCE, async {
        while alive() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("tasks are left");
}

#[tokio::test]
async fn a_serve_that_is_cancelled_ends_the_connection_and_not_the_session() {
    let sessions = Sessions::new(Options::default());
    let started = Arc::new(AtomicUsize::new(0));
    let mut client = Hand::new("", 1);
    for round in 0..3 {
        let (ours, theirs) = Socket::pair(&Limits::default(), "");
        let serving = tokio::spawn(sessions.serve(ours, "", Text, echo(&started)));
        client.carry(theirs);
        client.send("hello");
        client.until(|client| client.read.len() > round).await;
        serving.abort();
        client.until(|client| client.socket.is_none()).await;
        assert_eq!(sessions.totals().sessions, 1);
    }
    assert_eq!(started.load(Ordering::Relaxed), 1);
}

/// A send into a session whose client is away, at the bound of what is retained.
async fn away(policy: Away) -> (Server, Hand, UnboundedReceiver<Result<u32, SendErrorKind>>) {
    let options = Options::default().retention(10_000).away(policy);
    let (tell, seen) = unbounded_channel();
    let (gone, was_cut) = tokio::sync::watch::channel(false);
    let server = serve(options, move |channel: Channel<String, String>, _| {
        let tell = tell.clone();
        let mut was_cut = was_cut.clone();
        async move {
            channel.send("hello".into()).await.unwrap();
            was_cut.wait_for(|cut| *cut).await.unwrap();
            for number in 0..20 {
                match channel.send("x".repeat(1000)).await {
                    Ok(()) => {
                        let _ = tell.send(Ok(number));
                    }
                    Err(error) => {
                        let _ = tell.send(Err(error.kind));
                        return;
                    }
                }
            }
            channel.flush().await.unwrap();
        }
    })
    .await;
    let mut client = Hand::new(&server.url, 1);
    client.open().await;
    client.until(|client| client.read.len() == 1).await;
    client.cut();
    while server.sessions.totals().connections > 0 {
        tokio::task::yield_now().await;
    }
    gone.send(true).unwrap();
    (server, client, seen)
}

#[tokio::test]
async fn a_send_to_a_client_that_is_away_waits_until_it_is_back() {
    let (_server, mut client, mut seen) = away(Away::Wait).await;
    for number in 0..9 {
        assert_eq!(told(&mut seen).await, Ok(number));
    }
    client.connect().await;
    client
        .until(|client| client.client.phase() == Phase::Ended)
        .await;
    assert_eq!(client.read.len(), 21);
    for number in 9..20 {
        assert_eq!(told(&mut seen).await, Ok(number));
    }
}

#[tokio::test]
async fn a_send_to_a_client_that_is_away_is_refused_where_that_is_asked_for() {
    let (_server, mut client, mut seen) = away(Away::Refuse).await;
    for number in 0..9 {
        assert_eq!(told(&mut seen).await, Ok(number));
    }
    assert_eq!(told(&mut seen).await, Err(SendErrorKind::SendRefused));
    // The session stands, with all that was taken.
    client.connect().await;
    client
        .until(|client| client.client.phase() == Phase::Ended)
        .await;
    assert_eq!(client.read.len(), 10);
}

#[tokio::test]
async fn a_session_whose_client_is_away_ends_where_that_is_asked_for() {
    let (server, mut client, mut seen) = away(Away::End).await;
    for number in 0..9 {
        assert_eq!(told(&mut seen).await, Ok(number));
    }
    assert_eq!(told(&mut seen).await, Err(SendErrorKind::NotOpen));
    until_empty(&server).await;
    client.connect().await;
    client
        .until(|client| client.client.phase() == Phase::Ended)
        .await;
    assert!(client.events.contains(&Event::Lost(Refusal::Expired)));
}
