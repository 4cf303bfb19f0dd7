//! The source of a channel's connections: the builder's settings, used for every attempt.

use super::connect::Attempt;
use crate::error::{ConnectError, ConnectErrorKind};
use crate::socket::{ConnectionOptions, Socket};
use crate::time::Instant;
use core::iter::once;
use core::pin::Pin;

/// The builder's settings.
pub(super) struct Source {
    pub(super) url: String,
    pub(super) options: ConnectionOptions,
    pub(super) opener: Option<Opener>,
    pub(super) spoken: Option<Spoken>,
}

/// How to open the socket, if not just by the URL. A function, so that programs without a provider do not link it.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(super) type Opener = Box<dyn FnMut(Attempt, ConnectionOptions) -> Pin<Box<Opening>>>;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(super) type Opener = Box<dyn FnMut(Attempt, ConnectionOptions) -> Pin<Box<Opening>> + Send>;

/// An attempt to connect.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(super) type Opening = dyn Future<Output = Result<Socket, ConnectError>>;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(super) type Opening = dyn Future<Output = Result<Socket, ConnectError>> + Send;

/// Opens a socket like [`open`], but with the name of a subprotocol.
type Speak = fn(String, Attempt, ConnectionOptions, Option<&mut Opener>) -> Pin<Box<Opening>>;

/// The codec's subprotocol, and how to open a socket with it. A function, so that only programs with such a codec link it.
#[cfg_attr(feature = "reconnect", derive(Clone))]
pub(super) struct Spoken {
    name: String,
    open: Speak,
}

impl Source {
    /// Makes the only attempt.
    #[cfg(not(feature = "reconnect"))]
    pub(super) fn first(&mut self) -> Pin<Box<Opening>> {
        let attempt = Attempt::first(core::mem::take(&mut self.url));
        let options = core::mem::take(&mut self.options);
        start(attempt, options, self.opener.as_mut(), self.spoken.take())
    }

    /// Makes the first attempt of several.
    #[cfg(feature = "reconnect")]
    pub(super) fn first(&mut self) -> Pin<Box<Opening>> {
        self.attempt(1, None)
    }

    /// Makes one attempt of several.
    #[cfg(feature = "reconnect")]
    pub(super) fn attempt(
        &mut self,
        number: u32,
        reason: Option<std::sync::Arc<crate::reconnect::ReconnectReason>>,
    ) -> Pin<Box<Opening>> {
        let attempt = Attempt {
            url: self.url.clone(),
            number,
            reason,
        };
        let (options, spoken) = (self.options.clone(), self.spoken.clone());
        start(attempt, options, self.opener.as_mut(), spoken)
    }
}

fn start(
    attempt: Attempt,
    options: ConnectionOptions,
    opener: Option<&mut Opener>,
    spoken: Option<Spoken>,
) -> Pin<Box<Opening>> {
    match spoken {
        Some(spoken) => (spoken.open)(spoken.name, attempt, options, opener),
        None => open(attempt, options, opener),
    }
}

fn open(
    attempt: Attempt,
    options: ConnectionOptions,
    opener: Option<&mut Opener>,
) -> Pin<Box<Opening>> {
    match opener {
        Some(open) => open(attempt, options),
        None => Box::pin(Socket::connect(attempt.url, options)),
    }
}

impl Spoken {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            open: Self::open,
        }
    }

    /// Offers the subprotocol once, before all others, and fails if the server chooses another.
    fn open(
        name: String,
        attempt: Attempt,
        mut options: ConnectionOptions,
        opener: Option<&mut Opener>,
    ) -> Pin<Box<Opening>> {
        let began = Instant::now();
        let others = options.protocols.into_names();
        let others = others.into_iter().filter(|protocol| *protocol != name);
        options.protocols = once(name.clone()).chain(others).collect();
        let opening = open(attempt, options, opener);
        Box::pin(async move {
            let socket = opening.await?;
            let chosen = &socket.opened().protocol;
            if *chosen == name {
                return Ok(socket);
            }
            let kind = ConnectErrorKind::Subprotocol {
                chosen: chosen.clone(),
                expected: name,
            };
            Err(ConnectError::new(kind, began.elapsed()))
        })
    }
}
