//! A message that ends every connection on which it is sent is suspected, sent alone, and replaced (`WIRE.md`, "Poison").
//!
//! | at a resume: was the message at the peer's position sent on the connection that ended? | no suspect | suspected once | suspected twice or more: sent alone |
//! | --- | --- | --- | --- |
//! | no | | | stays |
//! | yes, but the connection did not end because of a message | | | stays |
//! | yes, on a resumed connection | once | twice | stays; replaced if connections ended twice soon after it was sent alone, or three times later, in 10 s or more |
//! | yes, on a resumed connection on which the peer was silent and received nothing | once | twice | stays; replaced if that happened three times while it was sent alone, in 10 s or more |
//! | yes, and the close code names a message | twice; replaced if nothing else was sent | the same | replaced |
//! | the peer's position is at another message, or at a later part | | no suspect | no suspect |
//!
//! A batch has several messages, and any of them may be at fault. So they are sent one at a time, each after a `PONG`, until all that had been sent
//! together got through. One lost connection proves nothing, because networks lose connections as well.

use super::clock::{MS, Time};
use super::retained::Cursor;
use super::violation::CLOSE;

/// If the connection ends within this time after a message was sent alone, it ended soon.
const ALONE: Time = 5000 * MS;
/// A message is not replaced within this time of the first connection that ended after it was sent alone. A bad network can end several connections in a
/// row, but hardly all of them for so long.
const BAD_NETWORK: Time = 10_000 * MS;
/// The message is replaced after so many of these.
const SOON: u8 = 2;
/// The message is replaced after so many connections that ended later, before the peer answered the `PING` after it.
const LATE: u8 = 3;

/// Whether a message may be the reason why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Blame {
    /// It may be: another code, or none.
    Suspicious,
    /// It is, according to the code: 1009, 3007 or 3009.
    Message,
    /// It may be: with 3002 the peer reports another violation.
    Violation,
    /// It may be if the peer received nothing: the heartbeat failed, or code 3001.
    Silent,
    /// It is not: 1001, 1012, `MOVE`, or the page's lifecycle.
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

/// The last connection that ended.
#[derive(Debug, Clone, Copy)]
struct Trial {
    blame: Blame,
    resumed: bool,
    /// Where it began to send: message and parts.
    began: (u64, u64),
    /// Where it stopped.
    sent: Cursor,
    /// A message was sent alone on it.
    alone: bool,
    /// It ended soon after that.
    soon: bool,
    /// When it ended.
    ended: Time,
}

/// A message that may be at fault.
#[derive(Debug, Default)]
struct Suspect {
    index: u64,
    parts: u64,
    /// The messages below this index were sent together with it. If one of them is at fault, it may be any.
    until: u64,
    /// How many connections in a row ended with it.
    times: u8,
    /// How many of them ended soon after it was sent alone.
    alone: u8,
    /// How many of them ended later.
    late: u8,
    /// When the first of these ended.
    since: Time,
}

impl Suspect {
    /// A connection ended with it. Returns whether to replace it.
    fn failed(&mut self, trial: &Trial, soon: bool) -> bool {
        if !trial.alone {
            return false;
        }
        if (self.alone, self.late) == (0, 0) {
            self.since = trial.ended;
        }
        if soon {
            self.alone = self.alone.saturating_add(1);
        } else {
            self.late = self.late.saturating_add(1);
        }
        let for_long = trial.ended.saturating_sub(self.since) >= BAD_NETWORK;
        for_long && (self.alone >= SOON || self.late >= LATE)
    }
}

/// How the suspect is sent on this connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Care {
    #[default]
    Off,
    /// A `PING` goes first.
    Probe,
    /// Waits for its `PONG`.
    Probing(u64),
    /// Send the suspect, and no other message.
    Send,
    /// It was sent at this time; a `PING` follows.
    Sent(Time),
    /// Waits for the `PONG`.
    Alone(Time, u64),
}

#[derive(Debug, Default)]
pub(crate) struct Poison {
    // Boxed: hardly any session has one.
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

    /// A connection continues at the peer's position. Returns whether to replace the message there.
    pub(crate) fn resume(&mut self, resumed: bool, index: u64, parts: u64) -> bool {
        self.resumed = resumed;
        self.began = (index, parts);
        self.care = Care::Off;
        let Some(trial) = self.trial.take() else {
            return false;
        };
        // At another message or part it is no suspect any more.
        if let Some(suspect) = &self.suspect
            && (suspect.index, suspect.parts) != (index, parts)
        {
            self.suspect = None;
        }
        let sent = (trial.sent.index, trial.sent.parts);
        let counts = match trial.blame {
            Blame::Message => true,
            Blame::Suspicious | Blame::Violation => trial.resumed,
            // Nothing that was sent on it arrived: something between may swallow the message.
            Blame::Silent => trial.resumed && trial.began == (index, parts),
            Blame::Innocent => false,
        };
        if counts && sent > (index, parts) {
            let suspect = self.suspect.get_or_insert_default();
            (suspect.index, suspect.parts) = (index, parts);
            suspect.until = suspect.until.max(trial.sent.index + 1);
            suspect.times = suspect.times.saturating_add(1);
            let replaced = match trial.blame {
                Blame::Message => {
                    suspect.times = 2;
                    trial.alone || sent <= (index + 1, 0)
                }
                blame => suspect.failed(&trial, trial.soon && blame != Blame::Silent),
            };
            if replaced {
                self.suspect = None;
                return true;
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
    pub(crate) fn disconnected(&mut self, now: Time, blame: Blame, sent: Cursor) {
        let (alone, soon) = match self.care {
            Care::Sent(at) | Care::Alone(at, _) => (true, now.saturating_sub(at) <= ALONE),
            // Some of its parts were sent, or none; `sent` says which.
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
            ended: now,
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

    /// Whether messages are sent one at a time.
    pub(crate) fn is_careful(&self) -> bool {
        self.care != Care::Off
    }

    /// Every message below was sent.
    pub(crate) fn sent(&mut self, now: Time, below: u64) {
        if self.care == Care::Send
            && self
                .suspect
                .as_ref()
                .is_some_and(|suspect| suspect.index < below)
        {
            self.care = Care::Sent(now);
        }
    }

    /// Whether to send a `PING`, whose number is `number`.
    pub(crate) fn probe(&mut self, number: u64) -> bool {
        match self.care {
            Care::Probe => self.care = Care::Probing(number),
            Care::Sent(at) => self.care = Care::Alone(at, number),
            Care::Off | Care::Probing(_) | Care::Send | Care::Alone(..) => return false,
        }
        true
    }

    /// A `PONG` arrived.
    pub(crate) fn answered(&mut self, number: u64) {
        match self.care {
            Care::Probing(asked) if number >= asked => self.care = Care::Send,
            Care::Alone(_, asked) if number >= asked => self.passed(),
            _ => {}
        }
    }

    /// The suspect got through. Those that were sent with it are sent alone, too.
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
