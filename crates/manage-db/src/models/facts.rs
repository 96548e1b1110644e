//! Which facts a kind of field has. One that it does not have is a mistake and not ignored.

use super::fields::{Field, FieldType, OnDelete};

/// A fact of fields.
struct Fact {
    /// What files and structs call it.
    name: &'static str,
    /// Whether the field says it.
    is_said: fn(&Field) -> bool,
    /// Whether fields of the kind have it.
    belongs_to: fn(FieldType) -> bool,
}

/// Every fact that not all kinds have.
const FACTS: [Fact; 24] = [
    Fact { name: "max_length", is_said: |field| field.max_length.is_some(), belongs_to: has_length },
    Fact { name: "max_digits", is_said: |field| field.max_digits.is_some(), belongs_to: has_digits },
    Fact { name: "decimal_places", is_said: |field| field.decimal_places.is_some(), belongs_to: has_digits },
    Fact { name: "null", is_said: |field| field.null, belongs_to: is_column },
    Fact { name: "default", is_said: |field| field.default.is_some(), belongs_to: is_written },
    Fact { name: "db_default", is_said: |field| field.db_default.is_some(), belongs_to: is_written },
    Fact { name: "unique", is_said: |field| field.unique, belongs_to: is_column },
    Fact { name: "db_index", is_said: |field| field.db_index.is_some(), belongs_to: is_column },
    Fact { name: "primary_key", is_said: |field| field.primary_key, belongs_to: is_given },
    Fact { name: "choices", is_said: |field| !field.choices.is_empty(), belongs_to: has_choices },
    Fact { name: "db_column", is_said: |field| field.db_column.is_some(), belongs_to: is_column },
    Fact { name: "db_collation", is_said: |field| field.db_collation.is_some(), belongs_to: has_collation },
    Fact { name: "db_type", is_said: |field| field.db_type.is_some(), belongs_to: is_column },
    Fact { name: "to", is_said: |field| field.to.is_some(), belongs_to: FieldType::is_relation },
    Fact {
        name: "to_field",
        is_said: |field| field.to_field.is_some(),
        belongs_to: FieldType::is_foreign_key,
    },
    Fact {
        name: "on_delete",
        is_said: |field| field.on_delete.is_some(),
        belongs_to: FieldType::is_foreign_key,
    },
    Fact {
        name: "on_update",
        is_said: |field| field.on_update.is_some(),
        belongs_to: FieldType::is_foreign_key,
    },
    Fact {
        name: "deferrable",
        is_said: |field| field.deferrable.is_some(),
        belongs_to: FieldType::is_foreign_key,
    },
    Fact {
        name: "db_constraint",
        is_said: |field| field.db_constraint.is_some(),
        belongs_to: FieldType::is_relation,
    },
    Fact { name: "through", is_said: |field| field.through.is_some(), belongs_to: is_many },
    Fact { name: "db_table", is_said: |field| field.db_table.is_some(), belongs_to: is_many },
    Fact { name: "expression", is_said: |field| field.expression.is_some(), belongs_to: is_generated },
    Fact { name: "output", is_said: |field| field.output.is_some(), belongs_to: is_generated },
    Fact { name: "stored", is_said: |field| field.stored.is_some(), belongs_to: is_generated },
];

impl Field {
    /// What makes no sense about it, if anything does.
    pub fn problem(&self) -> Option<String> {
        if let Some(fact) = foreign(self) {
            return Some(format!("field `{}`: {:?} has no `{fact}`", self.name, self.kind));
        }
        let kind = self.kind;
        let named = self.name.starts_with(|c: char| c.is_ascii_alphabetic())
            && self.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !self.name.ends_with('_')
            && !self.name.contains("__");
        let problem = if !named {
            return Some(format!(
                "`{}` is no field's name: expected letters, digits and single underscores",
                self.name
            ));
        } else if kind == FieldType::Char && self.max_length.is_none() {
            "Char needs `max_length`"
        } else if kind == FieldType::Decimal && (self.max_digits.is_none() || self.decimal_places.is_none()) {
            "Decimal needs `max_digits` and `decimal_places`"
        } else if kind == FieldType::Decimal && self.decimal_places > self.max_digits {
            "`decimal_places` is greater than `max_digits`"
        } else if kind.is_relation() && self.to.is_none() {
            "a relation needs `to`"
        } else if kind == FieldType::Generated && (self.expression.is_none() || self.output.is_none()) {
            "Generated needs `expression` and `output`"
        } else if self.primary_key && self.null {
            "a primary key cannot be NULL"
        } else if kind.is_auto() && !self.primary_key {
            "a field that counts by itself must be the primary key"
        } else if self.on_delete == Some(OnDelete::SetNull) && !self.null {
            "`on_delete = \"SET_NULL\"` needs `null = true`"
        } else if self.on_delete == Some(OnDelete::SetDefault) && self.db_default.is_none() {
            "`on_delete = \"SET_DEFAULT\"` needs `db_default`"
        } else if self.on_update == Some(OnDelete::SetNull) && !self.null {
            "`on_update = \"SET_NULL\"` needs `null = true`"
        } else if self.on_update == Some(OnDelete::SetDefault) && self.db_default.is_none() {
            "`on_update = \"SET_DEFAULT\"` needs `db_default`"
        } else {
            return None;
        };
        Some(format!("field `{}`: {problem}", self.name))
    }
}

/// Facts about values, whoever makes them.
const OF_VALUES: [&str; 4] = ["max_length", "max_digits", "decimal_places", "db_collation"];

/// The first fact that the field says and its kind does not have.
fn foreign(field: &Field) -> Option<&'static str> {
    // A generated field has what its values need besides: a length, digits, a collation.
    let of_values = |fact: &Fact| {
        let kind = field.output.filter(|_| is_generated(field.kind));
        OF_VALUES.contains(&fact.name) && kind.is_some_and(fact.belongs_to)
    };
    let mut said = FACTS.iter().filter(|fact| (fact.is_said)(field));
    said.find(|fact| !(fact.belongs_to)(field.kind) && !of_values(fact)).map(|fact| fact.name)
}

/// Of a Text field it is what forms take.
fn has_length(kind: FieldType) -> bool {
    use FieldType::{Char, Email, File, Image, Slug, Text, Url};
    matches!(kind, Char | Text | Slug | Email | Url | File | Image)
}

/// A key has that of what it points to, unless it says another.
fn has_collation(kind: FieldType) -> bool {
    has_length(kind) || kind.is_foreign_key()
}

fn has_digits(kind: FieldType) -> bool {
    kind == FieldType::Decimal
}

fn is_many(kind: FieldType) -> bool {
    kind == FieldType::ManyToMany
}

fn is_generated(kind: FieldType) -> bool {
    kind == FieldType::Generated
}

fn is_column(kind: FieldType) -> bool {
    !is_many(kind)
}

/// Whether programs write the column.
fn is_given(kind: FieldType) -> bool {
    is_column(kind) && !is_generated(kind)
}

fn is_written(kind: FieldType) -> bool {
    is_given(kind) && !kind.is_auto()
}

fn has_choices(kind: FieldType) -> bool {
    is_written(kind) && !kind.is_relation() && kind != FieldType::Binary
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_that_a_kind_does_not_have_is_named() {
        let told = |kind: FieldType, say: fn(&mut Field)| {
            let mut field = Field::new("a", kind);
            say(&mut field);
            foreign(&field)
        };
        assert_eq!(told(FieldType::Integer, |field| field.max_length = Some(1)), Some("max_length"));
        assert_eq!(told(FieldType::Char, |field| field.max_digits = Some(1)), Some("max_digits"));
        assert_eq!(told(FieldType::ManyToMany, |field| field.null = true), Some("null"));
        assert_eq!(
            told(FieldType::ForeignKey, |field| field.through = Some("A".to_owned())),
            Some("through")
        );
        assert_eq!(told(FieldType::Char, |field| field.expression = Some("1".into())), Some("expression"));
        assert_eq!(told(FieldType::Email, |field| field.max_length = Some(1)), None);
        let generated: fn(&mut Field) = |field| {
            (field.output, field.max_length) = (Some(FieldType::Char), Some(3));
        };
        assert_eq!(told(FieldType::Generated, generated), None);
        let defaulted: fn(&mut Field) = |field| field.primary_key = true;
        assert_eq!(told(FieldType::Generated, defaulted), Some("primary_key"));
    }
}
