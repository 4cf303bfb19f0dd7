//! The layer rule: each layer imports only what is below it, and the pure ones nothing of the platform's.
//!
//! Every path of every file is parsed and resolved: `use`, inline, `super::`, re-exports, and what stands in macros.

// It reads the sources, so it runs where they are.
#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod paths;

use paths::{Found, paths};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each layer with the layers it may import, from the bottom up. What is not here fails.
const LAYERS: &[(&str, &[&str])] = &[
    ("http", &[]),
    ("message", &["http"]),
    ("error", &["http", "message"]),
    ("lock", &[]),
    ("queue", &[]),
    ("shared", &[]),
    ("waker", &[]),
    ("time", &["waker"]),
    ("lifecycle", &["waker"]),
    ("random", &[]),
    ("simd", &[]),
    ("proto", &["error", "http", "message", "shared", "simd"]),
    ("reconnect", &["error", "message"]),
    ("session", &["error", "message", "queue", "reconnect"]),
    (
        "requests",
        &["message", "lock", "queue", "session", "waker"],
    ),
    ("codec", &["error", "message"]),
    ("net", &["error", "http", "time", "proto"]),
    (
        "transport",
        &[
            "error", "http", "message", "lock", "shared", "waker", "time", "random", "proto",
            "net", "requests", "session",
        ],
    ),
    (
        "socket",
        &["error", "message", "time", "random", "proto", "transport"],
    ),
    (
        "channel",
        &[
            "error",
            "message",
            "lock",
            "queue",
            "waker",
            "time",
            "lifecycle",
            "random",
            "transport",
            "socket",
            "codec",
            "reconnect",
            "session",
            "requests",
        ],
    ),
    (
        "server",
        &[
            "error",
            "message",
            "lock",
            "time",
            "random",
            "transport",
            "socket",
            "codec",
            "session",
            "requests",
            "channel",
        ],
    ),
    (
        "js",
        &[
            "error",
            "message",
            "time",
            "random",
            "lifecycle",
            "reconnect",
            "transport",
            "socket",
            "codec",
            "session",
            "requests",
            "channel",
            "server",
        ],
    ),
];

/// Layers without I/O, clock, randomness, wakers or platform: the only crates and parts of std they may name.
const PURE: &[&str] = &[
    "http",
    "message",
    "error",
    "proto",
    "reconnect",
    "session",
    "codec",
];
const PURE_CRATES: &[&str] = &[
    "core",
    "alloc",
    "std",
    "sha1",
    "base64",
    "url",
    "serde",
    "serde_json",
    "flate2",
    "rmp_serde",
    "md5",
];
const IMPURE_STD: &[&str] = &[
    "io", "net", "time", "thread", "task", "fs", "env", "process", "sync", "future",
];

#[test]
fn each_layer_imports_only_what_is_below_it() {
    let mut broken = Vec::new();
    let mut layers = BTreeSet::new();
    for (module, found) in crate_paths() {
        let Some(layer) = module.first() else {
            continue;
        };
        layers.insert(layer.clone());
        let allowed = LAYERS
            .iter()
            .find(|(name, _)| name == layer)
            .map(|(_, allowed)| *allowed);
        let allowed = allowed.unwrap_or_else(|| panic!("`{layer}` is no layer of the table"));
        if let Found::Ours { path, at } = &found
            && let Some(target) = path.first()
            && target != layer
            && !allowed.contains(&target.as_str())
        {
            broken.push(format!("{at}: {layer} imports {}", path.join("::")));
        }
    }
    assert!(
        layers.len() >= 8,
        "only these layers were found: {layers:?}"
    );
    assert!(
        broken.is_empty(),
        "the layer rule is broken:\n{}",
        broken.join("\n")
    );
}

#[test]
fn the_pure_layers_name_nothing_of_the_platform() {
    let mut broken = Vec::new();
    for (module, found) in crate_paths() {
        let Some(layer) = module
            .first()
            .filter(|layer| PURE.contains(&layer.as_str()))
        else {
            continue;
        };
        match &found {
            Found::Theirs { path, at } => {
                let impure_std = ["core", "std"].contains(&path[0].as_str())
                    && path
                        .get(1)
                        .is_some_and(|part| IMPURE_STD.contains(&part.as_str()))
                    && path.get(2).map(String::as_str) != Some("Duration");
                if impure_std || !PURE_CRATES.contains(&path[0].as_str()) {
                    broken.push(format!("{at}: {layer} names {}", path.join("::")));
                }
            }
            Found::Platform { at } => {
                broken.push(format!("{at}: {layer} asks for the platform in a cfg"))
            }
            Found::Ours { .. } => {}
        }
    }
    assert!(
        broken.is_empty(),
        "a pure layer is not pure:\n{}",
        broken.join("\n")
    );
}

#[test]
fn the_check_sees_every_way_to_write_a_path() {
    let source = r#"
        use crate::a::{b, c as d};
        pub use super::super::e;
        use std::{io, net::TcpStream};
        fn f(x: crate::g::H) -> super::super::i::J { crate::k::l(); macro_call!(crate::m::n(), super::super::o); }
        #[cfg(all(target_family = "wasm", target_os = "unknown"))]
        fn p() { tokio::spawn(1); }
        mod inner { use super::super::super::q; }
        #[cfg(test)]
        mod tests { use crate::not_counted; }
    "#;
    let mut seen: Vec<String> = paths(source, &["layer".into(), "file".into()], "file.rs")
        .into_iter()
        .map(|found| match found {
            Found::Ours { path, .. } => format!("crate::{}", path.join("::")),
            Found::Theirs { path, .. } => path.join("::"),
            Found::Platform { .. } => "platform".into(),
        })
        .collect();
    seen.sort();
    let expected = [
        "crate::a::b",
        "crate::a::c",
        "crate::e",
        "crate::g::H",
        "crate::i::J",
        "crate::k::l",
        "crate::m::n",
        "crate::o",
        "crate::q",
        "platform",
        "std::io",
        "std::net::TcpStream",
        "tokio::spawn",
    ];
    assert_eq!(seen, expected);
}

/// Every path of the crate, with the module it stands in.
fn crate_paths() -> Vec<(Vec<String>, Found)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    for file in rust_files(&source) {
        let mut module: Vec<String> = file
            .strip_prefix(&source)
            .unwrap()
            .with_extension("")
            .iter()
            .map(|part| part.to_str().unwrap().to_owned())
            .collect();
        if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
            module.pop();
        }
        let name = file
            .strip_prefix(env!("CARGO_MANIFEST_DIR"))
            .unwrap()
            .display()
            .to_string();
        let text = std::fs::read_to_string(&file).unwrap();
        all.extend(
            paths(&text, &module, &name)
                .into_iter()
                .map(|found| (module.clone(), found)),
        );
    }
    assert!(all.len() > 300, "only {} paths were found", all.len());
    all
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}
