//! Our native client as a peer of other people's servers.

use crate::checks::{LARGE, Outcome, REASON, TEXTS, bytes, check, large_text, same};
use futures::StreamExt as _;
use std::path::PathBuf;
use websocket_channel::transport::Format;
use websocket_channel::transport::proxy::{Proxy, ProxyChoice};
use websocket_channel::transport::tls::Tls;
use websocket_channel::{ConnectionOptions, Message, Socket};

/// The server, and how to reach it.
struct Server {
    origin: String,
    options: ConnectionOptions,
}

/// Checks everything that a server of RFC 6455 has. Arguments: the origin, then `--proxy URL`, `--root FILE`.
pub(crate) async fn run(arguments: &[&str]) -> Outcome {
    let server = Server::read(arguments)?;
    check("text", server.text()).await;
    check("binary", server.binary()).await;
    check("large", server.large()).await;
    check("fragments received", server.fragments()).await;
    check("fragments sent", server.in_fragments()).await;
    check("ping received", server.ping()).await;
    check("compression", server.compression()).await;
    check("subprotocol", server.subprotocol()).await;
    check("close begun", server.close()).await;
    check("close received", server.closed()).await;
    Ok(())
}

/// Opens one connection, says hello, and tells how it ended. `--format` is `hixie-75` or `hixie-76`; without it, RFC 6455.
pub(crate) async fn hello(arguments: &[&str]) -> Outcome {
    let mut server = Server::read(arguments)?;
    server.options.handshake.origin = Some("http://example.com".into());
    let mut socket = server.open("/echo", |_| {}).await?;
    for text in TEXTS {
        echoed(&mut socket, Message::from(text)).await?;
    }
    socket.close(1000, "").map_err(|error| error.to_string())?;
    let closed = socket.closed().await;
    println!("closed {} clean={}", closed.code, closed.was_clean);
    Ok(())
}

impl Server {
    fn read(arguments: &[&str]) -> Result<Self, String> {
        let mut options = ConnectionOptions::default();
        options.network.proxy = ProxyChoice::Direct;
        let [origin, flags @ ..] = arguments else {
            return Err("the origin of the server is missing".into());
        };
        for flag in flags.chunks(2) {
            match flag {
                ["--proxy", url] => {
                    let proxy = Proxy::parse(url).map_err(|kind| format!("{kind:?}"))?;
                    options.network.proxy = ProxyChoice::Through(proxy);
                }
                ["--root", file] => {
                    let pem =
                        std::fs::read(PathBuf::from(file)).map_err(|error| error.to_string())?;
                    options.network.tls =
                        Tls::with_roots(&pem).map_err(|cause| format!("{cause:?}"))?;
                }
                ["--format", "hixie-75"] => options.handshake.format = Format::Hixie75,
                ["--format", "hixie-76"] => options.handshake.format = Format::Hixie76,
                other => return Err(format!("unknown arguments {other:?}")),
            }
        }
        Ok(Self {
            origin: (*origin).to_owned(),
            options,
        })
    }

    async fn open(
        &self,
        path: &str,
        ask: impl FnOnce(&mut ConnectionOptions),
    ) -> Result<Socket, String> {
        let mut options = self.options.clone();
        ask(&mut options);
        let connecting = Socket::connect(format!("{}{path}", self.origin), options);
        connecting.await.map_err(|error| error.to_string())
    }

    async fn text(&self) -> Outcome {
        let mut socket = self.open("/echo", |_| {}).await?;
        for text in TEXTS {
            echoed(&mut socket, Message::from(text)).await?;
        }
        Ok(())
    }

    async fn binary(&self) -> Outcome {
        let mut socket = self.open("/echo", |_| {}).await?;
        for len in [0, 1, 125, 126, 256, 65_535, 65_536] {
            echoed(&mut socket, bytes(len).into()).await?;
        }
        Ok(())
    }

    async fn large(&self) -> Outcome {
        let mut socket = self.open("/echo", |_| {}).await?;
        echoed(&mut socket, large_text().into()).await?;
        echoed(&mut socket, bytes(LARGE).into()).await
    }

    async fn fragments(&self) -> Outcome {
        // Seven cuts characters of two, three and four bytes.
        let mut socket = self.open("/fragment?size=7", |_| {}).await?;
        echoed(&mut socket, TEXTS.concat().into()).await?;
        echoed(&mut socket, bytes(1000).into()).await
    }

    async fn in_fragments(&self) -> Outcome {
        let short = |options: &mut ConnectionOptions| options.limits.max_send_frame = 7;
        let mut socket = self.open("/echo", short).await?;
        echoed(&mut socket, TEXTS.concat().into()).await?;
        echoed(&mut socket, bytes(1000).into()).await
    }

    async fn ping(&self) -> Outcome {
        let mut socket = self.open("/ping?count=3&size=125", |_| {}).await?;
        for index in 0..3 {
            same(socket.next().await, Some(format!("pong {index}").into()))?;
        }
        same(socket.next().await, None)?;
        same(
            socket
                .close_info()
                .map(|closed| (closed.code, closed.was_clean)),
            Some((1000, true)),
        )
    }

    async fn compression(&self) -> Outcome {
        let mut socket = self.open("/echo?deflate=yes", |_| {}).await?;
        let extensions = socket.opened().extensions.clone();
        if !extensions.starts_with("permessage-deflate") {
            return Err(format!("the extensions are {extensions:?}"));
        }
        // Twice: the second refers to the first.
        for _ in 0..2 {
            echoed(&mut socket, large_text().into()).await?;
            echoed(&mut socket, bytes(LARGE).into()).await?;
            for text in TEXTS {
                echoed(&mut socket, text.into()).await?;
            }
        }
        // And a server that would is not asked to, where we do not want it.
        let socket = self
            .open("/echo?deflate=yes", |options| {
                options.handshake.deflate = None
            })
            .await?;
        same(socket.opened().extensions.as_str(), "")
    }

    async fn subprotocol(&self) -> Outcome {
        let offer = |protocols: &'static [&str]| {
            move |options: &mut ConnectionOptions| {
                options.protocols = protocols.iter().map(ToString::to_string).collect()
            }
        };
        let socket = self
            .open("/echo?protocol=chat", offer(&["unknown", "chat"]))
            .await?;
        same(socket.opened().protocol.as_str(), "chat")?;
        let socket = self.open("/echo", |_| {}).await?;
        same(socket.opened().protocol.as_str(), "")
    }

    async fn close(&self) -> Outcome {
        let mut socket = self.open("/echo?tag=close", |_| {}).await?;
        echoed(&mut socket, "before".into()).await?;
        socket
            .close(4001, REASON)
            .map_err(|error| error.to_string())?;
        let closed = socket.closed().await;
        same((closed.code, closed.was_clean), (4001, true))
    }

    async fn closed(&self) -> Outcome {
        let mut socket = self
            .open("/close?code=4002&reason=bye%20%E2%98%82", |_| {})
            .await?;
        let closed = socket.closed().await;
        same(
            (closed.code, closed.reason.as_str(), closed.was_clean),
            (4002, REASON, true),
        )
    }
}

/// Sends a message and gets the same one back.
async fn echoed(socket: &mut Socket, message: Message) -> Outcome {
    let sent = socket.send(message.clone()).await;
    sent.map_err(|kind| format!("not sent: {kind:?}"))?;
    let got = socket.next().await;
    if got.is_none() {
        return Err(format!("closed: {:?}", socket.close_info()));
    }
    same(got, Some(message))
}
