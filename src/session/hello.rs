//! The bodies of `HELLO` and `WELCOME`: layouts and limits.

use super::{Violation, varint};
use core::fmt;

/// How a `HELLO` begins.
pub(crate) const MAGIC: [u8; 4] = *b"WSCS";
/// The version of the wire contract that this is.
pub const VERSION: u8 = 1;
/// Bytes of the body of a `HELLO` or `WELCOME`, at most.
pub(crate) const MAX_HELLO: usize = 512;
/// The batch that every peer takes, in bytes.
pub(crate) const MIN_BATCH: u64 = 32 * 1024;
/// The largest batch a peer may allow, in bytes.
pub(crate) const MAX_BATCH: u64 = 16 * 1024 * 1024;
/// The least and the most a peer may take as one message, in bytes.
pub(crate) const MESSAGE: core::ops::RangeInclusive<u64> = 1024..=1024 * 1024 * 1024;
/// Heartbeat intervals, in milliseconds.
pub(crate) const HEARTBEAT: core::ops::RangeInclusive<u64> = 100..=600_000;
/// The longest `after` and `spread`, in milliseconds: an hour.
pub(crate) const MAX_WAIT: u64 = 3_600_000;

/// 16 random bytes that are for nobody else's eyes: the id or a resume token of a session. `Debug` shows nothing of them.
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

/// Where one side stands in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Positions {
    /// The index of the next message it wants.
    pub received: u64,
    /// It has taken responsibility for every message below.
    pub committed: u64,
    /// The lowest index that it still retains for sending.
    pub first: u64,
    /// The index that its next new message gets.
    pub next: u64,
    /// `PART` frames that it holds of the message `received`.
    pub parts: u64,
}

/// What a side takes and keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Credit at the start of this connection, in cost.
    pub credit: u64,
    /// The largest message it takes, in bytes. Fixed for the session.
    pub max_message: u64,
    /// The largest batch it takes, in bytes. Fixed for the session.
    pub max_batch: u64,
    /// What it retains of what it sent, in cost, at most.
    pub retention: u64,
    /// How long it keeps the session while disconnected, in milliseconds; 0 says nothing.
    pub retention_ms: u64,
}

/// The client's first frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// The versions it speaks, lowest and highest.
    pub versions: (u8, u8),
    /// Optional features it would use, a bit each. None is defined.
    pub features: u64,
    /// 64 random bits of this page load or process.
    pub instance: u64,
    /// Rises with each `HELLO` of the session, also after a reload.
    pub attempt: u64,
    /// What it takes.
    pub terms: Terms,
    /// The session to go on with; none asks for a new one.
    pub resume: Option<Resume>,
}

/// A session to go on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// Its id.
    pub id: Secret,
    /// The newest token that the client has.
    pub token: Secret,
    /// The store's incarnation as the last `WELCOME` said.
    pub incarnation: u64,
    /// The page was loaded anew: it has nothing of the session but id, token and incarnation.
    pub forgot: bool,
    /// Where the client stands; all 0 with `forgot`.
    pub positions: Positions,
}

/// The server's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Welcome {
    /// A new session, or one that goes on.
    Session(Box<Agreed>),
    /// Not now.
    Later {
        /// The earliest time to try again, in milliseconds.
        after_ms: u64,
        /// Why.
        reason: LaterReason,
    },
    /// Never again: the session is lost.
    Refused(Refusal),
    /// The session ended, and this is how.
    Ended {
        /// The code of the `BYE`.
        code: u16,
        /// The server committed every message of the client below this.
        committed: u64,
        /// The index behind the last message of the server.
        next: u64,
    },
}

/// What a `WELCOME` of a session says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
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
    /// What the server takes.
    pub terms: Terms,
    /// The server's heartbeat interval, in milliseconds.
    pub heartbeat_ms: u64,
    /// How long a restart takes to bring everybody back, in milliseconds: what a client spreads its first retry over.
    pub spread_ms: u64,
    /// Where the server stands, if the session goes on; none in a new one.
    pub positions: Option<Positions>,
}

/// Why a server says `Later`. Any other number reads as `Busy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LaterReason {
    /// No more sessions fit, or something else is short.
    Busy = 0,
    /// The node is being taken down.
    Draining = 1,
    /// The store does not answer.
    Store = 2,
    /// This node cannot honour what the session agreed on.
    Terms = 3,
}

/// Why a session cannot go on. Final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Refusal {
    /// A number that this version does not know.
    Unknown = 0,
    /// No session has this id, or its token is another.
    Expired = 1,
    /// The same, and the store is another than the one of the last `WELCOME`.
    ServerRestarted = 2,
    /// One side wants what the other no longer retains.
    Behind = 3,
    /// One side stands before where it stood: it has lost its latest state.
    Rewound = 4,
    /// The session belongs to somebody else.
    Identity = 5,
    /// Another instance has taken the session over.
    Fenced = 6,
    /// The store has lost a part of the session.
    Damaged = 7,
    /// No version in common.
    Version = 8,
    /// A resume with another `max_message` or `max_batch` than the session agreed on.
    Changed = 9,
    /// Connection after connection ended with a violation, and no message got through.
    Broken = 10,
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

    pub(crate) fn take(input: &mut &[u8]) -> Result<Self, Violation> {
        if array(input)? != MAGIC {
            return Err(Violation::Magic);
        }
        let [low, high] = array(input)?;
        if low == 0 || low > high {
            return Err(Violation::Version);
        }
        let features = varint::take(input)?;
        let instance = u64::from_be_bytes(array(input)?);
        let attempt = varint::take(input)?;
        let terms = Terms::take(input)?;
        let resume = match array(input)? {
            [0] => None,
            [how @ (1 | 2)] => Some(Resume {
                forgot: how == 2,
                id: Secret(array(input)?),
                token: Secret(array(input)?),
                incarnation: u64::from_be_bytes(array(input)?),
                positions: Positions::take(input)?,
            }),
            _ => return Err(Violation::Reserved),
        };
        if let Some(Resume {
            forgot: true,
            positions,
            ..
        }) = &resume
            && *positions != Positions::default()
        {
            return Err(Violation::Positions);
        }
        // What is behind belongs to a later version.
        Ok(Self {
            versions: (low, high),
            features,
            instance,
            attempt,
            terms,
            resume,
        })
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

    pub(crate) fn take(input: &mut &[u8]) -> Result<Self, Violation> {
        let [status] = array(input)?;
        Ok(match status {
            0 | 1 => {
                let [version] = array(input)?;
                if version == 0 {
                    return Err(Violation::Version);
                }
                let agreed = Agreed {
                    version,
                    features: varint::take(input)?,
                    id: Secret(array(input)?),
                    token: Secret(array(input)?),
                    incarnation: u64::from_be_bytes(array(input)?),
                    terms: Terms::take(input)?,
                    heartbeat_ms: within(input, &HEARTBEAT)?,
                    spread_ms: within(input, &(0..=MAX_WAIT))?,
                    positions: if status == 1 {
                        Some(Positions::take(input)?)
                    } else {
                        None
                    },
                };
                Welcome::Session(Box::new(agreed))
            }
            2 => Welcome::Later {
                after_ms: within(input, &(0..=MAX_WAIT))?,
                reason: match array(input)? {
                    [1] => LaterReason::Draining,
                    [2] => LaterReason::Store,
                    [3] => LaterReason::Terms,
                    [_] => LaterReason::Busy,
                },
            },
            3 => {
                let [number] = array(input)?;
                Welcome::Refused(*REFUSALS.get(number as usize).unwrap_or(&Refusal::Unknown))
            }
            4 => Welcome::Ended {
                code: close_code(u16::from_be_bytes(array(input)?))?,
                committed: varint::take(input)?,
                next: varint::take(input)?,
            },
            _ => return Err(Violation::Reserved),
        })
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

    fn take(input: &mut &[u8]) -> Result<Self, Violation> {
        Ok(Self {
            credit: varint::take(input)?,
            max_message: within(input, &MESSAGE)?,
            max_batch: within(input, &(MIN_BATCH..=MAX_BATCH))?,
            retention: varint::take(input)?,
            retention_ms: varint::take(input)?,
        })
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

    fn take(input: &mut &[u8]) -> Result<Self, Violation> {
        let positions = Self {
            received: varint::take(input)?,
            committed: varint::take(input)?,
            first: varint::take(input)?,
            next: varint::take(input)?,
            parts: varint::take(input)?,
        };
        if positions.committed > positions.received || positions.first > positions.next {
            return Err(Violation::Positions);
        }
        Ok(positions)
    }
}

/// The code of a `BYE`: what a page may give to `close()` (WHATWG WebSockets §3.1, close).
pub(crate) fn close_code(code: u16) -> Result<u16, Violation> {
    match code {
        1000 | 3000..=4999 => Ok(code),
        _ => Err(Violation::Bye),
    }
}

fn within(input: &mut &[u8], limits: &core::ops::RangeInclusive<u64>) -> Result<u64, Violation> {
    let number = varint::take(input)?;
    if limits.contains(&number) {
        Ok(number)
    } else {
        Err(Violation::Limit)
    }
}

pub(crate) fn array<const N: usize>(input: &mut &[u8]) -> Result<[u8; N], Violation> {
    let (array, rest) = input.split_first_chunk().ok_or(Violation::Truncated)?;
    *input = rest;
    Ok(*array)
}
