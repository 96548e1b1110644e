//! Derive macros of `manage`. They know syntax only and emit `::manage::` paths.

mod attributes;
mod documented;

mod field;

mod model;

use proc_macro::TokenStream;

/// Makes a struct a row of a table.
///
/// ```text
/// #[derive(Model)]
/// #[model(app = "blog", ordering = "-created_at")]
/// #[model(index(name = "recent", fields = "-created_at, author"))]
/// #[model(unique(name = "once", fields = "author, title"), check(name = "positive", sql = "size > 0"))]
/// struct Article {
///     id: i64,                                        // the key, counted up by the database
///     #[field(max_length = 120)]
///     title: String,
///     #[field(references = "auth.User", on_delete = "CASCADE")]
///     author_id: i64,                                 // the field `author`
/// }
/// ```
///
/// On the struct: `app`, `name`, `table`, `ordering`, `index`, `unique`, `check`, `many_to_many`. On a field: `type` (Django's word
/// without `Field`, where the Rust type alone does not say it), `max_length`, `max_digits`, `decimal_places`,
/// `unique`, `db_index`, `primary_key`, `references`, `to_field`, `one_to_one`, `on_delete`, `db_constraint`,
/// `db_column`, `default`, `db_default`.
#[proc_macro_derive(Model, attributes(model, field))]
pub fn derive_model(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    model::expand(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// Keeps the doc comments of a struct and its fields, for editors: the constant `DOCS`, by name of the field. The
/// struct's own stands under the empty name.
///
/// ```text
/// #[derive(Documented)]
/// struct PollsSettings {
///     /// How many questions the first page shows.
///     latest: u64,
/// }
///
/// section.describe(PollsSettings::DOCS);
/// ```
#[proc_macro_derive(Documented)]
pub fn derive_documented(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    documented::expand(&input).into()
}
