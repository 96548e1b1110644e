//! JSON Schemas of the files that people write, for their editors: made of the structs that read them.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

/// What makes the parts of one schema. Draft 7: what editors of TOML understand.
pub fn generator() -> SchemaGenerator {
    SchemaSettings::draft07().into_generator()
}

/// The whole schema of a kind of file.
pub fn whole(mut generator: SchemaGenerator, title: &str, root: Schema) -> Value {
    let mut whole = root;
    whole.insert("$schema".to_owned(), "http://json-schema.org/draft-07/schema#".into());
    whole.insert("title".to_owned(), title.into());
    whole.insert("definitions".to_owned(), Value::Object(generator.take_definitions(true)));
    RecursiveTransform(without_null).transform(&mut whole);
    whole.to_value()
}

/// The schema of a table, with a key that must be there besides.
pub fn with_key<T: JsonSchema>(generator: &mut SchemaGenerator, mut table: Schema, key: &str) -> Schema {
    let schema = generator.subschema_for::<T>();
    let properties = table.ensure_object().entry("properties").or_insert_with(|| Map::new().into());
    if let Value::Object(properties) = properties {
        properties.insert(key.to_owned(), schema.to_value());
    }
    let required = table.ensure_object().entry("required").or_insert_with(|| Vec::<Value>::new().into());
    if let Value::Array(required) = required {
        required.insert(0, key.into());
    }
    table
}

/// TOML has no null: what may be absent is left out.
fn without_null(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    if object.get("default").is_some_and(Value::is_null) {
        object.remove("default");
    }
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            object.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
        choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
    }
}
