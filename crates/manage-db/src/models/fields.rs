//! Fields: the columns of a model as files and structs describe them. Words are Django's without `Field`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::SqlText;

/// The kind of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "Django's names; the schema editors hold what each becomes")]
pub enum FieldType {
    SmallAuto,
    Auto,
    BigAuto,
    SmallInteger,
    Integer,
    BigInteger,
    PositiveSmallInteger,
    PositiveInteger,
    PositiveBigInteger,
    Boolean,
    Char,
    Text,
    Slug,
    Email,
    Url,
    Uuid,
    Date,
    Time,
    DateTime,
    Duration,
    Decimal,
    Float,
    Binary,
    Json,
    GenericIpAddress,
    File,
    Image,
    ForeignKey,
    OneToOne,
    ManyToMany,
    Generated,
}

impl FieldType {
    /// Whether the database counts it up by itself.
    pub fn is_auto(self) -> bool {
        matches!(self, Self::SmallAuto | Self::Auto | Self::BigAuto)
    }

    /// Whether it points to another model with a column of its own.
    pub fn is_foreign_key(self) -> bool {
        matches!(self, Self::ForeignKey | Self::OneToOne)
    }

    /// Whether it points to another model at all.
    pub(crate) fn is_relation(self) -> bool {
        self.is_foreign_key() || self == Self::ManyToMany
    }
}

/// What happens to rows whose key points to a deleted row, or to one whose value is changed. The database does it, not the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OnDelete {
    /// They are deleted too.
    Cascade,
    /// The deletion is refused.
    Protect,
    /// The deletion is refused at once.
    Restrict,
    /// Their key becomes NULL.
    SetNull,
    /// Their key becomes the column's default.
    SetDefault,
    /// Nothing; the constraint refuses the deletion.
    DoNothing,
}

/// A default: a literal, SQL, or a named generator such as `uuid7` or `now`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum DefaultValue {
    /// `{ sql = "..." }`, for all dialects or each.
    Sql {
        /// The expression.
        sql: SqlText,
    },
    /// A TOML literal. The strings `now` and `uuid7` name generators where the field's type calls for them.
    Literal(#[schemars(with = "serde_json::Value")] toml::Value),
}

/// One allowed value and what people read.
pub type Choice = (toml::Value, String);

/// One field of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name in the model.
    pub name: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Most characters of text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
    /// Digits of a decimal in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_digits: Option<u32>,
    /// Digits of a decimal after the point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimal_places: Option<u32>,
    /// Whether NULL is allowed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub null: bool,
    /// What new rows get, given by the program; the rows that exist get it when the column is added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<DefaultValue>,
    /// What new rows get, given by the database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub db_default: Option<DefaultValue>,
    /// Whether two rows may not share a value.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unique: bool,
    /// Whether it has an index of its own; none: only foreign keys and slugs have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub db_index: Option<bool>,
    /// Whether it identifies the row.
    #[serde(default, skip_serializing_if = "is_false")]
    pub primary_key: bool,
    /// The allowed values; kept by the program alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<(serde_json::Value, String)>")]
    pub choices: Vec<Choice>,
    /// Name of the column, where it is not the field's (with `_id` for keys).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub db_column: Option<String>,
    /// A remark kept in the schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub db_comment: Option<String>,
    /// How text is compared and sorted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub db_collation: Option<String>,
    /// The exact type of the column as the database spells it, where no kind of field has it; of a dialect that it does not
    /// name, the kind's own. What the kind's own type brings besides, such as a check, it does not bring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub db_type: Option<SqlText>,
    /// The model that a relation points to: `auth.User`, or `self`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The field that a key points to; none: the primary key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_field: Option<String>,
    /// What happens when the row that a key points to is deleted; none: `CASCADE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_delete: Option<OnDelete>,
    /// What happens when the value that a key points to is changed; none: nothing, which refuses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_update: Option<OnDelete>,
    /// False for a key that the database checks at once, where it could wait for the end of the transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferrable: Option<bool>,
    /// False for a key that the database does not check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub db_constraint: Option<bool>,
    /// The model that holds the pairs of a many-to-many relation; none: a table of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
    /// Name of the table of a many-to-many relation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub db_table: Option<String>,
    /// What a generated field holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<SqlText>,
    /// The kind of a generated field's values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<FieldType>,
    /// Whether a generated field is kept in the row rather than computed when read; none: kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<bool>,
    /// What people read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verbose_name: Option<String>,
    /// An explanation for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help_text: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(truth: &bool) -> bool {
    !truth
}

impl Field {
    /// A field of this name and kind, with everything else at its default.
    pub fn new(name: &str, kind: FieldType) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            max_length: None,
            max_digits: None,
            decimal_places: None,
            null: false,
            default: None,
            db_default: None,
            unique: false,
            db_index: None,
            primary_key: false,
            choices: Vec::new(),
            db_column: None,
            db_comment: None,
            db_collation: None,
            db_type: None,
            to: None,
            to_field: None,
            on_delete: None,
            on_update: None,
            deferrable: None,
            db_constraint: None,
            through: None,
            db_table: None,
            expression: None,
            output: None,
            stored: None,
            verbose_name: None,
            help_text: None,
        }
    }

    /// The models that it points to, as it names them.
    pub(crate) fn targets(&self) -> impl Iterator<Item = &str> {
        [&self.to, &self.through].into_iter().flatten().map(String::as_str)
    }

    /// Name of its column: `db_column`, else the field's name, with `_id` for keys.
    pub fn column(&self) -> String {
        match &self.db_column {
            Some(column) => column.clone(),
            None if self.kind.is_foreign_key() => format!("{}_id", self.name),
            None => self.name.clone(),
        }
    }

    /// Most characters of its text: `max_length`, else Django's own for its kind.
    pub fn text_length(&self) -> Option<u32> {
        self.max_length.or(match self.kind {
            FieldType::Slug => Some(50),
            FieldType::Email => Some(254),
            FieldType::Url => Some(200),
            FieldType::File | FieldType::Image => Some(100),
            _ => None,
        })
    }

    /// Whether it has an index of its own: as `db_index` says, else keys and slugs have.
    pub(crate) fn has_index(&self) -> bool {
        let by_kind = matches!(self.kind, FieldType::ForeignKey | FieldType::Slug);
        !self.unique
            && !self.primary_key
            && self.kind != FieldType::OneToOne
            && self.db_index.unwrap_or(by_kind)
    }

    /// Whether no two rows share a value.
    pub(crate) fn is_unique(&self) -> bool {
        !self.primary_key && (self.unique || self.kind == FieldType::OneToOne)
    }

    /// Whether the table has a column for it.
    pub(crate) fn is_concrete(&self) -> bool {
        self.kind != FieldType::ManyToMany
    }
}
