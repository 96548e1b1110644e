//! `#[derive(Documented)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Data, DeriveInput, Expr, ExprLit, Lit, Meta};

/// The constant `DOCS` of a struct.
pub(crate) fn expand(input: &DeriveInput) -> TokenStream {
    let mut docs = vec![(String::new(), doc(&input.attrs))];
    if let Data::Struct(data) = &input.data {
        let named = |field: &syn::Field| Some((field.ident.as_ref()?.to_string(), doc(&field.attrs)));
        docs.extend(data.fields.iter().filter_map(named));
    }
    let pairs = docs.iter().filter(|(_, doc)| !doc.is_empty()).map(|(name, doc)| quote!((#name, #doc)));
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    quote! {
        impl #generics #name #arguments #bounds {
            /// What the fields are for, by name.
            pub const DOCS: &'static [(&'static str, &'static str)] = &[#(#pairs),*];
        }
    }
}

/// The lines of a doc comment in one.
fn doc(attributes: &[Attribute]) -> String {
    let line = |attribute: &Attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    };
    attributes.iter().filter_map(line).collect::<Vec<_>>().join(" ").trim().to_owned()
}
