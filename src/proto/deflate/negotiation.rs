//! Who may compress how (RFC 7692 §7.1): the client's offer, the server's answer, the client's judgement of it.

use super::Deflate;
use super::codec::{Codec, Direction};
use crate::error::Violation;
use crate::proto::handshake::extensions::{self, Extension};

const NAME: &str = "permessage-deflate";
/// What `send_window_bits` may be: see there.
const MIN_SEND_BITS: u8 = 9;
const MAX_BITS: u8 = 15;

/// The parameters of one offer or answer, each at most once and with a value that it may have.
#[derive(Debug, Default)]
struct Parameters {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
    /// `Some(None)`: without a value, as only an offer may have it.
    client_max_window_bits: Option<Option<u8>>,
}

impl Parameters {
    /// RFC 7692 §7.1: unknown, repeated or invalid parameters decline an offer and fail an answer.
    fn read(extension: &Extension) -> Option<Self> {
        let mut read = Self::default();
        for (name, value) in &extension.parameters {
            let bits = value.as_deref().map(window_bits);
            match (name.as_str(), bits) {
                ("server_no_context_takeover", None) if !read.server_no_context_takeover => {
                    read.server_no_context_takeover = true;
                }
                ("client_no_context_takeover", None) if !read.client_no_context_takeover => {
                    read.client_no_context_takeover = true;
                }
                ("server_max_window_bits", Some(Some(bits)))
                    if read.server_max_window_bits.is_none() =>
                {
                    read.server_max_window_bits = Some(bits);
                }
                ("client_max_window_bits", None) if read.client_max_window_bits.is_none() => {
                    read.client_max_window_bits = Some(None);
                }
                ("client_max_window_bits", Some(Some(bits)))
                    if read.client_max_window_bits.is_none() =>
                {
                    read.client_max_window_bits = Some(Some(bits));
                }
                _ => return None,
            }
        }
        Some(read)
    }

    fn write(&self) -> String {
        let mut value = String::from(NAME);
        if self.server_no_context_takeover {
            value.push_str("; server_no_context_takeover");
        }
        if self.client_no_context_takeover {
            value.push_str("; client_no_context_takeover");
        }
        if let Some(bits) = self.server_max_window_bits {
            value.push_str(&format!("; server_max_window_bits={bits}"));
        }
        match self.client_max_window_bits {
            Some(Some(bits)) => value.push_str(&format!("; client_max_window_bits={bits}")),
            Some(None) => value.push_str("; client_max_window_bits"),
            None => {}
        }
        value
    }
}

/// RFC 7692 §7.1.2.1: "a decimal integer value without leading zeroes between 8 to 15, inclusive".
fn window_bits(value: &str) -> Option<u8> {
    match value {
        "8" => Some(8),
        "9" => Some(9),
        "10" => Some(10),
        "11" => Some(11),
        "12" => Some(12),
        "13" => Some(13),
        "14" => Some(14),
        "15" => Some(15),
        _ => None,
    }
}

impl Deflate {
    /// The value of a client's `Sec-WebSocket-Extensions`.
    pub(crate) fn offer(&self) -> Option<String> {
        Some(self.offered().write())
    }

    fn offered(&self) -> Parameters {
        let (send, receive) = self.bits();
        Parameters {
            server_no_context_takeover: !self.receive_takeover,
            client_no_context_takeover: !self.send_takeover,
            server_max_window_bits: (receive < MAX_BITS).then_some(receive),
            // Without it the server could not ask for less than 32 KiB: §7.1.2.2.
            client_max_window_bits: Some((send < MAX_BITS).then_some(send)),
        }
    }

    /// A server's answer to the header lines of an offer: the first that it can keep to. `None` declines them all, which
    /// is no reason to fail the handshake (RFC 7692 §5.1).
    pub(crate) fn answer<'a>(
        &self,
        offered: impl Iterator<Item = &'a str>,
    ) -> Option<(String, Codec)> {
        offered
            .filter_map(extensions::parse)
            .flatten()
            .filter(|extension| extension.name == NAME)
            .find_map(|extension| self.accept(&Parameters::read(&extension)?))
    }

    fn accept(&self, offer: &Parameters) -> Option<(String, Codec)> {
        let (send, receive) = self.bits();
        // §7.1.2.1: the answer's value is "the same as or smaller than" the offer's. 8 is more than we can promise.
        let send = send.min(offer.server_max_window_bits.unwrap_or(MAX_BITS));
        if send < MIN_SEND_BITS {
            return None;
        }
        // §7.1.2.2: "If a received extension negotiation offer doesn't have the 'client_max_window_bits' extension parameter,
        // the corresponding [...] response [...] MUST NOT include" it. And a client that offers 8 keeps to 8 unasked.
        let receive = match offer.client_max_window_bits {
            None => MAX_BITS,
            Some(hint) => receive.min(hint.unwrap_or(MAX_BITS)),
        };
        let ask_client = (MIN_SEND_BITS..MAX_BITS).contains(&receive);
        let answer = Parameters {
            server_no_context_takeover: offer.server_no_context_takeover || !self.send_takeover,
            client_no_context_takeover: offer.client_no_context_takeover || !self.receive_takeover,
            server_max_window_bits: (offer.server_max_window_bits.is_some() || send < MAX_BITS)
                .then_some(send),
            client_max_window_bits: ask_client.then_some(Some(receive)),
        };
        let send = Direction {
            bits: send,
            takeover: !answer.server_no_context_takeover,
        };
        let receive = Direction {
            bits: receive,
            takeover: !answer.client_no_context_takeover,
        };
        Some((answer.write(), Codec::new(self, Some(send), receive)))
    }

    /// Both windows, within what can be done.
    fn bits(&self) -> (u8, u8) {
        let clamp = |bits: u8| bits.clamp(MIN_SEND_BITS, MAX_BITS);
        (
            clamp(self.send_window_bits),
            clamp(self.receive_window_bits),
        )
    }
}

/// A client's judgement of the header lines of the answer. `None`: the server declined.
///
/// # Errors
/// [`Violation::Extension`] for what was not asked for; [`Violation::ExtensionParameter`] for what the offer does not allow.
pub(crate) fn judge<'a>(
    asked: Option<&Deflate>,
    answered: impl Iterator<Item = &'a str>,
) -> Result<Option<Codec>, Violation> {
    let mut found = None;
    for line in answered {
        for extension in extensions::parse(line).ok_or(Violation::Extension)? {
            if extension.name != NAME || asked.is_none() || found.is_some() {
                return Err(Violation::Extension);
            }
            found = Some(extension);
        }
    }
    let (Some(deflate), Some(extension)) = (asked, found) else {
        return Ok(None);
    };
    let offer = deflate.offered();
    let (send_limit, receive_limit) = deflate.bits();
    let answer = Parameters::read(&extension).ok_or(Violation::ExtensionParameter)?;
    // §7.1.1.1: the server that accepts an offer with "server_no_context_takeover" includes it.
    if offer.server_no_context_takeover && !answer.server_no_context_takeover {
        return Err(Violation::ExtensionParameter);
    }
    // §7.1.2.1: "the same or smaller value as the offer". Unoffered it may come all the same.
    let receive = answer.server_max_window_bits.unwrap_or(MAX_BITS);
    if receive > receive_limit {
        return Err(Violation::ExtensionParameter);
    }
    let send = match answer.client_max_window_bits {
        None => send_limit,
        // A value is needed in an answer.
        Some(None) => return Err(Violation::ExtensionParameter),
        Some(Some(bits)) if bits > send_limit => return Err(Violation::ExtensionParameter),
        Some(Some(bits)) => bits,
    };
    // Where the server wants 8 nothing is compressed: §6 leaves that to each message.
    let send = (send >= MIN_SEND_BITS).then_some(Direction {
        bits: send,
        takeover: deflate.send_takeover && !answer.client_no_context_takeover,
    });
    let receive = Direction {
        bits: receive,
        takeover: !answer.server_no_context_takeover,
    };
    Ok(Some(Codec::new(deflate, send, receive)))
}
