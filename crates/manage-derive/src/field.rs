//! One field of the struct: its Rust type and its attributes make a column.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{GenericArgument, PathArguments, Result, Type};

use crate::attributes::{Setting, settings};

/// A field of a model.
pub(crate) struct ModelField {
    /// Its name in the struct.
    pub ident: syn::Ident,
    /// Its type in the struct.
    pub ty: Type,
    /// The name of its column.
    pub column: String,
    /// Whether it identifies the row.
    pub is_key: bool,
    /// Whether the database counts it up.
    pub is_auto: bool,
    /// Whether the database computes it.
    pub is_generated: bool,
    /// Code that makes the `Field`.
    pub state: TokenStream,
}

impl ModelField {
    /// Reads one field of the struct.
    pub(crate) fn new(field: &syn::Field) -> Result<Self> {
        let ident = field.ident.clone().ok_or_else(|| syn::Error::new_spanned(field, "fields need names"))?;
        let settings = settings(&field.attrs, "field")?;
        let find = |name: &str| settings.iter().find(|setting| setting.name == name);
        let references = find("references").or_else(|| find("to")).map(Setting::text).transpose()?;
        let is_key = match find("primary_key") {
            Some(setting) => setting.flag()?,
            None => ident == "id",
        };
        let (inner, is_null) = optional(&field.ty);
        let kind = match (find("type"), &references) {
            (Some(setting), _) => setting.text()?,
            (None, Some(_)) if find("one_to_one").is_some() => "OneToOne".to_owned(),
            (None, Some(_)) => "ForeignKey".to_owned(),
            (None, None) => kind_of(inner, is_key, find("max_length").is_some())?,
        };
        let column = match find("db_column") {
            Some(setting) => setting.text()?,
            None => ident.to_string(),
        };
        let state = state(&ident, &kind, is_key, is_null, references.as_deref(), &settings)?;
        let (is_auto, is_generated) = (kind.ends_with("Auto"), kind == "Generated");
        Ok(Self { ident, ty: field.ty.clone(), column, is_key, is_auto, is_generated, state })
    }
}

fn state(
    ident: &syn::Ident,
    kind: &str,
    is_key: bool,
    is_null: bool,
    references: Option<&str>,
    settings: &[Setting],
) -> Result<TokenStream> {
    let ident = ident.to_string();
    let name = if references.is_some() { ident.strip_suffix("_id").unwrap_or(&ident) } else { &ident };
    let kind = format_ident!("{kind}");
    let mut lines = Vec::new();
    if let Some(model) = references {
        lines.push(quote!(field.to = Some(#model.to_owned());));
    }
    for setting in settings {
        if !matches!(
            setting.name.to_string().as_str(),
            "type" | "references" | "to" | "one_to_one" | "primary_key"
        ) {
            lines.push(fact(setting)?);
        }
    }
    Ok(quote!({
        let mut field = ::manage::db::models::Field::new(#name, ::manage::db::models::FieldType::#kind);
        field.primary_key = #is_key;
        field.null = #is_null;
        #(#lines)*
        field
    }))
}

/// Code that says one fact of `field`, in the words of files.
pub(crate) fn fact(setting: &Setting) -> Result<TokenStream> {
    let key = &setting.name;
    Ok(match key.to_string().as_str() {
        "max_length" | "max_digits" | "decimal_places" => {
            let number = setting.number()?;
            quote!(field.#key = Some(#number);)
        }
        "unique" => {
            let truth = setting.flag()?;
            quote!(field.unique = #truth;)
        }
        "db_index" | "db_constraint" | "deferrable" | "stored" => {
            let truth = setting.flag()?;
            quote!(field.#key = Some(#truth);)
        }
        "db_column" | "to_field" | "db_comment" | "db_collation" | "through" | "db_table"
        | "verbose_name" | "help_text" => {
            let text = setting.text()?;
            quote!(field.#key = Some(#text.to_owned());)
        }
        "on_delete" | "on_update" => {
            let variant = format_ident!("{}", camel(&setting.text()?));
            quote!(field.#key = Some(::manage::db::models::OnDelete::#variant);)
        }
        "default" | "db_default" => {
            let value = setting.default()?;
            quote!(field.#key = Some(#value);)
        }
        "choices" => {
            let (values, words): (Vec<_>, Vec<_>) = setting.pairs()?.into_iter().unzip();
            quote!(field.choices = vec![#((#values, #words.to_owned())),*];)
        }
        "expression" | "db_type" => {
            let sql = setting.sql()?;
            quote!(field.#key = Some(#sql);)
        }
        "output" => {
            let kind = format_ident!("{}", setting.text()?);
            quote!(field.output = Some(::manage::db::models::FieldType::#kind);)
        }
        _ => return Err(setting.error("is not a setting of a field")),
    })
}

/// `SET_NULL` to `SetNull`.
fn camel(words: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect()
        })
    };
    words.split('_').map(word).collect()
}

/// The type inside an `Option`, and whether there was one.
fn optional(ty: &Type) -> (&Type, bool) {
    if let Type::Path(path) = ty
        && let Some(last) = path.path.segments.last()
        && last.ident == "Option"
        && let PathArguments::AngleBracketed(arguments) = &last.arguments
        && let Some(GenericArgument::Type(inner)) = arguments.args.first()
    {
        return (inner, true);
    }
    (ty, false)
}

/// The kind of field that a Rust type calls for.
fn kind_of(ty: &Type, is_key: bool, has_length: bool) -> Result<String> {
    let Type::Path(path) = ty else {
        return Err(syn::Error::new_spanned(ty, "say its kind: #[field(type = \"...\")]"));
    };
    let name = path.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
    let kind = match (name.as_str(), is_key) {
        ("i16", true) => "SmallAuto",
        ("i32", true) => "Auto",
        ("i64", true) => "BigAuto",
        ("i16", false) => "SmallInteger",
        ("i32", false) => "Integer",
        ("i64", false) => "BigInteger",
        ("bool", _) => "Boolean",
        ("f64", _) => "Float",
        ("String", _) if has_length => "Char",
        ("String", _) => "Text",
        ("Decimal", _) => "Decimal",
        ("Uuid", _) => "Uuid",
        ("Timestamp", _) => "DateTime",
        ("Date", _) => "Date",
        ("Time", _) => "Time",
        ("Value", _) => "Json",
        ("Vec", _) => "Binary",
        _ => {
            return Err(syn::Error::new_spanned(
                ty,
                "no kind of field has this type; say it: #[field(type = \"...\")]",
            ));
        }
    };
    Ok(kind.to_owned())
}
