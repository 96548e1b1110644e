//! What keys point to.

use crate::introspection::LiveKey;
use crate::migrations::state::ProjectState;
use crate::models::{Field, FieldType, ModelState, OnDelete};

/// Whether a field points to the primary key of a model; none: it is no key.
pub(super) fn points_to_key(state: &ProjectState, model: &ModelState, field: &Field) -> Option<bool> {
    let target = state.target(model, field.to.as_deref()?)?;
    let name = field.to_field.as_deref()?;
    Some(target.primary_key().is_some_and(|key| key.name == name))
}

/// What a key points to.
pub(super) struct Pointed {
    /// The model.
    pub to: String,
    /// Its field.
    pub field: String,
    /// Whether that is known to be its primary key.
    pub is_key: bool,
}

impl Pointed {
    /// Makes a key of the field. `can_defer`: the database has keys that wait for the end of the transaction.
    pub(super) fn apply(&self, field: &mut Field, key: &LiveKey, can_defer: bool) {
        let column = field.column();
        field.kind = FieldType::ForeignKey;
        (field.max_length, field.max_digits, field.decimal_places) = (None, None, None);
        field.db_collation = None;
        field.db_column = Some(column);
        field.to = Some(self.to.clone());
        field.to_field = Some(self.field.clone()).filter(|_| !self.is_key);
        field.on_delete = Some(action(key.on_delete.as_deref()));
        field.on_update = Some(action(key.on_update.as_deref()));
        field.deferrable = Some(key.is_deferred).filter(|_| can_defer);
    }
}

fn action(sql: Option<&str>) -> OnDelete {
    match sql {
        Some("CASCADE") => OnDelete::Cascade,
        Some("RESTRICT") => OnDelete::Restrict,
        Some("SET NULL") => OnDelete::SetNull,
        Some("SET DEFAULT") => OnDelete::SetDefault,
        _ => OnDelete::DoNothing,
    }
}
