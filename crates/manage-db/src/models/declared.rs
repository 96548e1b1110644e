//! Apps declared without Rust: `models/<app>.toml`.

use super::document::{Document, Mistake, Node, line_of};
use super::fields::Field;
use super::json_schema::{generator, whole, with_key};
use super::meta::{ModelState, Options};
use schemars::{JsonSchema as _, Schema, SchemaGenerator, json_schema};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Reads the models of `app` from the text of `path`.
///
/// # Errors
/// The first mistake, with its line.
pub fn read(app: &str, path: &str, text: &str) -> Result<Vec<ModelState>, Mistake> {
    let document = Document { path, text };
    let mut models = Vec::new();
    let mut entries: Vec<_> = document.parse()?.into_iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    for (name, node) in entries {
        let span = name.span();
        if !is_model_name(name.get_ref()) {
            let message = format!("`{}` is no model's name: expected letters and digits", name.get_ref());
            return Err(document.mistake(&span, message));
        }
        let DeValue::Table(table) = node.into_inner() else {
            return Err(document.mistake(&span, format!("[{}] must be a table", name.get_ref())));
        };
        models.push(model(document, app, name.get_ref(), table, &span)?);
    }
    Ok(models)
}

/// Reads one model from its table: `fields` and the options.
///
/// # Errors
/// The first mistake, with its line.
pub fn model<'a>(
    document: Document<'a>,
    app: &str,
    name: &str,
    mut table: DeTable<'a>,
    span: &std::ops::Range<usize>,
) -> Result<ModelState, Mistake> {
    let nodes = match table.remove("fields").map(Spanned::into_inner) {
        Some(DeValue::Array(nodes)) => nodes,
        Some(_) => return Err(document.mistake(span, "`fields` must be a list of tables")),
        None => return Err(document.mistake(span, format!("model `{name}` has no `fields`"))),
    };
    let mut fields: Vec<Field> = Vec::new();
    for node in nodes {
        let place = node.span();
        let field = field(document, node)?;
        if fields.iter().any(|other| other.name == field.name) {
            return Err(document.mistake(&place, format!("field `{}` is there twice", field.name)));
        }
        fields.push(field);
    }
    let options: Options = document.read_table(table, span.clone())?;
    let mut model = ModelState { app: app.to_owned(), name: name.to_owned(), fields, options };
    model.complete();
    match model.problem() {
        Some(problem) => Err(document.mistake(span, problem)),
        None => Ok(model),
    }
}

/// Reads one field.
///
/// # Errors
/// Its mistake, with its line.
pub fn field<'a>(document: Document<'a>, node: Node<'a>) -> Result<Field, Mistake> {
    let span = node.span();
    let field: Field = document.read(node)?;
    match field.problem() {
        Some(problem) => Err(document.mistake(&span, problem)),
        None => Ok(field),
    }
}

/// The line of a model, or of one of its fields, in the text of a file; none when it is not there.
pub fn line(text: &str, model: &str, field: Option<&str>) -> Option<usize> {
    let table = DeTable::parse(text).ok()?.into_inner();
    let (name, node) = table.iter().find(|(name, _)| name.get_ref() == model)?;
    let is_it = |node: &&Node<'_>| {
        let name = node.get_ref().get("name").and_then(|name| name.get_ref().as_str());
        name.is_some() && name == field
    };
    let fields = node.get_ref().get("fields").and_then(|fields| fields.get_ref().as_array());
    let field = fields.and_then(|fields| fields.iter().find(is_it));
    Some(line_of(text, field.map_or(name.span().start, |field| field.span().start)))
}

/// The JSON Schema of a file of models, for editors.
pub fn schema() -> serde_json::Value {
    let mut generator = generator();
    let model = model_schema(&mut generator);
    let models = json_schema!({
        "description": "Models by name.",
        "type": "object",
        "propertyNames": { "pattern": "^[A-Za-z][A-Za-z0-9_]*$" },
        "additionalProperties": model,
    });
    whole(generator, "Models of an app", models)
}

/// The JSON Schema of one model's table: `fields` and the options.
pub fn model_schema(generator: &mut SchemaGenerator) -> Schema {
    let options = Options::json_schema(generator);
    with_key::<Vec<Field>>(generator, options, "fields")
}

fn is_model_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::FieldType;

    const SHOP: &str = r#"
[Customer]
fields = [
  { name = "email", type = "Email", unique = true },
]
[Order]
table = "shop_orders"
fields = [
  { name = "customer", type = "ForeignKey", to = "shop.Customer", on_delete = "CASCADE" },
  { name = "placed_at", type = "DateTime", db_default = "now" },
]
indexes = [ { fields = ["-placed_at", "customer"] } ]
constraints = [ { unique = ["customer", "placed_at"] } ]
"#;

    #[test]
    fn a_file_gives_models_with_keys_and_names_that_nobody_gave() {
        let models = read("shop", "models/shop.toml", SHOP).unwrap();
        assert_eq!(models[0].primary_key().unwrap().kind, FieldType::BigAuto);
        assert_eq!(models[1].table(), "shop_orders");
        assert!(models[1].options.indexes[0].name.starts_with("shop_orders_placed_at_customer_id_"));
        assert!(models[1].options.constraints[0].name.ends_with("_uniq"));
    }

    #[test]
    fn models_and_their_fields_are_found_in_the_text() {
        assert_eq!(line(SHOP, "Order", None), Some(6));
        assert_eq!(line(SHOP, "Order", Some("placed_at")), Some(10));
        // A key that nobody wrote.
        assert_eq!(line(SHOP, "Customer", Some("id")), Some(2));
        assert_eq!(line(SHOP, "Nobody", None), None);
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        let told = |text: &str| read("shop", "models/shop.toml", text).unwrap_err().to_string();
        assert_eq!(
            told("[A]\nfields = [\n  { name = \"x\", type = \"Char\" },\n]"),
            "models/shop.toml:3: field `x`: Char needs `max_length`"
        );
        assert_eq!(
            told("[A]\nfields = [\n  { name = \"x\", type = \"Integer\", max_length = 3 },\n]"),
            "models/shop.toml:3: field `x`: Integer has no `max_length`"
        );
        assert!(
            told("[A]\nfields = [\n{ name = \"x\", type = \"Text\", nul = true }]")
                .starts_with("models/shop.toml:3: unknown field `nul`")
        );
        assert!(
            told("[A]\nfields = []\ntabel = \"x\"").starts_with("models/shop.toml:3: unknown field `tabel`")
        );
        assert!(told("[A\n").starts_with("models/shop.toml:1: not TOML"));
        assert_eq!(
            told("[A]\nfields = []\nindexes = [{ fields = [\"nope\"] }]"),
            "models/shop.toml:1: model `A`: an index names the field `nope`, which it does not have"
        );
    }
}
