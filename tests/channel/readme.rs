//! The Rust of the README, compiled and run. Between the two marks stand the README's own lines.

use crate::server::server;

// README begin
use serde::{Deserialize, Serialize};
use websocket_channel::{Channel, Json, connect};

#[derive(Serialize)]
enum ToServer { Say(String) }
#[derive(Deserialize)]
enum ToClient { Said { who: String, text: String } }

async fn chat(url: &str) -> Result<String, Box<dyn std::error::Error>> {
    let chat: Channel<ToServer, ToClient> = connect(url).codec(Json).await?;
    let (tx, mut rx) = chat.split();
    tx.send(ToServer::Say("hello".into())).await?; // waits while the send buffer is full
    let Some(ToClient::Said { who, text }) = rx.next().await.transpose()? else { return Ok("the end".into()) };
    let closed = tx.control().close(1000, "bye").await?;
    Ok(format!("{who} said {text}; closed with {}", closed.code))
}
// README end

#[crate::test]
async fn the_rust_of_the_readme_runs() {
    let server = server().await;
    assert_eq!(chat(&server.url("/chat")).await.unwrap(), "server said hello; closed with 1000");
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#[test]
fn the_readme_shows_the_code_of_this_test() {
    let source = include_str!("readme.rs");
    let shown = source.split("// README begin\n").nth(1).and_then(|rest| rest.split("// README end").next()).unwrap();
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&format!("```rust\n{shown}```")), "the README's Rust is not the Rust that runs");
}
