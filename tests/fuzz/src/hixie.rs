//! The formats of 2009, read the simple way: all bytes at once, by their text. The decoder under test must come to the same.

use crate::open::open;
use crate::{Input, same_in_any_pieces};
use websocket_channel::Message;
use websocket_channel::proto::{Format, ProtocolLimits, Role};

/// What the bytes come to.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Open,
    Failed,
    Closed,
}

/// Fuzzes the decoder of one of these formats.
pub fn fuzz(format: Format, data: &[u8]) {
    let Some(input) = Input::read(data) else {
        return;
    };
    let limits = input.limits();
    let outcome = same_in_any_pieces(&|| open(input.role(), format, &limits), &input);
    let (texts, verdict) = read(input.role(), format, &limits, input.bytes);
    let told: Vec<Message> = outcome.messages().cloned().collect();
    assert_eq!(told, texts);
    let came_to = match (outcome.violation, outcome.open) {
        (Some(_), _) => Verdict::Failed,
        (None, true) => Verdict::Open,
        (None, false) => Verdict::Closed,
    };
    assert_eq!(came_to, verdict);
}

fn read(
    role: Role,
    format: Format,
    limits: &ProtocolLimits,
    bytes: &[u8],
) -> (Vec<Message>, Verdict) {
    let mut texts = Vec::new();
    let mut rest = bytes;
    let verdict = loop {
        let Some((&kind, behind)) = rest.split_first() else {
            break Verdict::Open;
        };
        if kind < 0x80 {
            let end = behind.iter().position(|byte| *byte == 0xff);
            let payload = &behind[..end.unwrap_or(behind.len())];
            if payload.len() > limits.max_frame {
                break Verdict::Failed;
            }
            if kind == 0 {
                match text(role, limits, payload, end.is_some()) {
                    Some(text) if end.is_some() => texts.push(Message::Text(text)),
                    Some(_) => {}
                    None => break Verdict::Failed,
                }
            }
            let Some(end) = end else { break Verdict::Open };
            rest = &behind[end + 1..];
        } else {
            let digits = behind.iter().take_while(|byte| **byte >= 0x80).count() + 1;
            let ended = behind.len() >= digits;
            let mut len: u128 = 0;
            let mut too_long = false;
            for byte in behind.iter().take(digits) {
                len = len * 128 + u128::from(byte & 0x7f);
                too_long |= len > limits.max_frame as u128;
                len = len.min(1 << 64);
            }
            if too_long {
                break Verdict::Failed;
            }
            if ended && kind == 0xff && len == 0 && format == Format::Hixie76 {
                break Verdict::Closed;
            }
            match behind.get(digits + len as usize..) {
                Some(next) if ended => rest = next,
                _ => break Verdict::Open,
            }
        }
    };
    (texts, verdict)
}

/// A text, whole or the beginning of one. `None` if the connection fails for it.
fn text(role: Role, limits: &ProtocolLimits, payload: &[u8], whole: bool) -> Option<String> {
    if payload.len() > limits.max_message {
        return None;
    }
    let lossy = String::from_utf8_lossy(payload).into_owned();
    match (role, std::str::from_utf8(payload)) {
        (_, Ok(_)) => Some(lossy),
        (Role::Server, Err(error)) => (!whole && error.error_len().is_none()).then_some(lossy),
        (Role::Client, Err(_)) => (!whole || lossy.len() <= limits.max_message).then_some(lossy),
    }
}
