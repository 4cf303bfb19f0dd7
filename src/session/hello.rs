//! The bodies of `HELLO` and `WELCOME`: layouts and limits.

use super::reader::Reader;
use super::{SessionViolation, varint};
pub use crate::error::Refusal;
use core::fmt;

/// The first bytes of a `HELLO`.
pub(crate) const MAGIC: [u8; 4] = *b"WSCS";
/// The version of the wire format.
pub const VERSION: u8 = 1;
/// The longest body of a `HELLO` or `WELCOME`, in bytes.
pub(crate) const MAX_HELLO: usize = 512;
/// Every peer accepts a batch of this size, in bytes.
pub(crate) const MIN_BATCH: u64 = 32 * 1024;
/// The largest `max_batch`, in bytes.
pub(crate) const MAX_BATCH: u64 = 16 * 1024 * 1024;
/// The smallest and largest `max_message`, in bytes.
pub(crate) const MESSAGE: core::ops::RangeInclusive<u64> = 1024..=1024 * 1024 * 1024;
/// The smallest and largest heartbeat interval, in milliseconds.
pub(crate) const HEARTBEAT: core::ops::RangeInclusive<u64> = 100..=600_000;
/// The largest `after` and `spread`, in milliseconds: an hour.
pub(crate) const MAX_WAIT: u64 = 3_600_000;

/// 16 random bytes that must stay secret: a session's id or resume token. `Debug` does not show them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Secret(
    /// The bytes.
    pub [u8; 16],
);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The position of one side, in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Positions {
    /// The index of the next message that it needs.
    pub received: u64,
    /// It has committed every message below.
    pub committed: u64,
    /// The lowest index that it retains.
    pub first: u64,
    /// The index of its next new message.
    pub next: u64,
    /// The number of `PART` frames that it holds of the message `received`.
    pub parts: u64,
}

/// What a side accepts and retains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// The credit at the start of this connection, in cost.
    pub credit: u64,
    /// The largest message that it accepts, in bytes. Fixed for the session.
    pub max_message: u64,
    /// The largest batch that it accepts, in bytes. Fixed for the session.
    pub max_batch: u64,
    /// The most that it retains, in cost.
    pub retention: u64,
    /// How long it keeps the session without a connection, in milliseconds; 0: unknown.
    pub retention_ms: u64,
}

/// The client's first frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// The lowest and the highest version that it supports.
    pub versions: (u8, u8),
    /// Bits of optional features that it would use. None is defined.
    pub features: u64,
    /// 64 random bits, new for each page load or process.
    pub instance: u64,
    /// Rises with each `HELLO` of the session, also after a reload.
    pub attempt: u64,
    /// What the client accepts and retains.
    pub terms: Terms,
    /// The session to resume; `None` asks for a new one.
    pub resume: Option<Resume>,
}

/// A session to resume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// Its id.
    pub id: Secret,
    /// The newest token that the client has.
    pub token: Secret,
    /// The incarnation in the last `WELCOME`.
    pub incarnation: u64,
    /// The page was reloaded: it has nothing of the session but id, token and incarnation.
    pub forgot: bool,
    /// The client's position; all 0 with `forgot`.
    pub positions: Positions,
}

/// The server's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Welcome {
    /// The session begins or resumes.
    Session(Box<SessionWelcome>),
    /// Retry later.
    Later {
        /// The shortest delay, in milliseconds.
        after_ms: u64,
        /// Why.
        reason: LaterReason,
    },
    /// The session is lost. Final.
    Refused(Refusal),
    /// The session has ended.
    Ended {
        /// The code of the `BYE`.
        code: u16,
        /// The server committed the client's messages below this index.
        committed: u64,
        /// The index after the server's last message.
        next: u64,
    },
}

/// The fields of a `WELCOME` that begins or resumes a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionWelcome {
    /// The version of the session.
    pub version: u8,
    /// The features in use.
    pub features: u64,
    /// The id of the session.
    pub id: Secret,
    /// The token for the next resume.
    pub token: Secret,
    /// The store's incarnation.
    pub incarnation: u64,
    /// What the server accepts and retains.
    pub terms: Terms,
    /// The server's heartbeat interval, in milliseconds.
    pub heartbeat_ms: u64,
    /// The time over which clients spread their first retry after a drop, in milliseconds; 0: the client decides.
    pub spread_ms: u64,
    /// The server's position; only if the session resumes.
    pub positions: Option<Positions>,
}

/// Why a server answers `Later`. Any other number is read as `Busy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LaterReason {
    /// The server is full.
    Busy = 0,
    /// The node is being taken down.
    Draining = 1,
    /// The store does not answer.
    Store = 2,
    /// This node does not support the session's terms or version.
    Terms = 3,
}

const REFUSALS: [Refusal; 11] = [
    Refusal::Unknown,
    Refusal::Expired,
    Refusal::ServerRestarted,
    Refusal::Behind,
    Refusal::Rewound,
    Refusal::Identity,
    Refusal::Fenced,
    Refusal::Damaged,
    Refusal::Version,
    Refusal::Changed,
    Refusal::Broken,
];

impl Hello {
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&[self.versions.0, self.versions.1]);
        varint::put(out, self.features);
        out.extend_from_slice(&self.instance.to_be_bytes());
        varint::put(out, self.attempt);
        self.terms.put(out);
        let Some(resume) = &self.resume else {
            out.push(0);
            return;
        };
        out.push(if resume.forgot { 2 } else { 1 });
        out.extend_from_slice(&resume.id.0);
        out.extend_from_slice(&resume.token.0);
        out.extend_from_slice(&resume.incarnation.to_be_bytes());
        resume.positions.put(out);
    }

    /// The caller calls [`Reader::finish`].
    pub(crate) fn take(input: &mut Reader<'_>) -> Self {
        let magic = input.fixed(4) as u32;
        input.refuse(magic.to_be_bytes() != MAGIC, SessionViolation::Magic);
        let versions = (input.byte(), input.byte());
        let (low, high) = versions;
        input.refuse(low == 0 || low > high, SessionViolation::Version);
        let (features, instance, attempt) = (input.number(), input.fixed(8), input.number());
        let terms = Terms::take(input);
        let how = input.byte();
        input.refuse(how > 2, SessionViolation::Reserved);
        let resume = (how > 0).then(|| {
            let resume = Resume {
                forgot: how == 2,
                id: Secret(input.secret()),
                token: Secret(input.secret()),
                incarnation: input.fixed(8),
                positions: Positions::take(input),
            };
            let forgets = !resume.forgot || resume.positions == Positions::default();
            input.refuse(!forgets, SessionViolation::Positions);
            resume
        });
        // More bytes belong to a later version.
        Self {
            versions,
            features,
            instance,
            attempt,
            terms,
            resume,
        }
    }
}

impl Welcome {
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        match self {
            Welcome::Session(agreed) => {
                out.push(u8::from(agreed.positions.is_some()));
                out.push(agreed.version);
                varint::put(out, agreed.features);
                out.extend_from_slice(&agreed.id.0);
                out.extend_from_slice(&agreed.token.0);
                out.extend_from_slice(&agreed.incarnation.to_be_bytes());
                agreed.terms.put(out);
                varint::put(out, agreed.heartbeat_ms);
                varint::put(out, agreed.spread_ms);
                if let Some(positions) = &agreed.positions {
                    positions.put(out);
                }
            }
            Welcome::Later { after_ms, reason } => {
                out.push(2);
                varint::put(out, *after_ms);
                out.push(*reason as u8);
            }
            Welcome::Refused(refusal) => out.extend_from_slice(&[3, *refusal as u8]),
            Welcome::Ended {
                code,
                committed,
                next,
            } => {
                out.push(4);
                out.extend_from_slice(&code.to_be_bytes());
                varint::put(out, *committed);
                varint::put(out, *next);
            }
        }
    }

    /// The caller calls [`Reader::finish`].
    pub(crate) fn take(input: &mut Reader<'_>) -> Self {
        let status = input.byte();
        match status {
            0 | 1 => {
                let version = input.byte();
                input.refuse(version == 0, SessionViolation::Version);
                Welcome::Session(Box::new(SessionWelcome {
                    version,
                    features: input.number(),
                    id: Secret(input.secret()),
                    token: Secret(input.secret()),
                    incarnation: input.fixed(8),
                    terms: Terms::take(input),
                    heartbeat_ms: input.within(*HEARTBEAT.start(), *HEARTBEAT.end()),
                    spread_ms: input.within(0, MAX_WAIT),
                    positions: (status == 1).then(|| Positions::take(input)),
                }))
            }
            2 => Welcome::Later {
                after_ms: input.within(0, MAX_WAIT),
                reason: match input.byte() {
                    1 => LaterReason::Draining,
                    2 => LaterReason::Store,
                    3 => LaterReason::Terms,
                    _ => LaterReason::Busy,
                },
            },
            4 => Welcome::Ended {
                code: take_code(input),
                committed: input.number(),
                next: input.number(),
            },
            _ => {
                input.refuse(status != 3, SessionViolation::Reserved);
                let number = usize::from(input.byte());
                Welcome::Refused(*REFUSALS.get(number).unwrap_or(&Refusal::Unknown))
            }
        }
    }
}

impl Terms {
    fn put(&self, out: &mut Vec<u8>) {
        let fields = [
            self.credit,
            self.max_message,
            self.max_batch,
            self.retention,
            self.retention_ms,
        ];
        for field in fields {
            varint::put(out, field);
        }
    }

    #[inline(never)]
    fn take(input: &mut Reader<'_>) -> Self {
        Self {
            credit: input.number(),
            max_message: input.within(*MESSAGE.start(), *MESSAGE.end()),
            max_batch: input.within(MIN_BATCH, MAX_BATCH),
            retention: input.number(),
            retention_ms: input.number(),
        }
    }
}

impl Positions {
    fn put(&self, out: &mut Vec<u8>) {
        let fields = [
            self.received,
            self.committed,
            self.first,
            self.next,
            self.parts,
        ];
        for field in fields {
            varint::put(out, field);
        }
    }

    #[inline(never)]
    fn take(input: &mut Reader<'_>) -> Self {
        let positions = Self {
            received: input.number(),
            committed: input.number(),
            first: input.number(),
            next: input.number(),
            parts: input.number(),
        };
        let contradicts =
            positions.committed > positions.received || positions.first > positions.next;
        input.refuse(contradicts, SessionViolation::Positions);
        positions
    }
}

/// The code of a `BYE`, which has two bytes.
pub(crate) fn take_code(input: &mut Reader<'_>) -> u16 {
    let code = input.fixed(2) as u16;
    input.refuse(close_code(code).is_err(), SessionViolation::Bye);
    code
}

/// The code of a `BYE`: one that a page may pass to `close()` (WHATWG WebSockets §3.1, close).
pub(crate) fn close_code(code: u16) -> Result<u16, SessionViolation> {
    match code {
        1000 | 3000..=4999 => Ok(code),
        _ => Err(SessionViolation::Bye),
    }
}
