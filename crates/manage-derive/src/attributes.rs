//! `#[model(...)]` and `#[field(...)]` as lists of settings.

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Lit, LitBool, LitInt, LitStr, Result, Token, parenthesized};

/// One setting: `unique`, `max_length = 120` or `index(...)`.
pub(crate) struct Setting {
    /// Its name.
    pub name: syn::Ident,
    /// What was given with it.
    pub value: Value,
}

/// What can be given with a setting.
pub(crate) enum Value {
    /// Nothing: the name alone.
    Flag,
    /// A literal.
    Literal(Lit),
    /// Settings in parentheses.
    List(Vec<Setting>),
}

impl Parse for Setting {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name = <syn::Ident as syn::ext::IdentExt>::parse_any(input)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Value::Literal(input.parse()?)
        } else if input.peek(syn::token::Paren) {
            let inner;
            parenthesized!(inner in input);
            Value::List(Punctuated::<Self, Token![,]>::parse_terminated(&inner)?.into_iter().collect())
        } else {
            Value::Flag
        };
        Ok(Self { name, value })
    }
}

/// The settings of all attributes called `path`.
pub(crate) fn settings(attributes: &[Attribute], path: &str) -> Result<Vec<Setting>> {
    let mut settings = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(path)) {
        settings.extend(attribute.parse_args_with(Punctuated::<Setting, Token![,]>::parse_terminated)?);
    }
    Ok(settings)
}

impl Setting {
    /// The text given with it.
    pub(crate) fn text(&self) -> Result<String> {
        match &self.value {
            Value::Literal(Lit::Str(text)) => Ok(text.value()),
            _ => Err(self.error("expects a string")),
        }
    }

    /// The number given with it.
    pub(crate) fn number(&self) -> Result<u32> {
        match &self.value {
            Value::Literal(Lit::Int(number)) => number.base10_parse(),
            _ => Err(self.error("expects a number")),
        }
    }

    /// Whether it is on: given alone or as `true`.
    pub(crate) fn flag(&self) -> Result<bool> {
        match &self.value {
            Value::Flag => Ok(true),
            Value::Literal(Lit::Bool(LitBool { value, .. })) => Ok(*value),
            _ => Err(self.error("expects true, false or nothing")),
        }
    }

    /// The literal given with it, as TOML has it.
    pub(crate) fn literal(&self) -> Result<proc_macro2::TokenStream> {
        use quote::quote;
        let value = match &self.value {
            Value::Literal(Lit::Str(text)) => quote!(::manage::db::models::toml_string(#text)),
            Value::Literal(Lit::Int(number)) => {
                let number: &LitInt = number;
                quote!(::manage::db::models::toml_integer(#number))
            }
            Value::Literal(Lit::Bool(truth)) => quote!(::manage::db::models::toml_boolean(#truth)),
            _ => return Err(self.error("expects a string, a number or a truth value")),
        };
        Ok(value)
    }

    /// The settings in its parentheses.
    pub(crate) fn list(&self) -> Result<&[Self]> {
        match &self.value {
            Value::List(settings) => Ok(settings),
            _ => Err(self.error("expects settings in parentheses")),
        }
    }

    /// An error at its place.
    pub(crate) fn error(&self, message: &str) -> syn::Error {
        syn::Error::new(self.name.span(), format!("`{}` {message}", self.name))
    }
}

/// Names divided by commas.
pub(crate) fn names(text: &str) -> Vec<LitStr> {
    let span = proc_macro2::Span::call_site();
    text.split(',')
        .map(|name| LitStr::new(name.trim(), span))
        .filter(|name| !name.value().is_empty())
        .collect()
}
