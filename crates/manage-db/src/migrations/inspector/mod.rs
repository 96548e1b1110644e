//! From tables that are there to models that make the same ones.

// How things are called.
mod names;

// Which kind of field has a column's type.
mod kinds;

// What a column gets by itself.
mod defaults;

// What keys point to, and what no model can say.
mod pointed;
mod remains;

// One table.
mod table;

use std::collections::{BTreeMap, BTreeSet};

use super::error::Result;
use super::state::ProjectState;
use crate::backends::base::Backend;
use crate::introspection::{Live, LiveTable, Relation};
use crate::models::{FieldType, ModelState};
use kinds::Kinds;
use names::Names;
use table::Inspected;

pub use names::model_name;
pub use remains::{Stage, Unsaid};

/// Which tables, and what their models are called.
pub struct Choice<'a> {
    /// Label of the app that has the models.
    pub app: &'a str,
    /// Whether a table is meant.
    pub is_meant: &'a dyn Fn(&LiveTable) -> bool,
    /// Models that are known already: keys may point to them.
    pub known: &'a ProjectState,
    /// Whether a field must not be called so.
    pub is_reserved: &'a dyn Fn(&str) -> bool,
}

/// Models of tables, and what they leave out.
#[derive(Debug, Clone, Default)]
pub struct Inspection {
    /// The models, in the order of their tables; in their canonical form.
    pub models: Vec<ModelState>,
    /// What no model can say.
    pub unsaid: Vec<Unsaid>,
}

/// Models that make the tables that are meant.
///
/// # Errors
/// [`crate::migrations::Error::Database`] when the vendor cannot make what it has.
pub fn inspect(backend: &dyn Backend, live: &Live, choice: &Choice<'_>) -> Result<Inspection> {
    let tables: Vec<&LiveTable> = live.tables.iter().filter(|table| (choice.is_meant)(table)).collect();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let known = known_tables(choice.known);
    // A model that is known keeps its name, and so do its fields.
    let own = |table: &LiveTable| known.get(&table.name).filter(|model| model.app == choice.app);
    let names: BTreeMap<&str, String> = tables
        .iter()
        .map(|table| {
            let name =
                own(table).map_or_else(|| model_name(choice.app, &table.name), |model| model.name.clone());
            (table.name.as_str(), names::free(name, &mut taken))
        })
        .collect();
    let names = Names { app: choice.app, models: &names, known: &known, is_reserved: choice.is_reserved };
    let mut kinds = Kinds::new(backend);
    let mut inspected = Vec::with_capacity(tables.len());
    for table in &tables {
        inspected.push(Inspected::new(table, names, &mut kinds)?);
    }
    let mut inspection = Inspection::default();
    let keys: BTreeMap<String, Vec<(String, String)>> =
        inspected.iter().map(|one| (one.table.name.clone(), one.columns())).collect();
    let mut pointing: BTreeMap<String, Vec<FieldType>> = BTreeMap::new();
    for (table, kind) in inspected.iter().flat_map(Inspected::pointing) {
        pointing.entry(table).or_default().push(kind);
    }
    for one in &mut inspected {
        let kinds_of_keys = pointing.get(&one.table.name).map_or(&[][..], Vec::as_slice);
        one.count_as(kinds_of_keys, &mut kinds)?;
    }
    let named = inspected.iter().filter(|one| !one.is_managed()).map(|one| one.table.name.clone());
    let others = known.iter().filter(|(_, model)| !model.is_managed()).map(|(table, _)| table.clone());
    let unmade = named.chain(others).collect();
    for one in &mut inspected {
        one.point(names, &keys, &unmade);
    }
    let mut state = choice.known.clone();
    for one in &inspected {
        let replaced = state.change(&one.model.app, &one.model.name, |model| {
            *model = one.model.clone();
            Ok(())
        });
        if replaced.is_err() {
            drop(state.add(one.model.clone()));
        }
    }
    for mut one in inspected {
        one.spell_types(backend, &state)?;
        one.model.complete();
        inspection.unsaid.append(&mut one.unsaid);
        inspection.models.push(one.model);
    }
    let of_these = |table: Option<&String>| match table {
        Some(name) => tables.iter().any(|table| table.name == *name),
        None => tables.iter().any(|table| table.relation == Relation::Table),
    };
    let rest = live.remains.iter().filter(|remain| of_these(remain.table.as_ref()));
    inspection.unsaid.extend(rest.map(|remain| Unsaid::of_remain(remain, &tables)));
    inspection.unsaid.sort_by_key(|one| one.stage);
    Ok(inspection)
}

/// By table, the models that are known.
fn known_tables(state: &ProjectState) -> BTreeMap<String, &ModelState> {
    state.models().map(|model| (model.table(), &**model)).collect()
}
