//! Guesses at what a browser does not say.

use crate::error::{ConnectError, ConnectErrorKind};

/// The likely cause of a [`ConnectError`] for which the platform gives none. A guess for people, not for programs.
///
/// | what happened | `WebSocket` | `WebSocketStream` | natively |
/// | --- | --- | --- | --- |
/// | the URL or a subprotocol is bad | known | known | known |
/// | offline | `ConnectFailed`, hint `Offline` | `ConnectFailed`, hint `Offline` | the system's error text |
/// | `ws:` in a page from `https:` | `Refused`, hint `MixedContent` | `Refused`, hint `MixedContent` | |
/// | Content Security Policy | `Refused`, hint `ContentSecurityPolicy` | `ConnectFailed`, no hint | |
/// | no such host, port refused, TLS, status, wrong handshake | `ConnectFailed`, cause hidden | `ConnectFailed`, cause hidden | known, each |
/// | no answer | `TimedOut` | `TimedOut` | `TimedOut` |
/// | the server chose another subprotocol than the codec's | `Subprotocol` | `Subprotocol` | `Subprotocol` |
/// | the server chose none of the subprotocols offered | `Subprotocol`, or `ConnectFailed` | `Subprotocol`, or `ConnectFailed` | `Subprotocol` |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hint {
    /// The browser says that it has no network. (That it says it has one means little.)
    Offline,
    /// The page came from `https:` and the URL is `ws:`. Browsers refuse that, except to this machine.
    MixedContent,
    /// The page's Content Security Policy does not list the server under `connect-src`.
    ContentSecurityPolicy,
}

impl ConnectError {
    /// The likely cause, if the platform gives none; only in browsers. It asks the browser when it is called, so call it at once.
    pub fn hint(&self) -> Option<Hint> {
        platform::hint(&self.kind)
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod platform {
    use super::{ConnectErrorKind, Hint};

    /// Natively the error says it itself.
    pub(super) fn hint(_: &ConnectErrorKind) -> Option<Hint> {
        None
    }
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod platform {
    use super::{ConnectErrorKind, Hint};
    use js_sys::Reflect;
    use wasm_bindgen::JsValue;

    pub(super) fn hint(kind: &ConnectErrorKind) -> Option<Hint> {
        match kind {
            // WHATWG WebSockets §3.1 has a SecurityError for mixed content only.
            ConnectErrorKind::Refused { name, .. }
                if name == "SecurityError" && said("location", "protocol") == "https:" =>
            {
                Some(Hint::MixedContent)
            }
            // Chromium throws nothing, Firefox this, WebKit a SecurityError. What else a constructor may throw is not the policy's.
            ConnectErrorKind::Refused { name, .. }
                if matches!(&**name, "" | "NS_ERROR_CONTENT_BLOCKED" | "SecurityError") =>
            {
                Some(Hint::ContentSecurityPolicy)
            }
            ConnectErrorKind::ConnectFailed { .. } | ConnectErrorKind::TimedOut { .. }
                if said("navigator", "onLine") == false =>
            {
                Some(Hint::Offline)
            }
            _ => None,
        }
    }

    /// What the page or worker says of itself; undefined where there is no such thing.
    fn said(object: &str, property: &str) -> JsValue {
        Reflect::get(&js_sys::global(), &object.into())
            .and_then(|object| Reflect::get(&object, &property.into()))
            .unwrap_or(JsValue::UNDEFINED)
    }
}
