//! `GET /faults`: the list, for programs and for people.

use super::{Fault, faults};
use crate::sessions::{SessionFault, session_faults};
use serde::Serialize;
use std::fmt::Write as _;
use websocket_channel::proto::{Request, Response};

/// An entry of the list.
#[derive(Serialize)]
struct Entry {
    /// Where it is.
    url: String,
    #[serde(flatten)]
    fault: Fault,
}

/// A port on which nobody listens is no file, and belongs to the list all the same.
#[derive(Serialize)]
struct Refuse {
    url: String,
    name: &'static str,
    what: &'static str,
    client: &'static str,
}

/// The list, as a page if that is what the client prefers, or else as JSON.
pub(crate) fn list(request: &Request, refused_port: u16) -> Response {
    let host = request.headers.get("Host").unwrap_or("127.0.0.1");
    let refuse = Refuse {
        url: format!("ws://127.0.0.1:{refused_port}/"),
        name: "refuse",
        what: "Nobody listens on the port.",
        client: "fails the connection before it is open",
    };
    let entries = faults().map(|fault| Entry {
        url: format!("ws://{host}/fault/{}", fault.name),
        fault,
    });
    if request
        .headers
        .get_all("Accept")
        .any(|accept| accept.contains("text/html"))
    {
        let mut page = String::from(HEAD);
        row(
            &mut page,
            &refuse.url,
            refuse.name,
            refuse.what,
            refuse.client,
        );
        entries.for_each(|Entry { url, fault }| {
            row(&mut page, &url, fault.name, fault.what, fault.client);
        });
        for fault in session_faults() {
            let url = session_url(host, fault);
            row(&mut page, &url, fault.name, fault.what, fault.client);
        }
        page.push_str("</table>\n");
        return Response::new(200, page).header("Content-Type", "text/html; charset=utf-8");
    }
    let mut list = vec![serde_json::json!(refuse)];
    list.extend(entries.map(|entry| serde_json::json!(entry)));
    let sessions: Vec<_> = session_faults()
        .iter()
        .map(|fault| serde_json::json!({ "url": session_url(host, fault), "name": fault.name, "what": fault.what, "client": fault.client }))
        .collect();
    let body = serde_json::json!({ "faults": list, "session_faults": sessions });
    Response::new(200, format!("{body:#}\n")).header("Content-Type", "application/json")
}

fn session_url(host: &str, fault: &SessionFault) -> String {
    format!("ws://{host}/session/fault/{}", fault.name)
}

const HEAD: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>Faults</title>
<style>body{font:16px/1.4 sans-serif;margin:2em}td,th{text-align:left;vertical-align:top;padding:.3em .8em}</style>
<h1>Faults</h1><p>Point a WebSocket client at one of these. Each is a file of raw bytes, and below them are those of the session protocol.</p>
<table><tr><th>URL<th>what the server does<th>what a correct client does\n";

fn row(page: &mut String, url: &str, name: &str, what: &str, client: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(
        page,
        "<tr id={name}><td><code>{}</code><td>{}<td>{}",
        escape(url),
        escape(what),
        escape(client)
    );
}

/// The host is the client's own words.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
