//! How messages wait for others to share their batch.
//!
//! | input | nothing waits | a message waits | no longer |
//! | --- | --- | --- | --- |
//! | something can be sent | waits, for the delay | | sent |
//! | the delay has passed | | no longer | |
//! | sent, or the connection ended | | nothing waits | nothing waits |

use super::Settings;
use super::clock::{Time, time};

/// How messages wait for others.
#[derive(Debug)]
pub(crate) struct Company {
    /// For how long.
    delay: Time,
    /// The cost of retained messages at which no others come.
    pub(crate) most: u64,
    pub(crate) wait: Wait,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Nothing waits.
    None,
    /// A message waits until this time.
    Until(Time),
    /// No longer: what waited is to be sent. Apart, so that no timer is set while the connection has no room.
    Over,
}

impl Company {
    /// None if nothing waits for company.
    pub(crate) fn new(settings: &Settings) -> Option<Box<Self>> {
        (!settings.max_delay.is_zero()).then(|| {
            Box::new(Self {
                delay: time(settings.max_delay),
                most: settings.retention.min(settings.high_water_mark),
                wait: Wait::None,
            })
        })
    }

    /// Something can be sent. Whether it waits.
    pub(crate) fn waits(&mut self, now: Time) -> bool {
        match self.wait {
            Wait::None => {
                self.wait = Wait::Until(now.saturating_add(self.delay));
                true
            }
            Wait::Until(at) => now < at,
            Wait::Over => false,
        }
    }
}
