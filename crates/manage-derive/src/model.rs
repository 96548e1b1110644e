//! The whole struct: its attributes, its fields, and the code that follows from them.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, Result};

use crate::attributes::{Setting, settings};
use crate::field::{ModelField, fact};

/// What the attributes of the struct say.
struct Header {
    app: String,
    name: String,
    table: String,
    options: Vec<TokenStream>,
}

/// The code for one struct.
pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let fields = fields(input)?;
    let header = header(input)?;
    let key = fields.iter().find(|field| field.is_key);
    let key = key.ok_or_else(|| {
        syn::Error::new_spanned(&input.ident, "a model needs a key: `id`, or #[field(primary_key)]")
    })?;
    let (model, column_functions) = (&input.ident, column_functions(input, &fields, &header.table));
    let Header { app, name, table, options } = &header;
    let (columns, idents): (Vec<_>, Vec<_>) =
        fields.iter().map(|field| (&field.column, &field.ident)).unzip();
    let generated = fields.iter().filter(|field| field.is_generated).map(|field| &field.column);
    let states = fields.iter().map(|field| &field.state);
    let (key_column, key_is_auto) = (&key.column, key.is_auto);
    let set_key = if key.is_auto {
        let (ident, ty) = (&key.ident, &key.ty);
        quote!(self.#ident = <#ty>::try_from(key).unwrap_or_default();)
    } else {
        quote!(let _ = key;)
    };
    let indexes = 0..fields.len();
    Ok(quote! {
        #column_functions

        impl ::manage::db::models::Model for #model {
            const APP: &'static str = #app;
            const NAME: &'static str = #name;
            const TABLE: &'static str = #table;
            const COLUMNS: &'static [&'static str] = &[#(#columns),*];
            const GENERATED: &'static [&'static str] = &[#(#generated),*];
            const KEY: &'static str = #key_column;
            const KEY_IS_AUTO: bool = #key_is_auto;

            fn state() -> ::manage::db::models::ModelState {
                let mut options = ::manage::db::models::Options::default();
                #[allow(unused_mut, clippy::allow_attributes, reason = "most models have none")]
                let mut relations: Vec<::manage::db::models::Field> = Vec::new();
                #(#options)*
                let mut fields = vec![#(#states),*];
                fields.append(&mut relations);
                let mut model = ::manage::db::models::ModelState {
                    app: #app.to_owned(),
                    name: #name.to_owned(),
                    fields,
                    options,
                };
                model.complete();
                model
            }

            fn values(&self) -> Vec<::manage::db::Value> {
                vec![#(::manage::db::ToValue::to_value(&self.#idents)),*]
            }

            fn set_key(&mut self, key: i64) {
                #set_key
            }
        }

        impl ::manage::db::FromRow for #model {
            fn from_row(mut row: ::manage::db::Row) -> ::manage::db::Result<Self> {
                Ok(Self { #(#idents: row.take(#indexes)?),* })
            }
        }
    })
}

fn fields(input: &DeriveInput) -> Result<Vec<ModelField>> {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => fields.named.iter().map(ModelField::new).collect(),
            _ => Err(syn::Error::new_spanned(&input.ident, "a model has named fields")),
        },
        _ => Err(syn::Error::new_spanned(&input.ident, "a model is a struct")),
    }
}

/// `Article::title()` and so on: the columns for queries.
fn column_functions(input: &DeriveInput, fields: &[ModelField], table: &str) -> TokenStream {
    let (model, visibility) = (&input.ident, &input.vis);
    let functions = fields.iter().map(|field| {
        let ModelField { ident, ty, column, .. } = field;
        let text = format!("The column `{column}`, for queries.");
        quote! {
            #[doc = #text]
            #visibility const fn #ident() -> ::manage::db::models::Column<Self, #ty> {
                ::manage::db::models::Column::new(#table, #column)
            }
        }
    });
    quote!(#[allow(dead_code, clippy::allow_attributes, reason = "not every column is asked for")]
    impl #model {
        /// All rows, to be narrowed.
        #visibility fn objects<E: ::manage::db::Executor>(executor: E) -> ::manage::db::models::QuerySet<Self, E> {
            ::manage::db::models::QuerySet::new(executor)
        }

        #(#functions)*
    })
}

fn header(input: &DeriveInput) -> Result<Header> {
    let settings = settings(&input.attrs, "model")?;
    let text =
        |name: &str| settings.iter().find(|setting| setting.name == name).map(Setting::text).transpose();
    let app = text("app")?
        .ok_or_else(|| syn::Error::new_spanned(&input.ident, "say the app: #[model(app = \"...\")]"))?;
    let name = text("name")?.unwrap_or_else(|| input.ident.to_string());
    let given = text("table")?;
    let mut options = Vec::new();
    if let Some(table) = &given {
        options.push(quote!(options.table = Some(#table.to_owned());));
    }
    for setting in &settings {
        if !matches!(setting.name.to_string().as_str(), "app" | "name" | "table") {
            options.push(option(setting)?);
        }
    }
    let table = given.unwrap_or_else(|| format!("{app}_{}", name.to_lowercase()));
    Ok(Header { app, name, table, options })
}

/// Code that says one option of the model, in the words of files.
fn option(setting: &Setting) -> Result<TokenStream> {
    let key = &setting.name;
    Ok(match key.to_string().as_str() {
        "ordering" | "natural_key" => {
            let names = setting.names()?;
            quote!(options.#key = vec![#(#names.to_owned()),*];)
        }
        "verbose_name" | "verbose_name_plural" | "db_comment" | "fixture_label" => {
            let text = setting.text()?;
            quote!(options.#key = Some(#text.to_owned());)
        }
        "managed" => {
            let truth = setting.flag()?;
            quote!(options.managed = Some(#truth);)
        }
        "permissions" => {
            let pairs = setting.pairs()?;
            let pairs = pairs.iter().map(|(code, words)| quote!((#code, #words.to_owned())));
            quote!(for (code, words) in [#(#pairs),*] {
                options.permissions.push((code.as_str().unwrap_or_default().to_owned(), words));
            })
        }
        "index" => part(setting, &quote!(Index), &quote!(indexes))?,
        "unique" | "check" | "exclude" => part(setting, &quote!(Constraint), &quote!(constraints))?,
        "many_to_many" => many_to_many(setting)?,
        _ => return Err(setting.error("is not a setting of a model")),
    })
}

/// An index or a constraint.
fn part(setting: &Setting, kind: &TokenStream, list: &TokenStream) -> Result<TokenStream> {
    let facts = setting.list()?.iter().map(|inner| part_fact(setting, inner));
    let facts = facts.collect::<Result<Vec<_>>>()?;
    Ok(quote!(options.#list.push({
        let mut part = ::manage::db::models::#kind::default();
        #(#facts)*
        part
    });))
}

fn part_fact(setting: &Setting, inner: &Setting) -> Result<TokenStream> {
    let (outer, key) = (setting.name.to_string(), &inner.name);
    Ok(match (outer.as_str(), key.to_string().as_str()) {
        (_, "name") => {
            let text = inner.text()?;
            quote!(part.name = #text.to_owned();)
        }
        ("index", "opclasses") => {
            let names = inner.texts()?;
            quote!(part.opclasses = vec![#(#names.to_owned()),*];)
        }
        ("index", "fields" | "include") => {
            let names = inner.names()?;
            quote!(part.#key = vec![#(#names.to_owned()),*];)
        }
        ("index", "expressions") => {
            let texts = inner.texts()?;
            quote!(part.expressions = vec![#(::manage::db::SqlText::from(#texts)),*];)
        }
        ("index", "method") => {
            let text = inner.text()?;
            quote!(part.method = Some(#text.to_owned());)
        }
        ("index" | "unique", "condition") => {
            let sql = inner.sql()?;
            quote!(part.condition = Some(#sql);)
        }
        ("unique", "fields") => {
            let names = inner.names()?;
            quote!(part.unique = vec![#(#names.to_owned()),*];)
        }
        ("unique", "deferrable" | "nulls_distinct") => {
            let truth = inner.flag()?;
            quote!(part.#key = Some(#truth);)
        }
        ("check" | "exclude", "sql") => {
            let (field, sql) = (&setting.name, inner.sql()?);
            quote!(part.#field = Some(#sql);)
        }
        _ => return Err(inner.error(&format!("is not a setting of `{outer}`"))),
    })
}

fn many_to_many(setting: &Setting) -> Result<TokenStream> {
    let (name, to) = (inner(setting, "name")?, inner(setting, "to")?);
    let facts = setting.list()?.iter().filter(|inner| inner.name != "name" && inner.name != "to").map(fact);
    let facts = facts.collect::<Result<Vec<_>>>()?;
    Ok(quote!(relations.push({
        let mut field = ::manage::db::models::Field::new(#name, ::manage::db::models::FieldType::ManyToMany);
        field.to = Some(#to.to_owned());
        #(#facts)*
        field
    });))
}

fn inner(setting: &Setting, name: &str) -> Result<String> {
    let found = setting.list()?.iter().find(|inner| inner.name == name);
    found.ok_or_else(|| setting.error(&format!("needs `{name}`")))?.text()
}
