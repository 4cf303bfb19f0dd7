//! The test server as a program. See `--help`.

mod arguments;
mod exec;
mod signals;

use arguments::Arguments;
use signals::Signals;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::sync::oneshot;
use websocket_channel_server::TestServer;

/// A command line or a port that cannot be used.
const USAGE_ERROR: u8 = 2;

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args_os().skip(1)) {
        Ok(arguments) => arguments,
        Err(sentence) => return fail(&sentence),
    };
    if arguments.help {
        say(arguments::HELP);
        return ExitCode::SUCCESS;
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("no runtime: {error}")),
    };
    let code = runtime.block_on(run(arguments));
    // A thread may sit in a read of standard input; it must not keep the process.
    runtime.shutdown_background();
    code
}

async fn run(arguments: Arguments) -> ExitCode {
    // Before the line is printed: whoever reads it may signal at once.
    let mut signals = match Signals::listen(arguments.exec.is_some()) {
        Ok(signals) => signals,
        Err(error) => return fail(&format!("the server cannot start: {error}")),
    };
    let server = match TestServer::start(arguments.options).await {
        Ok(server) => server,
        Err(error) => return fail(&error.to_string()),
    };
    let root = match server.root().map(|pem| Root::write(arguments.root, pem)) {
        None => None,
        Some(Ok(root)) => Some(root),
        Some(Err(sentence)) => return fail(&sentence),
    };
    let path = root.as_ref().map(|root| root.path.display().to_string());
    let refused = match server.refused_port() {
        Ok(port) => port,
        Err(error) => return fail(&format!("the server cannot start: {error}")),
    };
    let addresses = serde_json::json!({
        "ws": server.url(),
        "http": server.http_url(),
        "refused": refused,
        "wss": server.wss_url(),
        "root": path,
        "proxy": server.proxy_url(),
        "control": server.control_url(),
    });
    if let Some(exec) = arguments.exec {
        let status = exec.run(&addresses, signals).await;
        server.shutdown().await;
        return match status {
            Ok(status) => ExitCode::from(status),
            Err(sentence) => fail(&sentence),
        };
    }
    if arguments.json {
        say(&format!("{addresses}\n"));
    } else {
        say(&format!("listening on {}\n", server.url()));
        say(&format!("with TLS on {}", server.wss_url()));
        say(&path.map_or("\n".into(), |path| format!(", root in {path}\n")));
        say(&format!("CONNECT proxy on {}\n", server.proxy_url()));
        say(&format!("control channel on {}\n", server.control_url()));
    }
    tokio::select! {
        _ = signals.next() => {}
        () = stdin_closed(), if arguments.until_stdin_closes => {}
    }
    server.shutdown().await;
    ExitCode::SUCCESS
}

/// A folder that did not exist, whose name cannot be guessed, and that nobody else can enter: what is put into it is what is read from it.
fn private_folder() -> io::Result<PathBuf> {
    let name = format!("websocket-channel-{:032x}", rand::random::<u128>());
    let path = std::env::temp_dir().join(name);
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    // Fails when somebody has it already, be it by a symbolic link.
    builder.create(&path)?;
    Ok(path)
}

/// The file with the root certificate. A temporary one goes when this is dropped, with its folder.
struct Root {
    path: PathBuf,
    temporary: bool,
}

impl Root {
    fn write(asked: Option<PathBuf>, pem: &str) -> Result<Self, String> {
        let temporary = asked.is_none();
        let wrong = |path: &Path, error: io::Error| {
            format!("the root cannot be written to {}: {error}", path.display())
        };
        let path = match asked {
            Some(path) => path,
            None => {
                let folder =
                    private_folder().map_err(|error| wrong(&std::env::temp_dir(), error))?;
                folder.join("root.pem")
            }
        };
        std::fs::write(&path, pem).map_err(|error| wrong(&path, error))?;
        Ok(Self { path, temporary })
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        if self.temporary {
            // Gone already is as good.
            let _ = std::fs::remove_file(&self.path);
            let _ = self.path.parent().map(std::fs::remove_dir);
        }
    }
}

fn fail(sentence: &str) -> ExitCode {
    // Nobody is left to tell when standard error is gone.
    let _ = writeln!(std::io::stderr(), "websocket-channel-server: {sentence}");
    ExitCode::from(USAGE_ERROR)
}

fn say(text: &str) {
    let mut out = std::io::stdout();
    // Whoever closed our standard output does not want to know.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Returns when standard input ends: when whoever started us ended, however it ended.
async fn stdin_closed() {
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        let mut dropped = [0; 1024];
        while matches!(std::io::stdin().read(&mut dropped), Ok(read) if read > 0) {}
        let _ = sender.send(());
    });
    let _ = receiver.await;
}
