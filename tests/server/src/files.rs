//! A folder in memory. What is not in the map cannot be asked for, whatever the path looks like.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use websocket_channel::proto::Response;

/// Deeper folders are not read: a symbolic link that leads back up must not trap us.
const MAX_DEPTH: usize = 16;

/// Files by the path under which they are served.
#[derive(Debug, Default)]
pub struct Files(HashMap<String, File>);

#[derive(Debug)]
struct File {
    bytes: Vec<u8>,
    mime: &'static str,
}

impl Files {
    /// Reads a folder and everything in it.
    ///
    /// # Errors
    /// The operating system's.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut files = Self::default();
        files.add(folder, "/", MAX_DEPTH)?;
        Ok(files)
    }

    fn add(&mut self, folder: &Path, prefix: &str, depth: usize) -> io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            if path.is_dir() {
                if depth > 0 {
                    self.add(&path, &format!("{prefix}{name}/"), depth - 1)?;
                }
            } else {
                let file = File {
                    bytes: std::fs::read(&path)?,
                    mime: mime(name),
                };
                self.0.insert(format!("{prefix}{name}"), file);
            }
        }
        Ok(())
    }

    /// The answer for a path; a folder's is its `index.html`.
    pub(crate) fn response(&self, path: &str) -> Option<Response> {
        let file = if path.ends_with('/') {
            self.0.get(&format!("{path}index.html"))
        } else {
            self.0.get(path)
        }?;
        let response = Response::new(200, file.bytes.clone()).header("Content-Type", file.mime);
        // A folder may hold what is nobody else's: a page of another origin does not load it as a script or an image either.
        Some(response.header("Cross-Origin-Resource-Policy", "same-origin"))
    }
}

/// The type by which browsers take a file; `application/wasm` is what they compile while it streams.
fn mime(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("txt" | "md" | "ts") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
