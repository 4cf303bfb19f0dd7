//! What the two applications know: what they sent, and how far they read.

use super::rng::Rng;
use websocket_channel::session::SessionMessage;
use websocket_channel::session::wire::{Head, UNDELIVERED};

/// A message that was sent: its name, what it is, its length.
pub(crate) type Entry = (u32, Head, u32);

pub(crate) struct ClientApp {
    pub(crate) number: u32,
    pub(crate) log: Vec<Entry>,
    /// What a page has sent since it was loaded anew, until it knows from which index on.
    pub(crate) provisional: Option<Vec<Entry>>,
    pub(crate) read: u64,
    /// Messages sent ever, reloads and all.
    pub(crate) total: u32,
    /// Messages that this side was told were not delivered, and that came as `VOID`.
    pub(crate) undelivered: Vec<u64>,
    pub(crate) voids: Vec<u64>,
    pub(crate) reloaded: bool,
    /// A reload has taken the server's position over.
    pub(crate) restored: bool,
    pub(crate) committed_before_reload: u64,
}

impl ClientApp {
    pub(crate) fn new(number: u32) -> Self {
        Self {
            number,
            log: Vec::new(),
            provisional: None,
            read: 0,
            total: 0,
            undelivered: Vec::new(),
            voids: Vec::new(),
            reloaded: false,
            restored: false,
            committed_before_reload: u64::MAX,
        }
    }

    pub(crate) fn begins_anew(&mut self) {
        self.read = 0;
    }

    pub(crate) fn reload(&mut self, committed: u64) {
        self.reloaded = true;
        self.provisional = Some(Vec::new());
        self.committed_before_reload = if self.committed_before_reload == u64::MAX {
            committed
        } else {
            self.committed_before_reload
        };
    }

    /// The session goes on after a reload: with our next index, and from the server's first message.
    pub(crate) fn forgets(&mut self, next: u64, first: u64) {
        self.log.truncate(next as usize);
        self.log.extend(self.provisional.take().unwrap_or_default());
        self.read = first;
        self.restored = true;
        if first <= self.committed_before_reload {
            self.committed_before_reload = u64::MAX;
        }
    }

    /// Notes a message that was sent with this index; false if that is not the next one.
    pub(crate) fn note(&mut self, index: u64, entry: Entry) -> bool {
        self.total += 1;
        let log = self.provisional.as_mut().unwrap_or(&mut self.log);
        log.push(entry);
        index + 1 == log.len() as u64
    }
}

pub(crate) struct ServerApp {
    pub(crate) number: u32,
    pub(crate) log: Vec<Entry>,
    pub(crate) read: u64,
    pub(crate) started: bool,
    pub(crate) ended: bool,
    /// Messages that this side was told were not delivered, and that came as `VOID`.
    pub(crate) undelivered: Vec<u64>,
    pub(crate) voids: Vec<u64>,
}

impl ServerApp {
    pub(crate) fn new(number: u32) -> Self {
        Self {
            number,
            log: Vec::new(),
            read: 0,
            started: false,
            ended: false,
            undelivered: Vec::new(),
            voids: Vec::new(),
        }
    }
}

/// A message named `uid`: eight digits, and filler.
pub(crate) fn message(
    rng: &mut Rng,
    uid: u32,
    large: u64,
    received: u64,
    next: u64,
) -> (Head, Vec<u8>) {
    let len = match rng.below(100) {
        chance if chance < large => rng.between((300, 9_000)),
        0..=80 => rng.below(60),
        _ => rng.between((100, 260)),
    };
    let mut payload = Vec::with_capacity(8 + len as usize);
    let mut digits = uid;
    for _ in 0..8 {
        payload.push(b'a' + (digits & 15) as u8);
        digits >>= 4;
    }
    payload.resize(8 + len as usize, b'.');
    let text = uid.is_multiple_of(2);
    let head = match rng.below(24) {
        0 => Head::Request { text },
        1 if received > 0 => Head::Response {
            text,
            to: rng.below(received),
        },
        2 if received > 0 => Head::Error {
            to: rng.below(received),
            code: 1 + rng.below(1 << 20),
        },
        3 if next > 0 => {
            payload.clear();
            Head::Cancel {
                to: rng.below(next),
            }
        }
        _ => Head::Data { text },
    };
    (head, payload)
}

/// What the machine sends by itself if it had to replace a message.
pub(crate) fn in_place_of(undelivered: &SessionMessage) -> Option<Entry> {
    match undelivered.head {
        Head::Response { to, .. } | Head::Error { to, .. } => {
            let code = UNDELIVERED;
            Some((0, Head::Error { to, code }, 0))
        }
        _ => None,
    }
}

/// How many messages are to be read in the end. The machine may send the last ones by itself when the other side has closed and reads no more.
pub(crate) fn wanted(log: &[Entry]) -> u64 {
    let own = |entry: &Entry| {
        matches!(
            entry,
            (
                0,
                Head::Error {
                    code: UNDELIVERED,
                    ..
                },
                0
            )
        )
    };
    log.iter()
        .rposition(|entry| !own(entry))
        .map_or(0, |last| last as u64 + 1)
}

fn name(payload: &[u8]) -> Option<u32> {
    let digits = payload.get(..8)?;
    Some(digits.iter().rev().fold(0, |name, digit| {
        name << 4 | u32::from(digit.wrapping_sub(b'a') & 15)
    }))
}

/// Whether a batch has this message, or its beginning.
pub(crate) fn contains(batch: &[u8], uid: u32) -> bool {
    let mut digits = uid;
    let mut pattern = [0; 8];
    for digit in &mut pattern {
        *digit = b'a' + (digits & 15) as u8;
        digits >>= 4;
    }
    batch.windows(8).any(|window| window == pattern)
}

/// Whether a message that was read is the one that comes next in what the peer sent.
pub(crate) fn check(
    message: &SessionMessage,
    read: u64,
    log: Option<(u32, &[Entry])>,
    suspicious: bool,
) -> Result<(), String> {
    if message.index != read {
        return Err(format!("read {} instead of {read}", message.index));
    }
    let Some((_, log)) = log else {
        return Err("a message of a session that nobody has".into());
    };
    if let Head::Bye { .. } = message.head {
        return if read == log.len() as u64 {
            Ok(())
        } else {
            Err(format!("BYE at {read}, and {} were sent", log.len()))
        };
    }
    let Some(&(uid, head, len)) = log.get(read as usize) else {
        return Err(format!("{read} was never sent"));
    };
    if message.head == Head::Void {
        return if suspicious {
            Ok(())
        } else {
            Err(format!("{read} is void, and nothing was suspicious"))
        };
    }
    let payload = message.payload.as_bytes();
    let named = len == 0 || name(payload) == Some(uid);
    if message.head != head || payload.len() as u32 != len || !named {
        return Err(format!("{read} is another message than was sent"));
    }
    Ok(())
}
