//! The source of a channel's connections: the builder's settings, used for every attempt.

use super::connect::Attempt;
use crate::error::{ConnectError, ConnectErrorKind};
use crate::socket::{ConnectionOptions, Socket};
use crate::time::Instant;
use core::iter::once;
use core::pin::Pin;
#[cfg(feature = "reconnect")]
use {crate::reconnect::ReconnectReason, std::sync::Arc};

/// The builder's settings.
pub(super) struct Source {
    url: String,
    pub(super) options: ConnectionOptions,
    opener: Option<Opener>,
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

/// The codec's subprotocol, and how to open a socket with it. A function, so that only programs with such a codec link it.
pub(super) struct Spoken {
    name: String,
    opener: fn(String, Option<Opener>) -> Opener,
}

impl Source {
    pub(super) fn new(
        url: String,
        options: ConnectionOptions,
        opener: Option<Opener>,
        spoken: Option<Spoken>,
    ) -> Self {
        let opener = match spoken {
            Some(spoken) => Some((spoken.opener)(spoken.name, opener)),
            None => opener,
        };
        Self {
            url,
            options,
            opener,
        }
    }

    /// Makes the only attempt.
    #[cfg(not(feature = "reconnect"))]
    pub(super) fn first(&mut self) -> Pin<Box<Opening>> {
        let attempt = Attempt::first(core::mem::take(&mut self.url));
        let options = core::mem::take(&mut self.options);
        open(attempt, options, self.opener.as_mut())
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
        reason: Option<&Arc<ReconnectReason>>,
    ) -> Pin<Box<Opening>> {
        let (url, options) = (self.url.clone(), self.options.clone());
        let Some(open) = &mut self.opener else {
            return Box::pin(Socket::connect(url, options));
        };
        let attempt = Attempt {
            url,
            number,
            reason: reason.cloned(),
        };
        open(attempt, options)
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
            opener: Self::opener,
        }
    }

    /// Offers the subprotocol once, before all others, and fails if the server chooses another.
    fn opener(name: String, mut opener: Option<Opener>) -> Opener {
        Box::new(move |attempt, mut options| {
            let began = Instant::now();
            let expected = name.clone();
            let others = options.protocols.into_names();
            let others = others.into_iter().filter(|protocol| *protocol != name);
            options.protocols = once(name.clone()).chain(others).collect();
            let opening = open(attempt, options, opener.as_mut());
            Box::pin(async move {
                let socket = opening.await?;
                let chosen = &socket.opened().protocol;
                if *chosen == expected {
                    return Ok(socket);
                }
                let kind = ConnectErrorKind::Subprotocol {
                    chosen: chosen.clone(),
                    expected,
                };
                Err(ConnectError::new(kind, began.elapsed()))
            })
        })
    }
}
