//! tokio-tungstenite as the peer: a server for our client, a client for our server.

use crate::checks::{LARGE, Outcome, REASON, TEXTS, bytes, check, large_text, same};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::json;
use std::collections::HashMap;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Response as Answer;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, accept_hdr_async, connect_async};

const PROTOCOL: &str = "Sec-WebSocket-Protocol";

/// Serves until it is ended; prints its origin first, and how each connection with a tag was closed.
pub(crate) async fn serve() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(words)?;
    println!("ws://{}", listener.local_addr().map_err(words)?);
    loop {
        let (io, _) = listener.accept().await.map_err(words)?;
        // What goes wrong with one connection, its client tells.
        tokio::spawn(async move { answer(io).await });
    }
}

// The callback's type is tungstenite's own.
#[allow(clippy::result_large_err)]
async fn answer(io: TcpStream) -> Result<(), Error> {
    let mut target = String::new();
    let callback = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        target = request.uri().to_string();
        let wanted = query(&target).remove("protocol");
        let offered = request
            .headers()
            .get(PROTOCOL)
            .and_then(|value| value.to_str().ok());
        let mut offered = offered.unwrap_or_default().split(',').map(str::trim);
        if let Some(wanted) = wanted.filter(|wanted| offered.any(|offer| offer == wanted))
            && let Ok(value) = HeaderValue::from_str(&wanted)
        {
            response.headers_mut().insert(PROTOCOL, value);
        }
        Ok(response)
    };
    let mut socket = accept_hdr_async(io, callback).await?;
    let query = query(&target);
    let number = |name| query.get(name).and_then(|value| value.parse().ok());
    match target.split('?').next().unwrap_or_default() {
        "/close" => {
            let reason = query.get("reason").cloned().unwrap_or_default();
            let code = number("code").unwrap_or(1000) as u16;
            let frame = CloseFrame {
                code: code.into(),
                reason: reason.into(),
            };
            socket.close(Some(frame)).await?;
        }
        "/ping" => {
            for index in 0..number("count").unwrap_or(3) {
                let payload = vec![b'a' + index as u8; number("size").unwrap_or(4)];
                socket.send(Message::Ping(payload.clone().into())).await?;
                while let Some(message) = socket.next().await {
                    if message? == Message::Pong(payload.clone().into()) {
                        break;
                    }
                }
                socket.send(Message::text(format!("pong {index}"))).await?;
            }
            let frame = CloseFrame {
                code: 1000.into(),
                reason: "".into(),
            };
            socket.close(Some(frame)).await?;
        }
        "/fragment" => {
            while let Some(message) = socket.next().await {
                if let message @ (Message::Text(_) | Message::Binary(_)) = message? {
                    for frame in fragments(message, number("size").unwrap_or(1)) {
                        socket.send(Message::Frame(frame)).await?;
                    }
                }
            }
        }
        _ => {
            while let Some(message) = socket.next().await {
                match message? {
                    Message::Close(frame) if query.contains_key("tag") => {
                        let code = frame.as_ref().map(|frame| u16::from(frame.code));
                        let reason = frame.as_ref().map(|frame| frame.reason.as_str());
                        println!("{}", json!({ "closed": code, "reason": reason }));
                    }
                    message @ (Message::Text(_) | Message::Binary(_)) => {
                        socket.send(message).await?
                    }
                    _ => {}
                }
            }
        }
    }
    while let Some(Ok(_)) = socket.next().await {}
    Ok(())
}

fn query(target: &str) -> HashMap<String, String> {
    let (_, query) = target.split_once('?').unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

fn fragments(message: Message, size: usize) -> Vec<Frame> {
    let mut opcode = match message {
        Message::Text(_) => OpCode::Data(Data::Text),
        _ => OpCode::Data(Data::Binary),
    };
    let payload = message.into_data();
    let pieces: Vec<&[u8]> = payload.chunks(size).collect();
    let mut frames = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        frames.push(Frame::message(
            piece.to_vec(),
            opcode,
            index + 1 == pieces.len(),
        ));
        opcode = OpCode::Data(Data::Continue);
    }
    frames
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Checks everything that our server has.
pub(crate) async fn run(origin: &str) -> Outcome {
    check("text", text(origin)).await;
    check("binary", binary(origin)).await;
    check("large", large(origin)).await;
    check("fragments received", received(origin)).await;
    check("fragments sent", sent(origin)).await;
    check("ping received", pinged(origin)).await;
    check("ping sent", ping(origin)).await;
    check("subprotocol", subprotocol(origin)).await;
    check("close begun", close(origin)).await;
    check("close received", closed(origin)).await;
    Ok(())
}

async fn open(origin: &str, path: &str) -> Result<Socket, String> {
    Ok(ask(origin, path, None).await?.0)
}

async fn ask(
    origin: &str,
    path: &str,
    protocols: Option<&'static str>,
) -> Result<(Socket, Answer), String> {
    let mut request = format!("{origin}{path}")
        .into_client_request()
        .map_err(words)?;
    if let Some(protocols) = protocols {
        request
            .headers_mut()
            .insert(PROTOCOL, HeaderValue::from_static(protocols));
    }
    connect_async(request).await.map_err(words)
}

async fn text(origin: &str) -> Outcome {
    let mut socket = open(origin, "/echo").await?;
    for text in TEXTS {
        echoed(&mut socket, Message::text(text)).await?;
    }
    Ok(())
}

async fn binary(origin: &str) -> Outcome {
    let mut socket = open(origin, "/echo").await?;
    for len in [0, 1, 125, 126, 256, 65_535, 65_536] {
        echoed(&mut socket, Message::binary(bytes(len))).await?;
    }
    Ok(())
}

async fn large(origin: &str) -> Outcome {
    let mut socket = open(origin, "/echo").await?;
    echoed(&mut socket, Message::text(large_text())).await?;
    echoed(&mut socket, Message::binary(bytes(LARGE))).await
}

async fn received(origin: &str) -> Outcome {
    let mut socket = open(origin, "/fragment?size=7").await?;
    echoed(&mut socket, Message::text(TEXTS.concat())).await?;
    echoed(&mut socket, Message::binary(bytes(1000))).await
}

async fn sent(origin: &str) -> Outcome {
    let mut socket = open(origin, "/echo").await?;
    for message in [Message::text(TEXTS.concat()), Message::binary(bytes(1000))] {
        for frame in fragments(message.clone(), 7) {
            socket.send(Message::Frame(frame)).await.map_err(words)?;
            // Control frames may stand between fragments (RFC 6455 §5.4).
            let ping = Message::Ping("between".into());
            socket.send(ping).await.map_err(words)?;
        }
        same(next(&mut socket).await?, message)?;
    }
    Ok(())
}

async fn pinged(origin: &str) -> Outcome {
    let mut socket = open(origin, "/ping?count=3&size=125").await?;
    for index in 0..3 {
        same(
            next(&mut socket).await?,
            Message::text(format!("pong {index}")),
        )?;
    }
    same(end(&mut socket).await?, (1000, String::new()))
}

async fn ping(origin: &str) -> Outcome {
    let mut socket = open(origin, "/echo").await?;
    for payload in [vec![], bytes(125)] {
        let payload = tokio_tungstenite::tungstenite::Bytes::from(payload);
        socket
            .send(Message::Ping(payload.clone()))
            .await
            .map_err(words)?;
        let pong = socket.next().await.ok_or("the end")?.map_err(words)?;
        same(pong, Message::Pong(payload))?;
    }
    Ok(())
}

async fn subprotocol(origin: &str) -> Outcome {
    let (_, answer) = ask(origin, "/echo?protocol=chat", Some("unknown, chat")).await?;
    let chosen = answer.headers().get(PROTOCOL).map(HeaderValue::as_bytes);
    same(chosen, Some(&b"chat"[..]))?;
    let (_, answer) = ask(origin, "/echo", None).await?;
    same(answer.headers().get(PROTOCOL), None)
}

async fn close(origin: &str) -> Outcome {
    let mut socket = open(origin, "/echo?tag=close").await?;
    echoed(&mut socket, Message::text("before")).await?;
    let frame = CloseFrame {
        code: 4001.into(),
        reason: REASON.into(),
    };
    socket.close(Some(frame)).await.map_err(words)?;
    same(end(&mut socket).await?.0, 4001)
}

async fn closed(origin: &str) -> Outcome {
    let mut socket = open(origin, "/close?code=4002&reason=bye%20%E2%98%82").await?;
    same(end(&mut socket).await?, (4002, REASON.to_owned()))
}

async fn echoed(socket: &mut Socket, message: Message) -> Outcome {
    socket.send(message.clone()).await.map_err(words)?;
    same(next(socket).await?, message)
}

/// The next message that is no control frame.
async fn next(socket: &mut Socket) -> Result<Message, String> {
    loop {
        match socket.next().await.ok_or("the end")?.map_err(words)? {
            Message::Ping(_) | Message::Pong(_) => {}
            message => return Ok(message),
        }
    }
}

/// The code and reason that the server sent, once the stream has ended in order.
async fn end(socket: &mut Socket) -> Result<(u16, String), String> {
    let Message::Close(Some(frame)) = next(socket).await? else {
        return Err("no Close frame with a code".into());
    };
    match socket.next().await {
        None | Some(Err(Error::ConnectionClosed)) => {
            Ok((frame.code.into(), frame.reason.as_str().to_owned()))
        }
        other => Err(format!("after the Close frame: {other:?}")),
    }
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}
