//! `exec`: the server for as long as a command runs.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Child, Command, Output, Stdio};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_websocket-channel-server"));
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn shell(script: &str) -> Child {
    program(&["exec", "--", "sh", "-c", script])
        .spawn()
        .unwrap()
}

fn line(reader: &mut impl BufRead) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

#[test]
fn the_command_finds_a_server_that_ends_with_it() {
    let names = ["WS", "HTTP", "WSS", "ROOT", "PROXY", "CONTROL", "REFUSED"];
    let script: String = names
        .iter()
        .map(|name| format!("echo \"$WEBSOCKET_CHANNEL_TEST_{name}\"; "))
        .collect();
    // It goes on until it is told to end, and standard input is its own.
    let mut child = shell(&format!("{script} read word; echo \"it was $word\""));
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let [ws, http, wss, root, proxy, control, refused] = names.map(|_| line(&mut out));
    let address = ws.strip_prefix("ws://").unwrap().to_owned();
    assert_eq!(http, format!("http://{address}"));
    assert!(control.starts_with(&format!("{http}/control/")));
    for address in [&address, &wss[6..], &proxy[7..]] {
        TcpStream::connect(address).unwrap();
    }
    assert!(TcpStream::connect(format!("127.0.0.1:{refused}")).is_err());
    assert!(
        std::fs::read_to_string(&root)
            .unwrap()
            .contains("CERTIFICATE")
    );

    // The very URL of a command.
    let mut io = TcpStream::connect(&address).unwrap();
    let path = control.strip_prefix(&http).unwrap();
    write!(io, "GET {path}/list HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    assert_eq!(line(&mut BufReader::new(io)), "HTTP/1.1 200 OK");

    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"enough\n").unwrap();
    assert_eq!(line(&mut out), "it was enough");
    assert!(child.wait().unwrap().success());
    assert!(TcpStream::connect(&address).is_err());
    assert!(!std::path::Path::new(&root).exists());
}

#[test]
fn its_exit_status_is_the_commands() {
    for (script, status) in [
        ("true", 0),
        ("exit 1", 1),
        ("exit 77", 77),
        ("kill -KILL $$", 128 + 9),
        ("kill -TERM $$", 128 + 15),
    ] {
        let output = shell(script).wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{script}");
        // What is printed is the command's, and it printed nothing.
        assert!(
            output.stdout.is_empty() && output.stderr.is_empty(),
            "{output:?}"
        );
    }
}

#[test]
fn signals_are_the_commands() {
    for signal in ["INT", "TERM", "HUP", "QUIT"] {
        // It answers in its own way, and in its own time.
        let script =
            format!("trap 'echo came; exit 33' {signal}; echo ready; while :; do sleep 0.05; done");
        let mut child = shell(&script);
        let mut out = BufReader::new(child.stdout.take().unwrap());
        assert_eq!(line(&mut out), "ready");
        send(signal, &child);
        assert_eq!(line(&mut out), "came", "{signal}");
        assert_eq!(child.wait().unwrap().code(), Some(33), "{signal}");
    }
    // What a command does not take ends it, and that is told.
    let mut child = shell("echo ready; exec sleep 1000");
    assert_eq!(
        line(&mut BufReader::new(child.stdout.take().unwrap())),
        "ready"
    );
    send("TERM", &child);
    assert_eq!(child.wait().unwrap().code(), Some(128 + 15));
}

fn send(signal: &str, child: &Child) {
    let mut kill = Command::new("kill");
    kill.args([format!("-{signal}"), child.id().to_string()]);
    assert!(kill.status().unwrap().success());
}

#[test]
fn flags_are_in_front_of_the_command() {
    let mut child = program(&[
        "exec",
        "--proxy-user",
        "a:b",
        "--",
        "sh",
        "-c",
        "echo \"$@\" $WEBSOCKET_CHANNEL_TEST_PROXY; read end",
        "sh",
        "--json",
        "--",
    ])
    .spawn()
    .unwrap();
    let told = line(&mut BufReader::new(child.stdout.take().unwrap()));
    let proxy = told.strip_prefix("--json -- http://").unwrap();
    let mut io = TcpStream::connect(proxy).unwrap();
    io.write_all(b"CONNECT localhost:1 HTTP/1.1\r\n\r\n")
        .unwrap();
    assert!(line(&mut BufReader::new(io)).starts_with("HTTP/1.1 407 "));
    drop(child.stdin.take());
    child.wait().unwrap();
}

#[test]
fn an_invalid_call_prints_one_sentence_and_exits_with_2() {
    for (arguments, words) in [
        (&["exec"][..], "a command behind it"),
        (&["exec", "--"], "exec wants a command"),
        (&["exec", "true"], "unknown argument \"true\""),
        (
            &["exec", "--wat", "--", "true"],
            "unknown argument \"--wat\"",
        ),
        (&["exec", "--port", "--", "true"], "wants a number"),
        (&["exec", "--json", "--", "true"], "no --json"),
        (
            &["exec", "--until-stdin-closes", "--", "true"],
            "no --until-stdin-closes",
        ),
        (&["exec", "--", "/no/such/program"], "cannot be started"),
        (&["exec", "--", "/"], "cannot be started"),
        (&["--", "true"], "unknown argument \"--\""),
    ] {
        one_sentence(program(arguments).output().unwrap(), words);
    }
    let mut command = program(&[]);
    command.arg(std::ffi::OsStr::from_bytes(b"--\xff"));
    one_sentence(command.output().unwrap(), "is not UTF-8");
}

fn one_sentence(output: Output, words: &str) {
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(words) && said.lines().count() == 1, "{said}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_command_may_have_any_bytes() {
    let mut command = program(&["exec", "--", "printf", "%s"]);
    command.arg(std::ffi::OsStr::from_bytes(b"\xff"));
    let mut child = command.spawn().unwrap();
    let mut out = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut out).unwrap();
    assert_eq!(out, b"\xff");
    assert!(child.wait().unwrap().success());
}
