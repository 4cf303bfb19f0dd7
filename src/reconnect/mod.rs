//! When to connect again after a connection was lost: the policy, and the machine that follows it.
//!
//! Pure: no I/O, no clock, no randomness, no waker. Times and random numbers are arguments.

mod backoff;
mod policy;

pub use backoff::{Backoff, GaveUp, Lost, Next};
pub use policy::Reconnect;
