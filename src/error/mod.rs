//! Errors. Those that JavaScript has too have a stable [`code`](ConnectError::code), the same string in both languages.

mod cause;
mod close;
mod codec;
mod connect;
#[cfg(feature = "session")]
mod entry;
#[cfg(feature = "session")]
mod lost;
mod misuse;
mod recv;
#[cfg(feature = "session")]
mod request;
mod send;
mod violation;

pub use cause::{Cause, HandshakeError};
pub use close::CloseError;
pub use codec::{DecodeError, EncodeError};
pub use connect::{ConnectError, ConnectErrorKind};
#[cfg(feature = "session")]
pub use entry::{EntryError, EntryErrorKind};
#[cfg(feature = "session")]
pub use lost::{Lost, LostReason, Refusal, Undelivered};
pub use misuse::Misuse;
pub use recv::{RecvError, TryRecvError};
#[cfg(feature = "session")]
pub use request::{RequestError, RequestErrorKind};
pub use send::{SendError, SendErrorKind, TrySendError, TrySendErrorKind};
pub use violation::Violation;
