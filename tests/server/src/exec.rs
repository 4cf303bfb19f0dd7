//! `exec -- COMMAND`: the server for as long as a command runs, which is told where it is.

use crate::signals::Signals;
use serde_json::Value;
use std::convert::Infallible;
use std::ffi::OsString;
use std::process::ExitStatus;
use tokio::process::Command;

/// What the names of the environment variables begin with. Behind it stands a name of the `--json` line in capitals.
const PREFIX: &str = "WEBSOCKET_CHANNEL_TEST_";
/// A status of more than this is one that no program gives itself.
const BY_SIGNAL: i32 = 128;

/// A command, with a program at least.
#[derive(Debug)]
pub(crate) struct Exec {
    program: OsString,
    arguments: Vec<OsString>,
}

impl Exec {
    /// What stands behind `--`.
    pub(crate) fn read(mut command: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let program = command.next();
        let program = program.ok_or("exec wants a command: exec -- COMMAND ARGUMENTS")?;
        Ok(Self {
            program,
            arguments: command.collect(),
        })
    }

    /// Runs it to its end; gives its exit status, as a shell would tell it. The error is a sentence: it cannot be started.
    /// Signals that came before it began are for it, too.
    pub(crate) async fn run(self, addresses: &Value, signals: Signals) -> Result<u8, String> {
        let shown = self.program.to_string_lossy().into_owned();
        let mut child = Command::new(self.program)
            .args(self.arguments)
            .envs(environment(addresses))
            .spawn()
            .map_err(|error| format!("{shown} cannot be started: {error}"))?;
        let id = child.id();
        let status = tokio::select! {
            status = child.wait() => status,
            never = pass_on(signals, id) => match never {},
        };
        match status {
            Ok(status) => Ok(exit_status(status)),
            Err(error) => Err(format!("{shown} cannot be waited for: {error}")),
        }
    }
}

/// The variables by which a command finds the server.
fn environment(addresses: &Value) -> Vec<(String, String)> {
    let addresses = addresses.as_object().into_iter().flatten();
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    addresses
        .map(|(name, value)| (format!("{PREFIX}{}", name.to_uppercase()), text(value)))
        .collect()
}

/// The command's own, or 128 and the number of the signal that ended it.
fn exit_status(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal = None;
    let code = status.code().or(signal.map(|signal| BY_SIGNAL + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// Passes signals on for as long as the command runs, which is longer than this is polled.
async fn pass_on(mut signals: Signals, id: Option<u32>) -> Infallible {
    loop {
        let signal = signals.next().await;
        if let Some(id) = id {
            signal.pass_on(id);
        }
    }
}
