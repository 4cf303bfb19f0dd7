//! What the documentation of every public function has to tell: its errors, and what dropping its future does.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Expr, ExprLit, ImplItemFn, ItemFn, ItemImpl, ItemTrait, Lit, Meta, Signature,
};

/// What is not told in a file, one a line.
pub(crate) fn gaps(file: &syn::File, name: &str) -> Vec<String> {
    let mut gaps = Gaps {
        file: name,
        found: Vec::new(),
    };
    gaps.visit_file(file);
    gaps.found
}

struct Gaps<'a> {
    file: &'a str,
    found: Vec<String>,
}

impl Gaps<'_> {
    fn look(&mut self, attributes: &[Attribute], signature: &Signature) {
        let told = words(attributes);
        let returns = signature.output.span().source_text().unwrap_or_default();
        let mut miss = |what: &str| {
            let line = signature.ident.span().start().line;
            self.found.push(format!(
                "{}:{line}: `{}` does not tell {what}",
                self.file, signature.ident
            ));
        };
        if returns.contains("Result<") && !told.contains("# Errors") {
            miss("its errors, under `# Errors`");
        }
        let cancelled = ["Cancellation: ", "ropping the future"];
        // Whoever passes a call on refers to whom it calls.
        let refers = told
            .lines()
            .next()
            .is_some_and(|line| line.contains(": see [`"));
        if (signature.asyncness.is_some() || returns.contains("Future<"))
            && !refers
            && !cancelled.iter().any(|words| told.contains(words))
        {
            miss("what cancelling it does");
        }
    }
}

impl<'ast> Visit<'ast> for Gaps<'_> {
    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        if super::listing::public(&item.vis) {
            self.look(&item.attrs, &item.sig);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        // The functions of a trait are told where it is.
        if item.trait_.is_none() {
            visit::visit_item_impl(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        if super::listing::public(&item.vis) {
            self.look(&item.attrs, &item.sig);
        }
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        for member in &item.items {
            if let (true, syn::TraitItem::Fn(member)) = (super::listing::public(&item.vis), member)
            {
                self.look(&member.attrs, &member.sig);
            }
        }
    }
}

/// The lines of a documentation comment.
fn words(attributes: &[Attribute]) -> String {
    let mut words = String::new();
    for attribute in attributes {
        if let Meta::NameValue(pair) = &attribute.meta
            && pair.path.is_ident("doc")
            && let Expr::Lit(ExprLit {
                lit: Lit::Str(line),
                ..
            }) = &pair.value
        {
            words.extend([&line.value(), "\n"]);
        }
    }
    words
}
