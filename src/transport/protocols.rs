//! The subprotocols that a connection asks for.

use crate::error::ConnectErrorKind;
use crate::message::OpenInfo;
use core::fmt;
use core::ops::Deref;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen::JsValue;

/// Subprotocols in order of preference (RFC 6455 §4.1). Default none.
///
/// Their functions come with them, so a program that never names a subprotocol links none of this.
#[derive(Clone, Default)]
pub struct Protocols(Option<Named>);

struct Named {
    names: Vec<String>,
    clone: fn(&Named) -> Named,
    // Of a shape that others have: in wasm a new one would keep what has it, too.
    check: fn(&Named, Option<&OpenInfo>) -> Result<(), ConnectErrorKind>,
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    list: fn(&[String]) -> JsValue,
}

impl Clone for Named {
    fn clone(&self) -> Self {
        (self.clone)(self)
    }
}

impl Protocols {
    fn of(names: Vec<String>) -> Named {
        Named {
            names,
            clone: |named| Self::of(named.names.clone()),
            check,
            #[cfg(all(target_family = "wasm", target_os = "unknown"))]
            list,
        }
    }

    /// Checks that they are distinct tokens; or, when it is open, that the server has chosen one of them.
    ///
    /// WHATWG WebSockets, "establish a WebSocket connection": a server that chooses none fails the connection. Firefox, WebKit and RFC 6455 let that be.
    pub(crate) fn check(&self, opened: Option<&OpenInfo>) -> Result<(), ConnectErrorKind> {
        match &self.0 {
            Some(named) => (named.check)(named, opened),
            None => Ok(()),
        }
    }

    /// The list for JavaScript; undefined if there are none.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub(crate) fn list(&self) -> JsValue {
        match &self.0 {
            Some(named) => (named.list)(&named.names),
            None => JsValue::UNDEFINED,
        }
    }

    /// The names.
    pub fn into_names(self) -> Vec<String> {
        self.0.map_or(Vec::new(), |named| named.names)
    }
}

impl Deref for Protocols {
    type Target = [String];

    fn deref(&self) -> &[String] {
        self.0.as_ref().map_or(&[], |named| &named.names)
    }
}

impl<P: Into<String>> FromIterator<P> for Protocols {
    fn from_iter<I: IntoIterator<Item = P>>(names: I) -> Self {
        Self(Some(Self::of(names.into_iter().map(Into::into).collect())))
    }
}

impl fmt::Debug for Protocols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&**self).finish()
    }
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn list(names: &[String]) -> JsValue {
    let list: js_sys::Array = names.iter().map(|name| JsValue::from_str(name)).collect();
    list.into()
}

fn check(named: &Named, opened: Option<&OpenInfo>) -> Result<(), ConnectErrorKind> {
    let names = &named.names;
    if let Some(OpenInfo { protocol, .. }) = opened {
        return match names.contains(protocol) || names.is_empty() {
            true => Ok(()),
            false => Err(ConnectErrorKind::Subprotocol {
                expected: names.join(", "),
                chosen: protocol.clone(),
            }),
        };
    }
    for (index, protocol) in names.iter().enumerate() {
        if !is_subprotocol(protocol) {
            return Err(ConnectErrorKind::BadProtocol {
                protocol: protocol.clone(),
            });
        }
        if names.iter().take(index).any(|other| other == protocol) {
            return Err(ConnectErrorKind::DuplicateProtocol {
                protocol: protocol.clone(),
            });
        }
    }
    Ok(())
}

/// RFC 6455 §4.1, item 10: "characters in the range U+0021 to U+007E not including separator characters as defined in [RFC2616]".
fn is_subprotocol(protocol: &str) -> bool {
    !protocol.is_empty()
        && protocol
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&str]) -> Result<(), &'static str> {
        let protocols: Protocols = names.iter().copied().collect();
        protocols.check(None).map_err(|kind| kind.code())
    }

    #[test]
    fn subprotocols_are_distinct_tokens() {
        assert_eq!(check(&["chat.v1", "a", "A"]), Ok(()));
        assert_eq!(check(&["a", "b", "a"]), Err("DUPLICATE_PROTOCOL"));
        for bad in [
            "", " ", "a b", "a,b", "a/b", "é", "a\u{7f}", "a\r\n", "{a}", "\"",
        ] {
            assert_eq!(check(&[bad]), Err("BAD_PROTOCOL"), "{bad:?}");
        }
    }

    #[test]
    fn the_server_chooses_one_of_them() {
        let offered: Protocols = ["chat.v1", "chat.v2"].into_iter().collect();
        let check =
            |protocols: &Protocols, chosen: &str| protocols.check(Some(&OpenInfo::new(chosen, "")));
        assert_eq!(check(&offered, "chat.v2"), Ok(()));
        for chosen in ["", "CHAT.V1", "chat"] {
            let expected = ConnectErrorKind::Subprotocol {
                expected: "chat.v1, chat.v2".into(),
                chosen: chosen.into(),
            };
            assert_eq!(check(&offered, chosen), Err(expected));
        }
        for none in [Protocols::default(), Protocols::from_iter([""; 0])] {
            assert_eq!(check(&none, ""), Ok(()));
        }
    }
}
