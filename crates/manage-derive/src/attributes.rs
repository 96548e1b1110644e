//! `#[model(...)]` and `#[field(...)]` as lists of settings.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Lit, LitBool, LitStr, Result, Token, bracketed, parenthesized};

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
    /// Values in brackets.
    Items(Vec<Self>),
    /// Settings in parentheses.
    List(Vec<Setting>),
}

impl Parse for Value {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if !input.peek(syn::token::Bracket) {
            return input.parse().map(Self::Literal);
        }
        let inner;
        bracketed!(inner in input);
        let items = Punctuated::<Self, Token![,]>::parse_terminated(&inner)?;
        Ok(Self::Items(items.into_iter().collect()))
    }
}

impl Parse for Setting {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name = <syn::Ident as syn::ext::IdentExt>::parse_any(input)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            input.parse()?
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
    pub(crate) fn literal(&self) -> Result<TokenStream> {
        match &self.value {
            Value::Literal(literal) => toml(literal),
            _ => None,
        }
        .ok_or_else(|| self.error("expects a string, a number or a truth value"))
    }

    /// A default: a literal, or `(sql = "...")`.
    pub(crate) fn default(&self) -> Result<TokenStream> {
        let Value::List(settings) = &self.value else {
            let literal = self.literal()?;
            return Ok(quote!(::manage::db::models::DefaultValue::Literal(#literal)));
        };
        match settings.as_slice() {
            [sql] if sql.name == "sql" => {
                let sql = sql.sql()?;
                Ok(quote!(::manage::db::models::DefaultValue::Sql { sql: #sql }))
            }
            _ => Err(self.error("expects a literal or (sql = \"...\")")),
        }
    }

    /// SQL: one text, or one for each dialect in parentheses.
    pub(crate) fn sql(&self) -> Result<TokenStream> {
        let Value::List(settings) = &self.value else {
            let text = self.text()?;
            return Ok(quote!(::manage::db::SqlText::from(#text)));
        };
        let texts = settings.iter().map(|setting| {
            let (dialect, text) = (setting.name.to_string(), setting.text()?);
            Ok(quote!((#dialect.to_owned(), #text.to_owned())))
        });
        let texts: Vec<TokenStream> = texts.collect::<Result<_>>()?;
        Ok(quote!(::manage::db::SqlText::PerDialect([#(#texts),*].into())))
    }

    /// Names: in one text, divided by commas, or in brackets.
    pub(crate) fn names(&self) -> Result<Vec<LitStr>> {
        match &self.value {
            Value::Items(items) => items.iter().map(|item| self.string(item)).collect(),
            _ => Ok(names(&self.text()?)),
        }
    }

    /// Texts in brackets, or one.
    pub(crate) fn texts(&self) -> Result<Vec<LitStr>> {
        match &self.value {
            Value::Items(items) => items.iter().map(|item| self.string(item)).collect(),
            other => Ok(vec![self.string(other)?]),
        }
    }

    /// Pairs in brackets: a value as TOML has it, and what people read.
    pub(crate) fn pairs(&self) -> Result<Vec<(TokenStream, LitStr)>> {
        let wrong = || self.error("expects pairs: [[\"d\", \"Draft\"], [\"p\", \"Published\"]]");
        let Value::Items(items) = &self.value else { return Err(wrong()) };
        let pair = |item: &Value| match item {
            Value::Items(pair) => match pair.as_slice() {
                [Value::Literal(value), words] => Some((toml(value)?, self.string(words).ok()?)),
                _ => None,
            },
            _ => None,
        };
        items.iter().map(|item| pair(item).ok_or_else(wrong)).collect()
    }

    fn string(&self, value: &Value) -> Result<LitStr> {
        match value {
            Value::Literal(Lit::Str(text)) => Ok(text.clone()),
            _ => Err(self.error("expects strings")),
        }
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

/// A literal as TOML has it.
fn toml(literal: &Lit) -> Option<TokenStream> {
    Some(match literal {
        Lit::Str(text) => quote!(::manage::db::models::toml_string(#text)),
        Lit::Int(number) => quote!(::manage::db::models::toml_integer(#number)),
        Lit::Float(number) => quote!(::manage::db::models::toml_float(#number)),
        Lit::Bool(truth) => quote!(::manage::db::models::toml_boolean(#truth)),
        _ => return None,
    })
}

/// Names divided by commas.
fn names(text: &str) -> Vec<LitStr> {
    let span = proc_macro2::Span::call_site();
    text.split(',')
        .map(|name| LitStr::new(name.trim(), span))
        .filter(|name| !name.value().is_empty())
        .collect()
}
