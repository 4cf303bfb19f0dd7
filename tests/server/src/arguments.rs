//! The command line.

use crate::exec::Exec;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use websocket_channel_server::{Credentials, Options};

pub(crate) const HELP: &str = "\
The native test server of websocket-channel. It listens on 127.0.0.1 only.

  --port N               the port; 0, the default, takes any free one
  --wss-port N           the port that speaks TLS; the same
  --proxy-port N         the port of the CONNECT proxy; the same
  --proxy-user NAME:PASSWORD  whom the proxy serves; everybody, if not given
  --cert FILE --key FILE  a certificate with its chain, and its key, as PEM;
                         if not given, both are made, with a root of their own
  --root FILE            where that root is written; if not given, a file in a
                         fresh folder that nobody else can read
  --pipe-to ADDRESS:PORT  a port of this machine to which /pipe and the proxy
                         may connect, beside the server's own; may be given again
  --www DIR              serve this folder under /
  --json                 print the addresses as one line of JSON
  --until-stdin-closes   end when standard input ends, too
  --help                 this

It prints where it listens, and ends on SIGINT and SIGTERM.
A bad command line, an unreadable certificate or a port that is taken: one
sentence and exit status 2.

  websocket-channel-server exec [FLAGS] -- COMMAND ARGUMENTS

runs the server for as long as the command runs, on free ports, passes signals
on to it, and ends with its exit status: 128 and more after a signal, 2 if it
cannot be started. The command finds the addresses in its environment, under the
names that --json has for them, as WEBSOCKET_CHANNEL_TEST_WS, _HTTP, _REFUSED,
_WSS, _ROOT, _PROXY and _CONTROL.

Services: /echo /close /chat /flood /fragment /ping /probe /slow /pipe /cut
/sink /silent /status/CODE. GET /faults lists the faults, /fault/NAME is one.
A page of another origin needs ?token=TOKEN for /pipe and /probe: the last part
of the control channel's address.

The control channel steers the connections that were opened with ?tag=TAG. With
CONTROL, the address that --json prints under that name, and TAG:

  curl CONTROL/list                     every connection, and bytes both ways
  curl 'CONTROL/cut?tag=TAG&how=rst'    cut, with rst or fin
  curl 'CONTROL/freeze?tag=TAG'         neither read nor write; thaw ends it
  curl 'CONTROL/delay?tag=TAG&ms=200'   send everything later; 0 ends it
  curl 'CONTROL/throttle?tag=TAG&rate=1000'  bytes a second; 0 ends it
  curl 'CONTROL/fail?tag=TAG&count=2&how=503'  the next handshakes: a status,
                                        rst, fin or silence
  curl 'CONTROL/transcript?tag=TAG'     the bytes received and sent
  curl 'CONTROL/cutter?seed=1&cuts=20'  a relay that cuts its connections; then
                                        cutter-counts?port=, cutter-end?port=
";

/// What the command line asks for.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) options: Options,
    pub(crate) root: Option<PathBuf>,
    pub(crate) json: bool,
    pub(crate) until_stdin_closes: bool,
    pub(crate) help: bool,
    /// What to run the server for. Without, it runs until it is told to end.
    pub(crate) exec: Option<Exec>,
}

impl Arguments {
    /// Reads the arguments behind the program's name; the error is a sentence for the user.
    pub(crate) fn parse(all: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut all = all.peekable();
        let exec = all.next_if(|first| first == "exec").is_some();
        let mut parsed = Self {
            options: Options::new(),
            root: None,
            json: false,
            until_stdin_closes: false,
            help: false,
            exec: None,
        };
        let (mut certificate, mut key) = (None, None);
        while let Some(argument) = all.next() {
            if exec && argument == "--" {
                parsed.exec = Some(Exec::read(all)?);
                break;
            }
            let mut arguments = [argument].into_iter().chain(&mut all).map(text);
            let argument = arguments.next().transpose()?.unwrap_or_default();
            let options = &mut parsed.options;
            let mut value = |what: &str| {
                let value = arguments.next().transpose()?;
                value.ok_or_else(|| format!("{argument} wants {what}"))
            };
            match argument.as_str() {
                "--port" => options.port = port(&argument, &value(PORT)?)?,
                "--wss-port" => options.wss_port = port(&argument, &value(PORT)?)?,
                "--proxy-port" => options.proxy_port = port(&argument, &value(PORT)?)?,
                "--proxy-user" => {
                    // The value is a secret: it is not repeated.
                    let credentials = Credentials::parse(&value("NAME:PASSWORD")?);
                    let wrong = "--proxy-user wants NAME:PASSWORD";
                    options.proxy_credentials = Some(credentials.ok_or(wrong)?);
                }
                "--cert" => certificate = Some(PathBuf::from(value("a file")?)),
                "--key" => key = Some(PathBuf::from(value("a file")?)),
                "--root" => parsed.root = Some(PathBuf::from(value("a file")?)),
                "--pipe-to" => {
                    let target = value(TARGET)?;
                    let address = target.parse().ok();
                    let address = address.filter(|address: &SocketAddr| address.ip().is_loopback());
                    let wrong = || format!("--pipe-to wants {TARGET}, not {target:?}");
                    options.pipe_to.push(address.ok_or_else(wrong)?);
                }
                "--www" => {
                    let folder = PathBuf::from(value("a folder")?);
                    if !folder.is_dir() {
                        let shown = folder.display();
                        return Err(format!("--www wants a folder, and {shown} is none"));
                    }
                    options.www = Some(folder);
                }
                "--json" => parsed.json = true,
                "--until-stdin-closes" => parsed.until_stdin_closes = true,
                "--help" => parsed.help = true,
                other => return Err(format!("unknown argument {other:?}; --help lists them")),
            }
        }
        parsed.options.certificate = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err("--cert and --key want each other".into()),
        };
        if exec && !parsed.help {
            if parsed.exec.is_none() {
                return Err("exec wants -- and a command behind it".into());
            }
            if parsed.json || parsed.until_stdin_closes {
                return Err(
                    "exec leaves standard input and output to its command: no --json, and no --until-stdin-closes"
                        .into(),
                );
            }
        }
        Ok(parsed)
    }
}

fn text(argument: OsString) -> Result<String, String> {
    argument
        .into_string()
        .map_err(|argument| format!("{argument:?} is not UTF-8"))
}

const PORT: &str = "a number from 0 to 65535";
const TARGET: &str = "ADDRESS:PORT of this machine, such as 127.0.0.1:8080";

fn port(argument: &str, value: &str) -> Result<u16, String> {
    let wrong = |_| format!("{argument} wants {PORT}, not {value:?}");
    value.parse().map_err(wrong)
}
