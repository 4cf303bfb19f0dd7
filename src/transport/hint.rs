//! What a browser does not say, guessed from what it does.

use crate::error::{ConnectError, ConnectErrorKind};

/// The likely cause of a [`ConnectError`] of which the platform tells nothing. A guess for people, not for programs.
///
/// | what happened | `WebSocket` | `WebSocketStream` | natively |
/// | --- | --- | --- | --- |
/// | the URL or a subprotocol is bad | told | told | told |
/// | offline | `Failed`, hint `Offline` | `Failed`, hint `Offline` | the system's words |
/// | `ws:` in a page that came by `https:` | `Refused`, hint `MixedContent` | `Refused`, hint `MixedContent` | |
/// | Content Security Policy | `Refused`, hint `ContentSecurityPolicy` | `Failed`, no hint | |
/// | no such host, port refused, TLS, status, wrong handshake | `Failed`, cause hidden | `Failed`, cause hidden | told, each |
/// | no answer | `TimedOut` | `TimedOut` | `TimedOut` |
/// | the server speaks another subprotocol than the codec | `Subprotocol`, or `Failed` | `Subprotocol`, or `Failed` | `Subprotocol` |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hint {
    /// The browser says that it has no network. That it says it has one means little.
    Offline,
    /// The page came by `https:` and the URL is `ws:`, which browsers refuse, but for this very machine.
    MixedContent,
    /// The page's Content Security Policy does not list the server under `connect-src`.
    ContentSecurityPolicy,
}

impl ConnectError {
    /// The likely cause, where the platform tells none: only in browsers. It asks the browser when it is called, so call it at once.
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
