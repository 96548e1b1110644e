//! Operations that are one migration of several.

use crate::migrations::migration::Stage;
use crate::migrations::operations::Operation;
use crate::models::{DefaultValue, Field, FieldType};

/// The operations of one migration, whether they are one transaction, and the release that they belong to.
#[derive(Debug, PartialEq)]
pub(super) struct Step {
    pub operations: Vec<Operation>,
    pub atomic: bool,
    pub stage: Stage,
}

/// Whether each row gets a value of its own by a default of the field.
pub(super) fn is_by_row(field: &Field, default: &DefaultValue) -> bool {
    match default {
        DefaultValue::Literal(literal) => {
            field.kind == FieldType::Uuid && matches!(literal.as_str(), Some("uuid4" | "uuid7"))
        }
        DefaultValue::Sql { .. } => true,
    }
}
