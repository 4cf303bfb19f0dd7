//! The client under test of a server that runs the Autobahn cases.

use futures::{SinkExt as _, StreamExt as _};
use websocket_channel::transport::proxy::ProxyChoice;
use websocket_channel::{ConnectError, ConnectionOptions, Socket};

const AGENT: &str = "websocket-channel";

/// Runs every case that the server has: sends back what it hears. What it sends may refer to earlier messages, or not: the server is told which.
pub(crate) async fn run(server: &str, takeover: bool) -> Result<(), String> {
    let connect = |path| connect(format!("{server}{path}"), takeover);
    let mut count = connect("/getCaseCount".into()).await;
    let count = match &mut count {
        Ok(socket) => socket.next().await,
        Err(error) => return Err(error.to_string()),
    };
    let count = count.and_then(|message| str::from_utf8(message.as_bytes()).ok()?.parse().ok());
    let count: usize = count.ok_or("the server did not tell how many cases there are")?;
    for case in 1..=count {
        // A handshake that fails is a verdict of the server's as well.
        if let Ok(socket) = connect(format!("/runCase?case={case}&agent={AGENT}")).await {
            echo(socket).await;
        }
    }
    let reports = connect(format!("/updateReports?agent={AGENT}")).await;
    reports.map_err(|error| error.to_string())?.closed().await;
    Ok(())
}

async fn connect(url: String, takeover: bool) -> Result<Socket, ConnectError> {
    let mut options = ConnectionOptions::default();
    if let Some(deflate) = &mut options.handshake.deflate {
        deflate.send_takeover = takeover;
    }
    options.network.proxy = ProxyChoice::Direct;
    Socket::connect(url, options).await
}

async fn echo(mut socket: Socket) {
    while let Some(message) = socket.next().await {
        // Closing already; the stream ends next.
        let _ = socket.feed(message).await;
    }
}
