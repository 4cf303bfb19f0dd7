//! What `npm run bench -- proto` runs: each library's part of a row, in a process of its own.
//!
//! ```text
//! … frames LIBRARY decode|encode text|binary masked|unmasked SIZE COUNT   codes COUNT messages in memory, to be run under callgrind
//! … masking SIZE                                                         prints the bytes a second of masking and of copying
//! … serve LIBRARY                                                        prints its port and echoes
//! … hold PORT CONNECTIONS                                                opens them, and echoes a message over each for every size it is told
//! … typed                                                                prints its port and serves what `npm run bench -- session` measures
//! … load PORT CONNECTIONS SIZE PIPELINED MILLISECONDS                    prints the messages a second
//! … hold-channels PORT plain|session CONNECTIONS                         as `hold`, with our own channels
//! … load-channels PORT plain|session[-batches] CONNECTIONS SIZE PIPELINED MILLISECONDS   as `load`, with our own channels
//! ```

mod frames;
mod hold;
mod load;
mod masking;
#[path = "../session/message.rs"]
mod message;
mod serve;
mod sessions;
mod typed;

use sessions::How;
use std::error::Error;
use std::process::ExitCode;

/// What went wrong, in a sentence.
type Failure = Box<dyn Error + Send + Sync>;

/// The libraries that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Library {
    Ours,
    /// The same as users have it by `Socket::accept`: only to be served.
    Socket,
    /// A `Channel` over that: only to be served.
    Channel(How),
    Tungstenite,
    Fastwebsockets,
    /// Sessions, with such channels for their handlers: only to be served.
    Session(How),
    /// The project's own test server, with all that it records: only to be served.
    TestServer,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(2)
        }
    }
}

fn run(words: &[&str]) -> Result<(), Failure> {
    match *words {
        [
            "frames",
            library,
            direction @ ("decode" | "encode"),
            kind @ ("text" | "binary"),
            masked @ ("masked" | "unmasked"),
            size,
            count,
        ] => {
            let work = frames::Work {
                decode: direction == "decode",
                text: kind == "text",
                masked: masked == "masked",
                size: size.parse()?,
                count: count.parse()?,
            };
            frames::run(read(library)?, &work)
        }
        ["masking", size] => {
            masking::run(size.parse()?);
            Ok(())
        }
        ["typed"] => current_thread()?.block_on(typed::serve()),
        ["serve", library] => current_thread()?.block_on(serve::run(read(library)?)),
        ["hold", port, connections] => {
            current_thread()?.block_on(hold::run(port.parse()?, connections.parse()?))
        }
        ["hold-channels", port, kind @ ("plain" | "session"), count] => {
            let work = sessions::hold(port.parse()?, kind == "session", count.parse()?);
            current_thread()?.block_on(work)
        }
        [
            "load-channels",
            port,
            kind @ ("plain" | "session" | "plain-batches" | "session-batches"),
            connections,
            size,
            pipelined,
            milliseconds,
        ] => {
            let load = load::Load {
                port: port.parse()?,
                connections: connections.parse()?,
                size: size.parse()?,
                pipelined: pipelined.parse()?,
                milliseconds: milliseconds.parse()?,
            };
            let how = match kind.ends_with("batches") {
                true => How::Batches,
                false => How::Singly,
            };
            let work = sessions::load(kind.starts_with("session"), how, load);
            println!("{}", current_thread()?.block_on(work)?);
            Ok(())
        }
        ["load", port, connections, size, pipelined, milliseconds] => {
            let load = load::Load {
                port: port.parse()?,
                connections: connections.parse()?,
                size: size.parse()?,
                pipelined: pipelined.parse()?,
                milliseconds: milliseconds.parse()?,
            };
            println!("{}", current_thread()?.block_on(load.run())?);
            Ok(())
        }
        _ => Err("the first lines of tests/bench/src/main.rs say how it is called".into()),
    }
}

fn read(library: &str) -> Result<Library, Failure> {
    Ok(match library {
        "ours" => Library::Ours,
        "socket" => Library::Socket,
        "channel" => Library::Channel(How::Singly),
        "channel-batches" => Library::Channel(How::Batches),
        "session" => Library::Session(How::Singly),
        "session-batches" => Library::Session(How::Batches),
        "tungstenite" => Library::Tungstenite,
        "fastwebsockets" => Library::Fastwebsockets,
        "test-server" => Library::TestServer,
        other => return Err(format!("no library is called {other:?}").into()),
    })
}

/// One thread: a row compares what one core does.
fn current_thread() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?)
}

/// Masks as the crate's own transports make them: one word of a generator's buffer each.
pub(crate) fn random(bytes: &mut [u8]) {
    use rand::RngCore as _;
    let mut source = rand::rng();
    match bytes.as_mut_array() {
        Some(mask) => *mask = source.next_u32().to_ne_bytes(),
        None => source.fill_bytes(bytes),
    }
}
