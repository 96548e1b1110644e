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
/// It says whatever a file of models says, in the same words. On the struct: `app`, `name`, `table`, `ordering`,
/// `verbose_name`, `verbose_name_plural`, `managed`, `db_comment`, `natural_key`, `fixture_label`,
/// `permissions = [["code", "words"]]`;
/// `index(name, fields, expressions, condition, include, opclasses, method)`,
/// `unique(name, fields, condition, deferrable, nulls_distinct)`, `check(name, sql)`, `exclude(name, sql)`;
/// `many_to_many(name, to, through, db_table, ...)`.
///
/// On a field: `type` (Django's word without `Field`, where the Rust type alone does not say it), `primary_key`,
/// `references` (the file's `to`), `one_to_one`, and the facts of files: `max_length`, `max_digits`,
/// `decimal_places`, `unique`, `db_index`, `to_field`, `on_delete`, `on_update`, `deferrable`, `db_constraint`,
/// `db_column`, `db_comment`, `db_collation`, `db_type`, `default`, `db_default`, `choices = [["d", "Draft"]]`, `expression`, `output`, `stored`,
/// `verbose_name`, `help_text`. Whether NULL is allowed the Rust type says. SQL is one text, or one for each dialect
/// in parentheses.
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
