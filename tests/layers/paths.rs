//! Finds every path in a file and resolves those of this crate.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, ItemMod, ItemUse, Macro, UseTree};

/// A path that was found.
pub(crate) enum Found {
    /// Into this crate, resolved from its root.
    Ours { path: Vec<String>, at: String },
    /// Into another crate.
    Theirs { path: Vec<String>, at: String },
    /// A `cfg` that asks for the target.
    Platform { at: String },
}

/// All paths of a file that stands for `module`; unit tests are left out, for they may step outside.
pub(crate) fn paths(source: &str, module: &[String], file: &str) -> Vec<Found> {
    let parsed = syn::parse_file(source).unwrap_or_else(|error| panic!("{file}: {error}"));
    let modules = parsed.items.iter().filter_map(|item| match item {
        syn::Item::Mod(item) => Some(item.ident.to_string()),
        _ => None,
    });
    let mut finder = Finder {
        module: module.to_vec(),
        file,
        modules: modules.collect(),
        found: Vec::new(),
    };
    finder.visit_file(&parsed);
    finder.found
}

struct Finder<'a> {
    module: Vec<String>,
    file: &'a str,
    /// The file's own modules: a path may begin with one of them, which is no crate then.
    modules: Vec<String>,
    found: Vec<Found>,
}

impl Finder<'_> {
    fn add(&mut self, path: &[String], span: Span) {
        let at = format!("{}:{}", self.file, span.start().line);
        match path[0].as_str() {
            "crate" => self.found.push(Found::Ours {
                path: path[1..].to_vec(),
                at,
            }),
            "self" if path.len() > 1 => self.found.push(Found::Ours {
                path: [&self.module[..], &path[1..]].concat(),
                at,
            }),
            "super" => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                let base = self
                    .module
                    .len()
                    .checked_sub(ups)
                    .unwrap_or_else(|| panic!("{at}: too many `super`"));
                self.found.push(Found::Ours {
                    path: [&self.module[..base], &path[ups..]].concat(),
                    at,
                });
            }
            // Lower case and more than one part: a crate, or a module that a checked `use` or `mod` brought into scope.
            first
                if path.len() > 1
                    && first.starts_with(|c: char| c.is_ascii_lowercase())
                    && CRATES.contains(&first)
                    && !self.modules.iter().any(|module| module == first) =>
            {
                self.found.push(Found::Theirs {
                    path: path.to_vec(),
                    at,
                });
            }
            _ => {}
        }
    }

    fn use_tree(&mut self, tree: &UseTree, prefix: &mut Vec<String>) {
        match tree {
            UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.use_tree(&path.tree, prefix);
                prefix.pop();
            }
            UseTree::Name(name) => self.use_end(prefix, &name.ident),
            UseTree::Rename(rename) => self.use_end(prefix, &rename.ident),
            UseTree::Glob(glob) => self.add(prefix, glob.star_token.spans[0]),
            UseTree::Group(group) => group
                .items
                .iter()
                .for_each(|item| self.use_tree(item, prefix)),
        }
    }

    fn use_end(&mut self, prefix: &[String], ident: &syn::Ident) {
        let mut path = prefix.to_vec();
        if ident != "self" {
            path.push(ident.to_string());
        }
        self.add(&path, ident.span());
    }

    /// Macros are tokens to the parser: every run of `ident :: ident` in them counts as a path.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut run: Vec<String> = Vec::new();
        let mut span = Span::call_site();
        let mut colons = 0;
        for tree in tokens {
            match tree {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.flush(&mut run, span);
                    }
                    if run.is_empty() {
                        span = ident.span();
                    }
                    run.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.flush(&mut run, span);
                    self.tokens(group.stream());
                    colons = 0;
                }
                _ => {
                    self.flush(&mut run, span);
                    colons = 0;
                }
            }
        }
        self.flush(&mut run, span);
    }

    fn flush(&mut self, run: &mut Vec<String>, span: Span) {
        if run.len() > 1 {
            self.add(run, span);
        }
        run.clear();
    }
}

/// What a first part must be to count as another crate; anything else is a name in scope.
const CRATES: &[&str] = &[
    "alloc",
    "base64",
    "bytes",
    "core",
    "flate2",
    "futures",
    "futures_core",
    "futures_sink",
    "getrandom",
    "gloo_timers",
    "js_sys",
    "md5",
    "rand",
    "rmp_serde",
    "rustls",
    "serde",
    "serde_json",
    "sha1",
    "socket2",
    "std",
    "tokio",
    "tokio_rustls",
    "url",
    "wasm_bindgen",
    "wasm_bindgen_futures",
    "web_sys",
    "web_time",
];

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Ident>()
                .is_ok_and(|argument| argument == "test")
    })
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if is_test(&item.attrs) {
            return;
        }
        item.attrs
            .iter()
            .for_each(|attribute| self.visit_attribute(attribute));
        if let Some((_, items)) = &item.content {
            self.module.push(item.ident.to_string());
            items.iter().for_each(|item| self.visit_item(item));
            self.module.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        item.attrs
            .iter()
            .for_each(|attribute| self.visit_attribute(attribute));
        self.use_tree(&item.tree, &mut Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<String> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        self.add(&parts, path.segments[0].ident.span());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        self.visit_path(&item.path);
        self.tokens(item.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr") {
            let tokens = attribute
                .meta
                .require_list()
                .map(|list| list.tokens.to_string())
                .unwrap_or_default();
            if tokens.contains("target") {
                let at = format!("{}:{}", self.file, attribute.pound_token.span.start().line);
                self.found.push(Found::Platform { at });
            }
        } else {
            visit::visit_attribute(self, attribute);
        }
    }
}
