//! Permission to send one message.

use super::mailbox::Mailbox;
use super::unsent::Unsent;
use crate::codec::Encode;
use crate::error::{SendError, SendErrorKind};
use core::fmt;

/// Permission to send one message of any size, from [`Sender::reserve`](super::Sender::reserve). Dropping it returns the permission.
///
/// Several permits may exist at once; each may exceed the send high-water mark by its one message.
///
/// ```
/// use websocket_channel::{Channel, Socket, Text, transport::Limits};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (ours, theirs) = Socket::pair(&Limits::default(), "");
/// # let channel: Channel<String, String> = Channel::from_socket(ours, Text);
/// # let mut peer: Channel<String, String> = Channel::from_socket(theirs, Text);
/// let (sender, _receiver) = channel.split();
/// // Wait first, and then send the newest value.
/// let permit = sender.reserve().await?;
/// permit.send("the newest".into())?;
/// assert_eq!(peer.next().await.transpose()?.as_deref(), Some("the newest"));
/// # Ok(())
/// # }
/// ```
#[must_use = "a permit is for sending"]
pub struct Permit<'a, Tx> {
    mailbox: &'a Mailbox,
    codec: &'a dyn Encode<Tx>,
}

impl<'a, Tx> Permit<'a, Tx> {
    pub(super) fn new(mailbox: &'a Mailbox, codec: &'a dyn Encode<Tx>) -> Self {
        Self { mailbox, codec }
    }

    /// Sends `value` without waiting. `Ok` means accepted, on an open connection; it is handed over in the driver's next turn. If the connection ends
    /// first or the platform refuses it, [`CloseInfo::unsent_bytes`](crate::CloseInfo::unsent_bytes) counts it.
    ///
    /// # Errors
    /// The value and why it was not accepted: it cannot be encoded, or the connection is closing or closed.
    pub fn send(self, value: Tx) -> Result<(), SendError<Tx>> {
        let (message, unsent) = Unsent::new(self.codec, value)?;
        self.mailbox
            .accept(message)
            .map_err(|message| SendError::new(unsent.value(message), SendErrorKind::NotOpen))
    }
}

impl<Tx> fmt::Debug for Permit<'_, Tx> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}
