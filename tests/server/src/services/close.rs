//! `/close?code=&reason=`: the server begins to close at once.

use super::{Socket, parameter, sink};
use websocket_channel::proto::{CloseFrame, Request};

/// The body of the Close frame, or none.
pub(super) struct Parameters(Option<CloseFrame>);

impl Parameters {
    pub(super) fn read(request: &Request) -> Result<Self, String> {
        let Some(code) = parameter(request, "code") else {
            return Ok(Self(None));
        };
        let code = code
            .parse()
            .map_err(|_| format!("code is a number up to 65535, not {code:?}"))?;
        let reason = parameter(request, "reason").unwrap_or_default();
        // Codes that must not be sent are faults, and those are raw bytes.
        CloseFrame::new(code, reason)
            .map(|frame| Self(Some(frame)))
            .map_err(|misuse| misuse.to_string())
    }
}

pub(super) async fn run(mut socket: Socket, parameters: Parameters) {
    socket.close_with(parameters.0.as_ref());
    sink(socket, 0).await;
}
