//! The binary: its line, its flags, its ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_websocket-channel-server"));
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A running program, killed when the test ends, its first line, and its folder for temporary files.
struct Running(Child, String, PathBuf);

impl Running {
    fn start(arguments: &[&str]) -> Self {
        static FOLDERS: AtomicUsize = AtomicUsize::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("websocket-channel-program-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).unwrap();
        let mut child = program(arguments).env("TMPDIR", &folder).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self(child, line, folder)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
        // A program that is killed cannot take its root certificate with it.
        let _ = std::fs::remove_dir_all(&self.2);
    }
}

fn run(arguments: &[&str]) -> Output {
    program(arguments).output().unwrap()
}

#[test]
fn it_prints_where_it_listens() {
    let running = Running::start(&[]);
    let address = running
        .1
        .trim_end()
        .strip_prefix("listening on ws://")
        .unwrap();
    TcpStream::connect(address).unwrap();

    let running = Running::start(&["--json", "--port", "0"]);
    let line: serde_json::Value = serde_json::from_str(&running.1).unwrap();
    let address = line["ws"].as_str().unwrap().strip_prefix("ws://").unwrap();
    assert_eq!(line["http"].as_str().unwrap(), format!("http://{address}"));
    TcpStream::connect(address).unwrap();
    for (key, scheme) in [("wss", "wss://"), ("proxy", "http://")] {
        let address = line[key].as_str().unwrap().strip_prefix(scheme).unwrap();
        TcpStream::connect(address).unwrap();
    }
    let control = format!("http://{address}/control/");
    assert!(line["control"].as_str().unwrap().starts_with(&control));
    let root = std::fs::read_to_string(line["root"].as_str().unwrap()).unwrap();
    assert!(root.starts_with("-----BEGIN CERTIFICATE-----"));
    let refused = line["refused"].as_u64().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", u16::try_from(refused).unwrap())).is_err());
}

#[cfg(unix)]
#[test]
fn its_root_certificate_is_in_a_private_folder() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut running = Running::start(&["--json", "--until-stdin-closes"]);
    let line: serde_json::Value = serde_json::from_str(&running.1).unwrap();
    let root = PathBuf::from(line["root"].as_str().unwrap());
    let folder = root.parent().unwrap();
    assert_eq!(folder.parent(), Some(running.2.as_path()));
    let mode = folder.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "{mode:o}");
    // 128 random bits, and nothing that a list of processes would tell.
    let name = folder.file_name().unwrap().to_str().unwrap();
    assert_eq!(name.rsplit('-').next().unwrap().len(), 32, "{name}");
    let other = Running::start(&["--json"]);
    assert!(!other.1.contains(name));
    // Both go with the server.
    drop(running.0.stdin.take());
    assert!(running.0.wait().unwrap().success());
    assert!(!folder.exists());
}

#[test]
fn it_ends_when_standard_input_closes_if_asked_to() {
    let mut running = Running::start(&["--until-stdin-closes"]);
    assert!(running.0.try_wait().unwrap().is_none());
    drop(running.0.stdin.take());
    assert!(running.0.wait().unwrap().success());

    let mut running = Running::start(&[]);
    drop(running.0.stdin.take());
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert!(
        running.0.try_wait().unwrap().is_none(),
        "without the flag it goes on"
    );
}

#[cfg(unix)]
#[test]
fn it_ends_on_signals() {
    for signal in ["-INT", "-TERM"] {
        let mut running = Running::start(&["--until-stdin-closes"]);
        let killed = Command::new("kill")
            .args([signal, &running.0.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        assert!(running.0.wait().unwrap().success(), "{signal}");
    }
}

#[test]
fn an_invalid_call_prints_one_sentence_and_exits_with_2() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (arguments, words) in [
        (&["--port", &port][..], "is taken"),
        (&["--port"], "wants a number"),
        (&["--port", "x"], "wants a number"),
        (&["--port", "70000"], "wants a number"),
        (&["--wss-port", &port], "is taken"),
        (&["--proxy-port", &port], "is taken"),
        (&["--proxy-port", "x"], "wants a number"),
        (&["--proxy-user", "nobody"], "wants NAME:PASSWORD"),
        (&["--cert", "a.pem"], "want each other"),
        (
            &["--cert", "/no/such.pem", "--key", "/no/such.pem"],
            "no certificate",
        ),
        (
            &["--cert", "Cargo.toml", "--key", "Cargo.toml"],
            "no certificate or key that can be used",
        ),
        (&["--root", "/no/such/folder/root.pem"], "cannot be written"),
        (&["--root", "/"], "cannot be written"),
        (&["--pipe-to", "example.com:80"], "of this machine"),
        (&["--pipe-to", "10.0.0.1:80"], "of this machine"),
        (&["--www", "/no/such/folder"], "wants a folder"),
        (&["--wat"], "unknown argument"),
    ] {
        let output = run(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(said.contains(words) && said.lines().count() == 1, "{said}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn help_lists_every_flag() {
    let mut help = String::new();
    program(&["--help"])
        .spawn()
        .unwrap()
        .stdout
        .unwrap()
        .read_to_string(&mut help)
        .unwrap();
    for flag in [
        "--port",
        "--wss-port",
        "--proxy-port",
        "--proxy-user",
        "--cert",
        "--key",
        "--root",
        "--pipe-to",
        "--www",
        "--json",
        "--until-stdin-closes",
        "CONTROL/transcript",
    ] {
        assert!(help.contains(flag), "{flag}");
    }
}
