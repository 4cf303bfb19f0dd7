//! The codes of errors, from the sources of both languages: one table, `codes.md`, in which every difference is stated.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use syn::{Expr, ImplItem, Item, Lit, Pat};

/// Codes and who has them: Rust's `Type::Variant`, JavaScript's class.
pub(crate) type Codes = BTreeMap<String, BTreeSet<String>>;

/// The codes of every `fn code(&self) -> &'static str` of a file, by variant.
pub(crate) fn of_rust(file: &syn::File) -> Codes {
    let mut codes = Codes::new();
    for item in &file.items {
        let Item::Impl(item) = item else { continue };
        for member in &item.items {
            let ImplItem::Fn(member) = member else {
                continue;
            };
            if member.sig.ident != "code" {
                continue;
            }
            let of = super::listing::text(&*item.self_ty);
            let of = of.split('<').next().unwrap();
            match member.block.stmts.last() {
                Some(syn::Stmt::Expr(Expr::Match(found), None)) => {
                    for arm in &found.arms {
                        // It passes on what the error inside says.
                        if matches!(*arm.body, Expr::MethodCall(_)) {
                            continue;
                        }
                        let name = variant(&arm.pat);
                        codes.entry(literal(&arm.body)).or_default().insert(name);
                    }
                }
                Some(syn::Stmt::Expr(body @ Expr::Lit(_), None)) => {
                    codes
                        .entry(literal(body))
                        .or_default()
                        .insert(of.to_owned());
                }
                // It passes on what its kind says.
                _ => {}
            }
        }
    }
    codes
}

fn literal(body: &Expr) -> String {
    match body {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(code) => code.value(),
            _ => panic!("a code is a string"),
        },
        _ => panic!("a code is written where its variant is"),
    }
}

/// `Type::Variant`, whatever its fields.
fn variant(pattern: &Pat) -> String {
    let path = match pattern {
        Pat::Path(pattern) => &pattern.path,
        Pat::Struct(pattern) => &pattern.path,
        Pat::TupleStruct(pattern) => &pattern.path,
        _ => panic!("a variant"),
    };
    super::listing::text(path)
}

/// The codes of each error class of the types.
pub(crate) fn of_types(types: &str) -> Codes {
    let mut codes = Codes::new();
    for class in types.split("export class ").skip(1) {
        let name = class
            .split(|c: char| !c.is_alphanumeric())
            .next()
            .unwrap()
            .to_owned();
        let union = class.split("readonly code:").nth(1).unwrap_or_default();
        for code in quoted(union.split(';').next().unwrap()) {
            codes.entry(code).or_default().insert(name.clone());
        }
    }
    codes
}

/// What stands in single quotes and is in capitals.
pub(crate) fn quoted(text: &str) -> Vec<String> {
    text.split('\'')
        .skip(1)
        .step_by(2)
        .filter(|word| is_code(word))
        .map(str::to_owned)
        .collect()
}

fn is_code(word: &str) -> bool {
    word.len() > 3
        && word
            .chars()
            .all(|letter| letter.is_ascii_uppercase() || letter == '_')
}

/// `ConnectErrorKind::TimedOut` as a code.
pub(crate) fn in_capitals(variant: &str) -> String {
    let mut code = String::new();
    for letter in variant.rsplit("::").next().unwrap().chars() {
        if letter.is_uppercase() && !code.is_empty() {
            code.push('_');
        }
        code.push(letter.to_ascii_uppercase());
    }
    code
}

/// The table as it is committed.
pub(crate) fn table(rust: &Codes, types: &Codes) -> String {
    let all: BTreeSet<_> = rust.keys().chain(types.keys()).collect();
    let mut table = String::from(
        "# The codes of errors\n\nMade by `tests/api/codes.rs` from the sources of both languages: a code is the same string in both.\n\n| code | Rust | JavaScript |\n| --- | --- | --- |\n",
    );
    let cell = |codes: &Codes, code: &str| {
        let names: Vec<_> = codes
            .get(code)
            .into_iter()
            .flatten()
            .map(|name| format!("`{name}`"))
            .collect();
        names.join(", ")
    };
    for code in all {
        table += &format!(
            "| `{code}` | {} | {} |\n",
            cell(rust, code),
            cell(types, code)
        );
    }
    table
}

/// The codes that a folder of JavaScript names in quotes, and in which file.
pub(crate) fn of_scripts(folder: &Path) -> Codes {
    let mut codes = Codes::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "js") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            for code in quoted(line) {
                codes.entry(code).or_default().insert(name.clone());
            }
        }
    }
    codes
}
