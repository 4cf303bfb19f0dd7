//! Every `pub` item of the sources, one a line. The lint `unreachable_pub` sees to it that each can be reached.

use std::path::Path;
use syn::spanned::Spanned;
use syn::{Attribute, Fields, ImplItem, Item, TraitItem, Visibility};

/// The lines of a folder of sources, in no order.
pub(crate) fn lines(src: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    files(src, &mut |path, file| {
        let module = path.strip_prefix(src).unwrap().with_extension("");
        let mut module: Vec<_> = module.iter().map(|name| name.to_str().unwrap()).collect();
        module.pop_if(|name| ["mod", "lib"].contains(name));
        for item in &file.items {
            list(item, &module.join("::"), &mut lines);
        }
    });
    lines
}

/// Every source of a folder, parsed.
pub(crate) fn files(folder: &Path, take: &mut dyn FnMut(&Path, &syn::File)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            // JavaScript's classes are the npm package's; its types are their listing.
            if path.file_name().is_some_and(|name| name != "js") {
                files(&path, take);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let parsed = syn::parse_file(&text)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            take(&path, &parsed);
        }
    }
}

fn list(item: &Item, module: &str, lines: &mut Vec<String>) {
    let mut add = |attributes: &[Attribute], what: String| {
        let conditions = conditions(attributes);
        lines.push(format!("{module}: {conditions}{what}"));
    };
    match item {
        Item::Fn(item) if public(&item.vis) => add(&item.attrs, format!("pub {}", text(&item.sig))),
        Item::Struct(item) if public(&item.vis) => {
            let name = format!(
                "pub struct {}{}{}",
                item.ident,
                text(&item.generics),
                marks(&item.attrs)
            );
            add(&item.attrs, name.clone());
            for line in fields(&item.fields, true) {
                add(&item.attrs, format!("{name}: {line}"));
            }
        }
        Item::Enum(item) if public(&item.vis) => {
            let name = format!(
                "pub enum {}{}{}",
                item.ident,
                text(&item.generics),
                marks(&item.attrs)
            );
            add(&item.attrs, name.clone());
            for variant in &item.variants {
                let fields = fields(&variant.fields, false).join(", ");
                let line = format!("{name}: {} {fields}", variant.ident);
                add(&item.attrs, line.trim_end().to_owned());
            }
        }
        Item::Trait(item) if public(&item.vis) => {
            let above = item
                .supertraits
                .iter()
                .map(text)
                .collect::<Vec<_>>()
                .join(" + ");
            let name = format!("pub trait {}{}: {above}", item.ident, text(&item.generics));
            add(&item.attrs, name.clone());
            for member in &item.items {
                match member {
                    TraitItem::Fn(member) => {
                        let body = if member.default.is_some() {
                            " { … }"
                        } else {
                            ""
                        };
                        add(&item.attrs, format!("{name}: {}{body}", text(&member.sig)));
                    }
                    other => add(&item.attrs, format!("{name}: {}", text(other))),
                }
            }
        }
        Item::Type(item) if public(&item.vis) => {
            add(
                &item.attrs,
                format!("pub type {} = {}", item.ident, text(&item.ty)),
            );
        }
        Item::Const(item) if public(&item.vis) => {
            add(
                &item.attrs,
                format!("pub const {}: {}", item.ident, text(&item.ty)),
            );
        }
        Item::Use(item) if public(&item.vis) => {
            add(&item.attrs, format!("pub use {}", text(&item.tree)))
        }
        Item::Mod(item) if public(&item.vis) => add(&item.attrs, format!("pub mod {}", item.ident)),
        Item::Impl(item) => {
            let of = text(&*item.self_ty);
            match &item.trait_ {
                Some((_, path, _)) => add(
                    &item.attrs,
                    format!("impl{} {} for {of}", text(&item.generics), text(path)),
                ),
                None => {
                    for member in &item.items {
                        match member {
                            ImplItem::Fn(member) if public(&member.vis) => {
                                let conditions = conditions(&member.attrs);
                                let line =
                                    format!("impl {of}: {conditions}pub {}", text(&member.sig));
                                add(&item.attrs, line);
                            }
                            ImplItem::Const(member) if public(&member.vis) => {
                                let ty = text(&member.ty);
                                add(
                                    &item.attrs,
                                    format!("impl {of}: pub const {}: {ty}", member.ident),
                                );
                            }
                            _ => {}
                        }
                    }
                }
            }
        }
        _ => {}
    }
}

pub(crate) fn public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// The fields that can be seen: of an enum's variant all of them.
fn fields(fields: &Fields, only_public: bool) -> Vec<String> {
    fields
        .iter()
        .filter(|field| !only_public || public(&field.vis))
        .map(|field| match &field.ident {
            Some(name) => format!("{}{name}: {}", conditions(&field.attrs), text(&field.ty)),
            None => text(&field.ty),
        })
        .collect()
}

/// What has to hold for the item to be there.
fn conditions(attributes: &[Attribute]) -> String {
    let conditions = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"));
    conditions.map(|attribute| text(attribute) + " ").collect()
}

/// What callers have to mind.
fn marks(attributes: &[Attribute]) -> String {
    let marks = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("non_exhaustive"));
    marks
        .map(|attribute| format!(" {}", text(attribute)))
        .collect()
}

/// The source, in one line.
pub(crate) fn text(node: &impl Spanned) -> String {
    let source = node.span().source_text().unwrap_or_default();
    let line = source.split_whitespace().collect::<Vec<_>>().join(" ");
    line.replace("( ", "(")
        .replace(", )", ")")
        .replace(" )", ")")
}
