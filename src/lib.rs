//! A WebSocket client with a typed async channel, for browsers and native programs.
//!
//! ```no_run
//! use websocket_channel::{Channel, Text, connect};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let mut chat: Channel<String, String> = connect("wss://chat.example/ws").codec(Text).await?;
//! chat.send("hello".into()).await?; // waits while the send buffer is full
//! while let Some(line) = chat.next().await {
//!     println!("{}", line?);
//! }
//! println!("{:?}", chat.closed().await);
//! # Ok(())
//! # }
//! ```
//!
//! Start with [`connect`]. It returns a [`Channel`]; [`Sender`], [`Receiver`] and [`Control`] are its handles; [`codec`] says how values become
//! messages. [`Socket`] is the layer below, without types and without a task.
//!
//! [`security`] says what a WebSocket is exposed to.
//!
//! # Layers
//!
//! Each layer imports only the layers below it.
//!
//! ```text
//!   js        the classes of the npm package (feature `__npm`, in the repository only)
//!   server    the server's half of sessions: natively, feature `session`
//!   channel   typed values, halves, closing
//!   socket    one connection: Stream + Sink of Message
//!   transport messages: the browser's WebSocket or WebSocketStream, the core over byte streams, a pair in memory
//!   net       bytes: TCP, TLS, the tunnel through a proxy, any AsyncRead + AsyncWrite
//!   proto     handshake and framing, without any I/O     codec   values and messages
//!   session   state machines of sessions, without any I/O
//!   error, message, http
//! ```
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `json` | yes | `Json`: any serde type as JSON text |
//! | `messagepack` | no | `MessagePack`: any serde type as MessagePack |
//! | `deflate` | yes | permessage-deflate (RFC 7692) wherever the protocol core is; a page has the browser's own |
//! | `tls` | yes | `wss` natively, by rustls; in a page nothing |
//! | `native-roots` | no | `Tls::with_native_roots`: the roots of the operating system; in a page nothing |
//! | `proto` | no | the sans-I/O protocol core as a public module; in wasm sockets over streams of bytes, too. Natively these are always there |
//! | `tracing` | no | events of `tracing`; never a query string, credentials or a payload |
//! | `websocket-stream` | no | the browser's `WebSocketStream` as a second transport, for receive backpressure |
//! | `session` | no | `Connect::session`: a channel continues its session when its connection is lost; natively the server's half, too |
//! | `lifecycle` | no | in a page, a channel ends when the page comes back from the back/forward cache or a freeze |
//! | `reconnect` | no | `Connect::reconnect`: a channel connects again when its connection is lost |

// docs.rs says of each item which feature or target it needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod channel;
pub mod codec;
/// Which risks a WebSocket has, what this crate does about them, and what the application has to do.
#[doc = include_str!("../SECURITY.md")]
pub mod security {}
pub mod error;
#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
pub mod http;
#[cfg(not(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown")))))]
#[path = "http/absent.rs"]
mod http;
#[cfg(all(
    any(feature = "__npm", feature = "__npm-session"),
    target_family = "wasm",
    target_os = "unknown"
))]
mod js;
#[cfg(feature = "lifecycle")]
#[cfg_attr(
    not(feature = "reconnect"),
    allow(dead_code, reason = "only a channel that reconnects asks for the network")
)]
mod lifecycle;
mod lock;
pub mod message;
#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
mod net;
#[cfg(feature = "proto")]
pub mod proto;
#[cfg(all(not(feature = "proto"), not(all(target_family = "wasm", target_os = "unknown"))))]
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "public with the feature `proto`"
)]
mod proto;
#[cfg(feature = "session")]
mod queue;
#[cfg(any(
    feature = "proto",
    feature = "reconnect",
    not(all(target_family = "wasm", target_os = "unknown"))
))]
mod random;
#[cfg(feature = "reconnect")]
pub mod reconnect;
#[cfg(feature = "session")]
mod requests;
#[cfg(all(feature = "session", not(all(target_family = "wasm", target_os = "unknown"))))]
pub mod server;
#[cfg(feature = "session")]
pub mod session;
#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
mod shared;
#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
mod simd;
pub mod socket;
mod time;
pub mod transport;
mod waker;

#[cfg(feature = "session")]
pub use channel::{Answering, Received, Responder};
pub use channel::{
    Attempt, Channel, Connect, Control, Permit, Receiver, Sender, Stats, Status, StatusStream,
    connect,
};
#[cfg(feature = "json")]
pub use codec::Json;
#[cfg(feature = "messagepack")]
pub use codec::MessagePack;
pub use codec::{Bytes, Raw, Text};
pub use error::{
    CloseError, ConnectError, ConnectErrorKind, DecodeError, EncodeError, RecvError, SendError,
    SendErrorKind, TryRecvError, TrySendError, TrySendErrorKind,
};
#[cfg(feature = "session")]
pub use error::{EntryError, EntryErrorKind, RequestError, RequestErrorKind};
pub use message::{CloseInfo, ClosedBy, Event, Message, OpenInfo};
#[cfg(feature = "reconnect")]
pub use reconnect::{Reconnect, ReconnectReason};
#[cfg(feature = "session")]
pub use session::{Entry, Session};
pub use socket::{ByteStream, ConnectionOptions, Socket};
pub use transport::{Hint, Overflow};
