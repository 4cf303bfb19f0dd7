//! A message that ends every connection it is sent on: suspected, tried alone, replaced (`WIRE.md`, "Poison").
//!
//! | told at a resume: the message that the peer wants, was it sent on the connection that ended? | no suspect | suspected once | suspected twice and more: it goes alone |
//! | --- | --- | --- | --- |
//! | it was not | | | stays |
//! | it was, and the end says nothing of messages | | | stays |
//! | it was, and the connection was a resumed one | once | twice | stays; replaced, if it was alone when two of them ended soon, or three later |
//! | it was, and the peer was silent, having got nothing of a resumed connection | once | twice | stays; replaced, if it was alone on three of them |
//! | it was, and the end says that it was a message | twice; replaced, if nothing else was sent | the same | replaced |
//! | the peer wants another one, or has more parts of it | | no suspect | no suspect |
//!
//! A batch has many messages, and any of them may be at fault. So one after the other goes alone, each behind a `PONG`, until all that were sent together
//! are through. One end of a connection condemns none: networks end connections as well.

use super::retained::Cursor;
use super::violation::CLOSE;
use core::time::Duration;

/// A connection that ends within this of a message that went alone condemns it.
const ALONE: Duration = Duration::from_secs(5);
/// So many of them do.
const SOON: u8 = 2;
/// And so many that end later, before the peer has answered behind it.
const LATE: u8 = 3;

/// How a connection ended, as far as a message can be at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// It may have been a message.
    Suspicious,
    /// With 1009, 3007 or 3009: somebody says that it was a message.
    Message,
    /// With 3002: the peer found another violation, which may be a message's.
    Violation,
    /// With a heartbeat that was lost, or 3001.
    Silent,
    /// Not for a message: 1001, 1012, `MOVE`, the page's own lifecycle.
    Innocent,
}

impl Blame {
    /// What a close code says.
    pub fn of_code(code: u16) -> Self {
        match code {
            1009 | 3007 | 3009 => Self::Message,
            3002 => Self::Violation,
            CLOSE => Self::Silent,
            1001 | 1012 => Self::Innocent,
            _ => Self::Suspicious,
        }
    }
}

/// What is known of the connection that ended last.
#[derive(Debug, Clone, Copy)]
struct Trial {
    blame: Blame,
    resumed: bool,
    /// From where it sent: message and parts.
    began: (u64, u64),
    /// How far it sent.
    sent: Cursor,
    /// A message was alone on it.
    alone: bool,
    /// And that not for long.
    soon: bool,
}

/// A message that may be at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Suspect {
    index: u64,
    parts: u64,
    /// One of the messages below is at fault, if any is: they were sent together.
    until: u64,
    /// Connections in a row that ended with it.
    times: u8,
    /// How many of them ended while it was alone, and soon.
    alone: u8,
    /// Or later.
    late: u8,
}

impl Suspect {
    /// A connection ended with it. True if it is not to be sent again.
    fn failed(&mut self, alone: bool, soon: bool) -> bool {
        self.alone += u8::from(alone && soon);
        self.late += u8::from(alone && !soon);
        self.alone >= SOON || self.late >= LATE
    }
}

/// How the suspect is sent on this connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Care {
    #[default]
    Off,
    /// A `PING` is to go first.
    Probe,
    /// Its `PONG` is awaited.
    Probing(u64),
    /// The suspect goes, and nothing else.
    Send,
    /// It went; a `PING` is to follow.
    Sent(Duration),
    /// Its `PONG` is awaited.
    Alone(Duration, u64),
}

#[derive(Debug, Default)]
pub(crate) struct Poison {
    // Boxed: hardly any session ever has one.
    trial: Option<Box<Trial>>,
    suspect: Option<Box<Suspect>>,
    care: Care,
    resumed: bool,
    began: (u64, u64),
}

impl Poison {
    /// Where the peer stood when the latest connection began: message and parts.
    pub(crate) fn began(&self) -> (u64, u64) {
        self.began
    }

    /// A connection goes on at the peer's position. True if the message there is to be replaced.
    pub(crate) fn resume(&mut self, resumed: bool, index: u64, parts: u64) -> bool {
        self.resumed = resumed;
        self.began = (index, parts);
        self.care = Care::Off;
        let Some(trial) = self.trial.take() else {
            return false;
        };
        let sent = (trial.sent.index, trial.sent.parts) > (index, parts);
        let known = self
            .suspect
            .as_deref()
            .copied()
            .filter(|suspect| (suspect.index, suspect.parts) == (index, parts));
        if !sent {
            self.suspect = known.map(Box::new);
            self.care = self.careful();
            return false;
        }
        let mut suspect = known.unwrap_or(Suspect {
            index,
            parts,
            until: 0,
            times: 0,
            alone: 0,
            late: 0,
        });
        suspect.until = suspect.until.max(trial.sent.index + 1);
        suspect.times = suspect.times.saturating_add(1);
        match trial.blame {
            Blame::Message => {
                let lone = (trial.sent.index, trial.sent.parts) <= (index + 1, 0);
                if lone || trial.alone {
                    self.suspect = None;
                    return true;
                }
                suspect.times = 2;
                self.suspect = Some(Box::new(suspect));
            }
            Blame::Suspicious | Blame::Violation if trial.resumed => {
                if suspect.failed(trial.alone, trial.soon) {
                    self.suspect = None;
                    return true;
                }
                self.suspect = Some(Box::new(suspect));
            }
            // Of what was sent on it nothing arrived: it may have been swallowed.
            Blame::Silent if trial.resumed && trial.began == (index, parts) => {
                if suspect.failed(trial.alone, false) {
                    self.suspect = None;
                    return true;
                }
                self.suspect = Some(Box::new(suspect));
            }
            Blame::Suspicious | Blame::Violation | Blame::Silent | Blame::Innocent => {
                self.suspect = known.map(Box::new);
            }
        }
        self.care = self.careful();
        false
    }

    fn careful(&self) -> Care {
        match &self.suspect {
            Some(suspect) if suspect.times >= 2 => Care::Probe,
            _ => Care::Off,
        }
    }

    /// The connection ended.
    pub(crate) fn disconnected(&mut self, now: Duration, blame: Blame, sent: Cursor) {
        let (alone, soon) = match self.care {
            Care::Sent(at) | Care::Alone(at, _) => (true, now.saturating_sub(at) <= ALONE),
            // Parts of it, if anything: what was sent tells.
            Care::Send => (true, true),
            Care::Off | Care::Probe | Care::Probing(_) => (false, false),
        };
        self.trial = Some(Box::new(Trial {
            blame,
            resumed: self.resumed,
            began: self.began,
            sent,
            alone,
            soon,
        }));
        self.care = Care::Off;
    }

    /// Whether a message may be sent now.
    pub(crate) fn allows(&self, index: u64) -> bool {
        match self.care {
            Care::Off => true,
            Care::Send => self
                .suspect
                .as_ref()
                .is_some_and(|suspect| suspect.index == index),
            Care::Probe | Care::Probing(_) | Care::Sent(_) | Care::Alone(..) => false,
        }
    }

    /// Everything below was sent.
    pub(crate) fn sent(&mut self, now: Duration, below: u64) {
        if self.care == Care::Send
            && self
                .suspect
                .as_ref()
                .is_some_and(|suspect| suspect.index < below)
        {
            self.care = Care::Sent(now);
        }
    }

    /// Whether a `PING` is wanted; `number` is the one that goes.
    pub(crate) fn probe(&mut self, number: u64) -> bool {
        match self.care {
            Care::Probe => self.care = Care::Probing(number),
            Care::Sent(at) => self.care = Care::Alone(at, number),
            Care::Off | Care::Probing(_) | Care::Send | Care::Alone(..) => return false,
        }
        true
    }

    /// A `PONG` came.
    pub(crate) fn answered(&mut self, number: u64) {
        match self.care {
            Care::Probing(asked) if number >= asked => self.care = Care::Send,
            Care::Alone(_, asked) if number >= asked => self.passed(),
            _ => {}
        }
    }

    /// The suspect got through. The others that were sent with it go alone, too.
    fn passed(&mut self) {
        self.suspect = self
            .suspect
            .take()
            .filter(|suspect| suspect.index + 1 < suspect.until)
            .map(|mut suspect| {
                suspect.index += 1;
                suspect.parts = 0;
                suspect.alone = 0;
                suspect.late = 0;
                suspect
            });
        self.care = match self.suspect {
            Some(_) => Care::Send,
            None => Care::Off,
        };
    }
}
