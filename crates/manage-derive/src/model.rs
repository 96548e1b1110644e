//! The whole struct: its attributes, its fields, and the code that follows from them.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, Result};

use crate::attributes::{Setting, names, settings};
use crate::field::ModelField;

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
        options.push(match setting.name.to_string().as_str() {
            "app" | "name" | "table" => continue,
            "ordering" => {
                let names = names(&setting.text()?);
                quote!(options.ordering = vec![#(#names.to_owned()),*];)
            }
            "index" => {
                let (name, fields) = named_fields(setting)?;
                quote!(options.indexes.push(::manage::db::models::Index {
                    name: #name.to_owned(), fields: vec![#(#fields.to_owned()),*], ..Default::default()
                });)
            }
            "unique" => {
                let (name, fields) = named_fields(setting)?;
                quote!(options.constraints.push(::manage::db::models::Constraint {
                    name: #name.to_owned(), unique: vec![#(#fields.to_owned()),*], ..Default::default()
                });)
            }
            "check" => {
                let name = inner(setting, "name")?;
                let sql = inner(setting, "sql")?;
                quote!(options.constraints.push(::manage::db::models::Constraint {
                    name: #name.to_owned(), check: Some(#sql.into()), ..Default::default()
                });)
            }
            "many_to_many" => {
                let name = inner(setting, "name")?;
                let to = inner(setting, "to")?;
                quote!(relations.push({
                    let mut field = ::manage::db::models::Field::new(#name, ::manage::db::models::FieldType::ManyToMany);
                    field.to = Some(#to.to_owned());
                    field
                });)
            }
            _ => return Err(setting.error("is not a setting of a model")),
        });
    }
    let table = given.unwrap_or_else(|| format!("{app}_{}", name.to_lowercase()));
    Ok(Header { app, name, table, options })
}

fn named_fields(setting: &Setting) -> Result<(String, Vec<syn::LitStr>)> {
    Ok((inner(setting, "name")?, names(&inner(setting, "fields")?)))
}

fn inner(setting: &Setting, name: &str) -> Result<String> {
    let found = setting.list()?.iter().find(|inner| inner.name == name);
    found.ok_or_else(|| setting.error(&format!("needs `{name}`")))?.text()
}
