//! Reads `table.md`.

// Two suites share this file, and each uses a part of it.
#![allow(dead_code)]

const TABLE: &str = include_str!("table.md");

/// Its sections, each of which is a test.
pub(crate) const SECTIONS: [&str; 8] = [
    "Closes",
    "Frames",
    "Text",
    "Streams that break",
    "Extensions",
    "Subprotocols",
    "Answers",
    "Silence",
];

/// One fault, and what is stated of it.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// The name.
    pub(crate) fault: &'static str,
    /// Whether the fault comes behind a handshake that is in order, and waits until that was seen.
    pub(crate) waits: bool,
    cells: Vec<&'static str>,
}

/// Who meets the fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Native,
    Chromium,
    Firefox,
    Webkit,
}

/// The column of this build, or of this browser.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) fn column() -> Column {
    Column::Native
}

/// The column of this build, or of this browser.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) fn column() -> Column {
    use js_sys::Reflect;
    let get = |object: &_, name: &str| Reflect::get(object, &name.into()).unwrap();
    let navigator = get(&js_sys::global(), "navigator");
    let agent = get(&navigator, "userAgent").as_string().unwrap();
    // Chromium names WebKit's heritage, too.
    if agent.contains("Firefox/") {
        Column::Firefox
    } else if agent.contains("Chrome/") {
        Column::Chromium
    } else {
        Column::Webkit
    }
}

/// The rows under a heading.
pub(crate) fn section(title: &str) -> Vec<Row> {
    let section = TABLE
        .split("\n## ")
        .find(|section| section.lines().next() == Some(title))
        .unwrap_or_else(|| panic!("no section {title}"));
    let waits = ["Closes", "Frames", "Text", "Streams that break"].contains(&title);
    rows_of(section, waits).collect()
}

/// Every row.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) fn rows() -> impl Iterator<Item = Row> {
    rows_of(TABLE, false)
}

fn rows_of(text: &'static str, waits: bool) -> impl Iterator<Item = Row> {
    text.lines()
        .filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"))
        .map(move |line| {
            let (fault, rest) = line.split_once("` | ").unwrap();
            let cells = rest.split(" | ").collect();
            Row {
                fault,
                waits,
                cells,
            }
        })
}

impl Row {
    /// What is stated.
    pub(crate) fn expected(&self, column: Column) -> &'static str {
        let index = match column {
            Column::Native => 0,
            Column::Chromium => 1,
            Column::Firefox => 2,
            Column::Webkit => 3,
        };
        self.cells
            .get(index)
            .copied()
            .unwrap_or_else(|| panic!("{self:?}"))
    }

    /// The subprotocols to offer.
    pub(crate) fn offer(&self) -> &'static [&'static str] {
        match self.fault {
            "protocol-unrequested" => &[],
            name if name.starts_with("protocol-") => &["chat"],
            _ => &[],
        }
    }
}
