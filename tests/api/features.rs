//! The features as Cargo has them, and as the tables of the documentation do.

use std::collections::BTreeMap;

/// Each feature, and whether it is on by default.
pub(crate) type Features = BTreeMap<String, bool>;

/// Those of the section `[features]`.
pub(crate) fn of_manifest(manifest: &str) -> Features {
    let section = manifest.split("\n[features]\n").nth(1).unwrap();
    let lines = section
        .lines()
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.starts_with('#'));
    let pairs: BTreeMap<_, _> = lines.filter_map(|line| line.split_once(" = ")).collect();
    let default = pairs["default"];
    pairs
        .keys()
        // Those with two underscores are nobody's but ours: they work in the repository only.
        .filter(|name| **name != "default" && !name.starts_with("__"))
        .map(|name| ((*name).to_owned(), default.contains(&format!("\"{name}\""))))
        .collect()
}

/// Those of a table whose first columns are `feature` and `default`, in Markdown or in a comment that is.
pub(crate) fn of_table(text: &str) -> Features {
    let rows = text
        .lines()
        .map(|line| line.trim_start_matches("//!").trim())
        .skip_while(|line| !line.starts_with("| feature | default |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let mut columns = row.split('|').skip(1).map(str::trim);
        let name = columns.next().unwrap().trim_matches('`').to_owned();
        (name, columns.next().unwrap() == "yes")
    })
    .collect()
}
