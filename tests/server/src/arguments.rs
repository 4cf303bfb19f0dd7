//! The command line.

use std::path::PathBuf;
use websocket_channel_server::Options;

pub(crate) const HELP: &str = "\
The native test server of websocket-channel. It listens on 127.0.0.1 only.

  --port N               the port; 0, the default, takes any free one
  --www DIR              serve this folder under /
  --json                 print the addresses as one line of JSON
  --until-stdin-closes   end when standard input ends, too
  --help                 this

It prints one line when it listens, and ends on SIGINT and SIGTERM.
A bad command line or a port that is taken: one sentence and exit status 2.
";

/// What the command line asks for.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) options: Options,
    pub(crate) json: bool,
    pub(crate) until_stdin_closes: bool,
    pub(crate) help: bool,
}

impl Arguments {
    /// Reads the arguments behind the program's name; the error is a sentence for the user.
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut parsed = Self {
            options: Options::new(),
            json: false,
            until_stdin_closes: false,
            help: false,
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--port" => {
                    let port = arguments.next().ok_or("--port wants a number")?;
                    parsed.options.port = port.parse().map_err(|_| {
                        format!("--port wants a number from 0 to 65535, not {port:?}")
                    })?;
                }
                "--www" => {
                    let folder = PathBuf::from(arguments.next().ok_or("--www wants a folder")?);
                    if !folder.is_dir() {
                        return Err(format!(
                            "--www wants a folder, and {} is none",
                            folder.display()
                        ));
                    }
                    parsed.options.www = Some(folder);
                }
                "--json" => parsed.json = true,
                "--until-stdin-closes" => parsed.until_stdin_closes = true,
                "--help" => parsed.help = true,
                other => return Err(format!("unknown argument {other:?}; --help lists them")),
            }
        }
        Ok(parsed)
    }
}
