//! Reads `table.md` and holds it against the tests: every cell is what the tests do, and no test of this folder is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};

const TABLE: &str = include_str!("table.md");

/// Where a test can run, in the order of the columns.
const COLUMNS: [&str; 6] = ["TCP", "memory", "Chromium", STREAM, "Firefox", "WebKit"];

/// Over `WebSocketStream`.
const STREAM: &str = "Chromium, stream";

/// The test programs that run natively and in every browser. The others are native.
const EVERYWHERE: [&str; 4] = ["channel", "faults", "promises", "leaks"];
const NATIVE: [&str; 2] = ["framed", "transport"];

/// One line of the table.
struct Row {
    promise: u32,
    test: String,
    cells: Vec<String>,
}

fn rows() -> Vec<Row> {
    let mut promise = 0;
    let mut rows = Vec::new();
    for line in TABLE.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            promise = heading.split('.').next().unwrap().parse().unwrap();
        }
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if cells.len() == COLUMNS.len() + 2 && cells[1].starts_with('`') {
            rows.push(Row {
                promise,
                test: cells[1].trim_matches('`').to_owned(),
                cells: cells[2..].iter().map(|cell| (*cell).to_owned()).collect(),
            });
        }
    }
    rows
}

/// Every test function under `tests/`, with the columns in which it runs.
fn tests() -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut found = BTreeMap::new();
    for program in EVERYWHERE.iter().chain(&NATIVE) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests")
            .join(program);
        let main = modules(&folder.join("main.rs"));
        let over_stream = modules(&folder.join("over_stream.rs"));
        for file in sources(&folder) {
            let mut module: Vec<String> = file
                .strip_prefix(&folder)
                .unwrap()
                .with_extension("")
                .iter()
                .map(|part| part.to_str().unwrap().to_owned())
                .collect();
            if module == ["main"] {
                module.clear();
            }
            let text = std::fs::read_to_string(&file).unwrap();
            let places = |modules: &BTreeMap<String, Places>| match module.last() {
                Some(module) => modules.get(module).copied().unwrap_or(Places::NONE),
                // In `main.rs` itself.
                None => Places::ALL,
            };
            let here = places(&main);
            let parsed = syn::parse_file(&text)
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let mut finder = Finder {
                web: EVERYWHERE.contains(program) && here.web,
                native: here.native,
                stream: !module.is_empty() && places(&over_stream).web,
                text: &text,
                prefix: [&[(*program).to_owned()], module.as_slice()]
                    .concat()
                    .join("::"),
                found: &mut found,
            };
            finder.visit_file(&parsed);
        }
    }
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// Where something is compiled.
#[derive(Clone, Copy)]
struct Places {
    native: bool,
    web: bool,
}

impl Places {
    const ALL: Self = Self {
        native: true,
        web: true,
    };
    const NONE: Self = Self {
        native: false,
        web: false,
    };

    /// What the attributes say.
    fn of(attributes: &[syn::Attribute]) -> Self {
        let conditions = attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("cfg"))
            .filter_map(|attribute| attribute.meta.require_list().ok())
            .map(|list| list.tokens.to_string().replace(' ', ""));
        conditions.fold(Self::ALL, |places, condition| Self {
            native: places.native
                && condition != r#"all(target_family="wasm",target_os="unknown")"#,
            web: places.web && condition != r#"not(all(target_family="wasm",target_os="unknown"))"#,
        })
    }
}

/// The modules of a program, if there is such a program.
fn modules(main: &Path) -> BTreeMap<String, Places> {
    let text = std::fs::read_to_string(main).unwrap_or_default();
    let items = syn::parse_file(&text).unwrap().items;
    let modules = items.iter().filter_map(|item| match item {
        syn::Item::Mod(module) => Some((module.ident.to_string(), Places::of(&module.attrs))),
        _ => None,
    });
    modules.collect()
}

/// How a test says what it leaves out.
const LEAVES_OUT: &str = "if crate::STREAM_IS_LIMITED {\n        return;";
const ONLY_HELD_BACK: &str = "if !crate::PUSHES_BACK {";
const NOT_HELD_BACK: &str = "if crate::PUSHES_BACK {";

struct Finder<'a> {
    web: bool,
    native: bool,
    stream: bool,
    text: &'a str,
    prefix: String,
    found: &'a mut BTreeMap<String, BTreeSet<&'static str>>,
}

impl Visit<'_> for Finder<'_> {
    fn visit_item_fn(&mut self, function: &syn::ItemFn) {
        let is_test = |attribute: &syn::Attribute| {
            let last = attribute.path().segments.last();
            last.is_some_and(|segment| segment.ident == "test")
        };
        if !function.attrs.iter().any(is_test) {
            return visit::visit_item_fn(self, function);
        }
        let places = Places::of(&function.attrs);
        let span = function.block.brace_token.span;
        let lines = span.open().start().line - 1..span.close().end().line;
        let body: Vec<&str> = self.text.lines().collect();
        let body = body[lines].join("\n");
        let has = |markers: &[&str]| markers.iter().any(|marker| body.contains(marker));
        let memory = has(&["TRANSPORTS", "Socket::pair", "pair()"]);
        // A test of the pair alone needs no network.
        let network = !memory || has(&["TRANSPORTS", "server()"]);
        let web = self.web && places.web && !has(&[ONLY_HELD_BACK]);
        let mut columns = BTreeSet::new();
        // In a program of all browsers, one that runs where there is a stream.
        if has(&["if is_there() {"]) {
            columns.insert(STREAM);
        } else {
            if network && self.native && places.native && !has(&[NOT_HELD_BACK]) {
                columns.insert("TCP");
            }
            if memory {
                columns.insert("memory");
            }
            if network && web {
                columns.extend(["Chromium", "Firefox", "WebKit"]);
            }
            if network && self.stream && places.web && !has(&[LEAVES_OUT, NOT_HELD_BACK]) {
                columns.insert(STREAM);
            }
        }
        let name = format!("{}::{}", self.prefix, function.sig.ident);
        self.found.insert(name, columns);
    }
}

#[test]
fn the_table_matches_the_tests() {
    let tests = tests();
    let mut wrong = String::new();
    for row in rows() {
        let Some(columns) = tests.get(&row.test) else {
            wrong += &format!("\n{}: there is no such test", row.test);
            continue;
        };
        for (column, cell) in COLUMNS.iter().zip(&row.cells) {
            let runs = columns.contains(column);
            let stated = cell == "yes";
            // Whatever does not run says why, in a word or a note.
            if runs != stated || cell.is_empty() {
                wrong += &format!("\n{}: {column}: stated {cell:?}, runs: {runs}", row.test);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}\n");
}

#[test]
fn every_test_of_this_folder_is_in_the_table_and_every_promise_has_tests() {
    let stated: BTreeSet<String> = rows().into_iter().map(|row| row.test).collect();
    let missing: Vec<String> = tests()
        .into_keys()
        .filter(|name| name.starts_with("promises::") && !name.starts_with("promises::table::"))
        .filter(|name| !stated.contains(name))
        .collect();
    assert!(missing.is_empty(), "not in the table: {missing:#?}");
    // In each column each promise is shown by some test, or all its cells give the same reason why it has no meaning there.
    for promise in (1..=7).chain([9]) {
        for (index, column) in COLUMNS.iter().enumerate() {
            let rows = rows().into_iter().filter(|row| row.promise == promise);
            let cells: BTreeSet<String> = rows.map(|row| row.cells[index].clone()).collect();
            assert!(
                cells.contains("yes") || cells.len() == 1,
                "promise {promise}, {column}: {cells:?}"
            );
        }
    }
}
