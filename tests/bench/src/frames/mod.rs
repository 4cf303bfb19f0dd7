//! Coding in memory: no socket, no handshake, the same bytes for every library.
//!
//! Each reads from and writes to a [`Memory`] through the interface that its users have over a socket, takes every message whole and drops it,
//! or makes an owned message, sends it and flushes. What differs is only the library; running N and 2 N messages cancels what is done once.

mod fast;
mod memory;
mod ours;
mod tungstenite;

use crate::{Failure, Library};
use memory::Memory;
use std::hint::black_box;

/// Bytes of input that are made; they are read over and over.
const INPUT: usize = 1 << 20;

/// What to do.
pub(crate) struct Work {
    pub(crate) decode: bool,
    pub(crate) text: bool,
    /// Decoding: as a server. Encoding: as a client.
    pub(crate) masked: bool,
    /// Payload bytes of a message.
    pub(crate) size: usize,
    /// Messages.
    pub(crate) count: usize,
}

impl Work {
    /// Whether the library is the client.
    fn is_client(&self) -> bool {
        self.decode != self.masked
    }

    /// The payload of every message: printable ASCII, so that it is a text as well.
    fn payload(&self) -> Vec<u8> {
        (0..self.size).map(|at| b' ' + (at % 95) as u8).collect()
    }

    /// As many frames as make up `INPUT`, each with another mask.
    fn input(&self) -> Vec<u8> {
        let payload = self.payload();
        let mut input = Vec::new();
        let mut key: u32 = 0x9E37_79B9;
        while input.len() < INPUT {
            input.push(if self.text { 0x81 } else { 0x82 });
            let bit = if self.masked { 0x80 } else { 0 };
            match payload.len() {
                len @ 0..=125 => input.push(bit | len as u8),
                len @ 126..=0xFFFF => {
                    input.push(bit | 126);
                    input.extend((len as u16).to_be_bytes());
                }
                len => {
                    input.push(bit | 127);
                    input.extend((len as u64).to_be_bytes());
                }
            }
            if self.masked {
                key = key.wrapping_mul(0x0019_660D).wrapping_add(0x3C6E_F35F);
                let key = key.to_be_bytes();
                input.extend(key);
                let masked = payload.iter().zip(key.iter().cycle());
                input.extend(masked.map(|(byte, key)| byte ^ key));
            } else {
                input.extend(&payload);
            }
        }
        input
    }
}

pub(crate) fn run(library: Library, work: &Work) -> Result<(), Failure> {
    let input = if work.decode {
        work.input()
    } else {
        Vec::new()
    };
    let memory = Memory::new(&input);
    let bytes = match (library, work.decode) {
        (Library::Ours, true) => ours::decode(memory, work),
        (Library::Ours, false) => ours::encode(memory, work),
        (Library::Tungstenite, true) => tungstenite::decode(memory, work),
        (Library::Tungstenite, false) => tungstenite::encode(memory, work),
        (Library::Fastwebsockets, true) => fast::decode(memory, work),
        (Library::Fastwebsockets, false) => fast::encode(memory, work),
        (Library::Socket | Library::Channel(_) | Library::Session(_) | Library::TestServer, _) => {
            Err("this is only to be served".into())
        }
    }?;
    let least = work.size * work.count;
    if bytes < least || (work.decode && bytes > least) {
        return Err(format!("{bytes} bytes instead of {least}").into());
    }
    black_box(bytes);
    Ok(())
}
