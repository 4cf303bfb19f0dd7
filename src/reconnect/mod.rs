//! When to connect again after a connection was lost: the policy, and the state machine that follows it.
//!
//! Pure: no I/O, no clock, no randomness, no waker. Times and random numbers are arguments.

mod backoff;
mod policy;
mod reason;
mod supervisor;

pub use backoff::{Backoff, GaveUp, Next, RetryCause};
pub use policy::Reconnect;
pub use reason::ReconnectReason;
pub(crate) use supervisor::{State, Supervisor};
