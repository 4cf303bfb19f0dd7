//! Programs that talk to other people's: `tests/interop/interop.test.mjs` and `tests/conformance` start them.

mod autobahn;
mod certificate;
mod checks;
mod client;
mod session;
mod tungstenite;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["autobahn", server] => autobahn::run(server, true).await,
        ["autobahn", "--no-takeover", server] => autobahn::run(server, false).await,
        ["certificate", folder] => certificate::write(folder),
        ["client", ref rest @ ..] => client::run(rest).await,
        ["hello", ref rest @ ..] => client::hello(rest).await,
        ["session", url] => session::run(url).await,
        ["tungstenite", "server"] => tungstenite::serve().await,
        ["tungstenite", "client", origin] => tungstenite::run(origin).await,
        _ => Err("usage: autobahn [--no-takeover] ORIGIN | certificate FOLDER | client ORIGIN [FLAGS] | hello ORIGIN [FLAGS] | session URL | tungstenite server | tungstenite client ORIGIN".into()),
    };
    match outcome {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            std::process::ExitCode::FAILURE
        }
    }
}
