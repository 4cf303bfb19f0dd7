//! The public API as it is committed in `api.txt`, so that a change to it is seen; and what its documentation has to tell of it.
//!
//! After a change that is meant: `WEBSOCKET_CHANNEL_UPDATE_API=1 cargo test --test api`, and commit the file.

// It reads the sources, so it runs where they are.
#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod codes;
mod defaults;
mod features;
mod listing;
mod told;

use std::path::Path;

#[test]
fn the_public_api_is_the_one_that_was_committed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let committed = folder.join("tests/api/api.txt");
    let mut lines = listing::lines(&folder.join("src"));
    lines.sort();
    lines.dedup();
    let now = lines.join("\n") + "\n";
    if std::env::var_os("WEBSOCKET_CHANNEL_UPDATE_API").is_some() {
        std::fs::write(&committed, &now).unwrap();
    }
    let before = std::fs::read_to_string(&committed).unwrap_or_default();
    let gone = before
        .lines()
        .filter(|line| !now.lines().any(|other| other == *line));
    let new = now
        .lines()
        .filter(|line| !before.lines().any(|other| other == *line));
    let changes: Vec<String> = gone
        .map(|line| format!("- {line}"))
        .chain(new.map(|line| format!("+ {line}")))
        .collect();
    assert!(
        changes.is_empty(),
        "the public API has changed; if that is meant: WEBSOCKET_CHANNEL_UPDATE_API=1 cargo test --test api\n{}",
        changes.join("\n")
    );
}

/// The listing sees what there is: a parser that found nothing would agree with an empty file.
#[test]
fn the_listing_has_the_main_types() {
    let lines = listing::lines(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    for known in [
        "pub fn connect(url: impl Into<String>) -> Connect<Message, Message>",
        "impl Sender<Tx>: pub fn send(&self, value: Tx) -> impl Future<Output = Result<(), SendError<Tx>>>",
        "pub enum Overflow #[non_exhaustive]: Latest",
    ] {
        assert!(
            lines.iter().any(|line| line.ends_with(known)),
            "{known} is not among {} lines",
            lines.len()
        );
    }
}

#[test]
fn every_function_documents_its_errors_and_cancellation() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut gaps = Vec::new();
    listing::files(&src, &mut |path, file| {
        let name = path.strip_prefix(&src).unwrap().display().to_string();
        gaps.extend(told::gaps(file, &name));
    });
    gaps.sort();
    assert!(gaps.is_empty(), "{}", gaps.join("\n"));
}

#[test]
fn missing_documentation_is_found() {
    let bad = "
        /// Waits.
        pub async fn wait() -> Result<(), ()> { Ok(()) }
        impl A {
            /// Waits. Dropping the future leaves nothing behind.
            pub fn wait(&self) -> impl Future<Output = ()> {}
            pub(crate) async fn hidden(&self) -> Result<(), ()> { Ok(()) }
        }
        pub trait B { fn fails(&self) -> Result<(), ()>; }
    ";
    let found = told::gaps(&syn::parse_file(bad).unwrap(), "bad.rs");
    assert_eq!(found.len(), 3, "{found:?}");
}

/// What is in Cargo.toml, and nothing else, is in the table of the crate's documentation and in that of the README.
#[test]
fn the_tables_of_features_are_those_of_the_manifest() {
    let manifest = features::of_manifest(include_str!("../../Cargo.toml"));
    assert!(manifest["json"] && !manifest["proto"], "{manifest:?}");
    for table in [
        include_str!("../../src/lib.rs"),
        include_str!("../../README.md"),
    ] {
        assert_eq!(features::of_table(table), manifest);
    }
}

#[test]
fn documented_defaults_are_those_of_the_code() {
    let one_line = |page: &str| page.split_whitespace().collect::<Vec<_>>().join(" ");
    let readme = one_line(include_str!("../../README.md"));
    let security = include_str!("../../SECURITY.md");
    let builder = include_str!("../../src/channel/connect.rs");
    let fields = concat!(
        include_str!("../../src/socket/options.rs"),
        include_str!("../../src/transport/limits.rs")
    );
    let npm = include_str!("../../src/js/README.md");
    let types = include_str!("../../src/js/index.d.ts");
    let (_, options) = types.split_once("interface ConnectionOptions").unwrap();
    for default in defaults::all() {
        let defaults::Default {
            rust,
            value,
            js,
            number,
        } = default;
        assert!(
            readme.contains(&format!("`{rust}` {value}")),
            "README.md, {rust}"
        );
        let row = |page: &'static str, name: &str| {
            let mut rows = page.lines().filter(|line| line.starts_with('|'));
            rows.find(|line| line.contains(&format!("`{name}`")))
                .unwrap()
        };
        assert!(row(security, rust).contains(&value), "SECURITY.md, {rust}");
        assert!(row(npm, js).contains(&number), "src/js/README.md, {js}");
        let told = [
            (builder, format!("pub fn {rust}("), &value),
            (fields, format!("pub {rust}: "), &value),
            (options, format!("{js}?: "), &number),
        ];
        for (source, item, value) in told {
            let comment = defaults::comment_above(source, &item);
            assert!(
                comment.contains(&format!("Default {value}")),
                "{item} {comment}"
            );
        }
    }
}

/// One table of codes: Rust's, those of the types, those that the scripts throw, those of the npm page, and the words for them.
#[test]
fn the_codes_of_errors_are_the_same_in_both_languages_and_everywhere() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut rust = codes::Codes::new();
    for file in std::fs::read_dir(folder.join("src/error")).unwrap() {
        let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for (code, variants) in codes::of_rust(&syn::parse_file(&source).unwrap()) {
            rust.entry(code).or_default().extend(variants);
        }
    }
    let types = codes::of_types(concat!(
        include_str!("../../src/js/index.d.ts"),
        include_str!("../../src/js/session.d.ts")
    ));
    assert!(rust.len() > 15 && types.len() > 15, "{rust:?} {types:?}");
    // A code is the name of its variant in capitals.
    for (code, variants) in &rust {
        for variant in variants.iter().filter(|name| name.contains("::")) {
            assert_eq!(*code, codes::in_capitals(variant), "{variant}");
        }
    }
    let committed = folder.join("tests/api/codes.md");
    let table = codes::table(&rust, &types);
    if std::env::var_os("WEBSOCKET_CHANNEL_UPDATE_API").is_some() {
        std::fs::write(&committed, &table).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&committed).unwrap_or_default(),
        table,
        "WEBSOCKET_CHANNEL_UPDATE_API=1 cargo test --test api"
    );
    // What a script throws is typed; a name of Firefox's is none of ours.
    for (code, files) in codes::of_scripts(&folder.join("src/js")) {
        let is_typed = types.contains_key(&code) || code == "NS_ERROR_CONTENT_BLOCKED";
        assert!(is_typed, "{code} of {files:?} is not in the types");
    }
    let words = include_str!("../../src/js/errors.js");
    let (_, words) = words.split_once("const WORDS = {").unwrap();
    let (words, _) = words.split_once("\n};").unwrap();
    for line in words.lines().filter(|line| line.contains(": '")) {
        let code = line.trim().split(':').next().unwrap();
        assert!(
            types.contains_key(code),
            "words for {code}, which is not in index.d.ts"
        );
    }
    // The page of the package has a row for each, and for nothing else.
    let page = include_str!("../../src/js/README.md");
    let rows = page
        .lines()
        .skip_while(|line| !line.starts_with("| `ConnectError`"))
        .take_while(|line| line.starts_with('|'));
    let told: std::collections::BTreeSet<String> = rows
        .filter_map(|row| row.split('|').nth(2))
        .flat_map(|cell| codes::quoted(&cell.replace('`', "'")))
        .collect();
    assert_eq!(told, types.keys().cloned().collect(), "src/js/README.md");
}
