//! Events of `tracing`, where the feature is on; nothing where it is not.
//!
//! What may be a secret is never among the fields: of a URL its scheme, host and path, of an error its code, and no reason, subprotocol or message.

#[cfg(feature = "tracing")]
mod enabled {
    use crate::error::ConnectError;
    use crate::message::CloseInfo;
    use crate::time::Instant;

    const TARGET: &str = "websocket_channel";

    pub(crate) fn connecting(url: &str) {
        let url = redacted(url);
        tracing::debug!(target: TARGET, url, "connecting");
    }

    pub(crate) fn opened(began: Instant) {
        let elapsed_ms = began.elapsed().as_millis() as u64;
        tracing::info!(target: TARGET, elapsed_ms, "opened");
    }

    pub(crate) fn failed(error: &ConnectError) {
        let elapsed_ms = error.elapsed.as_millis() as u64;
        tracing::warn!(target: TARGET, code = error.code(), elapsed_ms, "connecting failed");
    }

    pub(crate) fn closing(code: u16) {
        tracing::debug!(target: TARGET, code, "closing");
    }

    pub(crate) fn closed(closed: &CloseInfo) {
        let by = match closed.by {
            crate::message::ClosedBy::Local => "local",
            crate::message::ClosedBy::Remote => "remote",
            crate::message::ClosedBy::Unknown => "unknown",
            crate::message::ClosedBy::Error => "error",
        };
        tracing::info!(target: TARGET, code = closed.code, was_clean = closed.was_clean, by, "closed");
    }

    /// The URL without credentials and query.
    fn redacted(url: &str) -> String {
        let url = url.split(['?', '#']).next().unwrap_or_default();
        let Some((scheme, rest)) = url.split_once("://") else {
            return url.into();
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = authority.rsplit('@').next().unwrap_or_default();
        format!("{scheme}://{host}{path}")
    }

    #[cfg(test)]
    mod tests {
        use super::redacted;

        #[test]
        fn a_traced_url_has_no_secrets() {
            for (url, told) in [
                ("wss://h/chat?token=s", "wss://h/chat"),
                ("wss://user:pass@h:1/chat/", "wss://h:1/chat/"),
                ("wss://user:p@ss@h?token=a/b", "wss://h"),
                ("wss://h/a@b", "wss://h/a@b"),
                ("/relative?token=s", "/relative"),
                ("", ""),
            ] {
                assert_eq!(redacted(url), told);
            }
        }
    }
}

#[cfg(not(feature = "tracing"))]
mod disabled {
    use crate::error::ConnectError;
    use crate::message::CloseInfo;
    use crate::time::Instant;

    pub(crate) fn connecting(_: &str) {}
    pub(crate) fn opened(_: Instant) {}
    pub(crate) fn failed(_: &ConnectError) {}
    pub(crate) fn closing(_: u16) {}
    pub(crate) fn closed(_: &CloseInfo) {}
}

#[cfg(not(feature = "tracing"))]
pub(super) use disabled::{closed, closing, connecting, failed, opened};
#[cfg(feature = "tracing")]
pub(super) use enabled::{closed, closing, connecting, failed, opened};
