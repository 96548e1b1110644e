//! What becomes of the tables between two states of the models.
//!
//! Every table that the difference reaches is looked at: those of the changed models, of their many-to-many fields,
//! and those whose keys point to a changed key. Going back is the same with the states exchanged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::constants::Problem;
use super::hints::Hints;
use super::state::ProjectState;
use super::tables::Tables;
use crate::backends::base::changes::{Alter, TableChange};
use crate::backends::base::mentions;
use crate::backends::base::tables::Table;
use crate::models::{Field, FieldType, ModelState};

/// What a database has to do to get from the tables of `before` to those of `after`.
///
/// # Errors
/// What makes no sense, or rows that cannot come along.
pub(crate) fn changes(
    tables: Tables<'_>,
    (before, after): (&ProjectState, &ProjectState),
    hints: &Hints,
) -> Result<Vec<TableChange>, Problem> {
    let differ = Differ { tables, before, after, hints };
    let mut fates = Vec::new();
    for pair in differ.pairs() {
        differ.fates(pair, &mut fates)?;
    }
    Ok(in_order(fates, hints))
}

struct Differ<'a> {
    tables: Tables<'a>,
    before: &'a ProjectState,
    after: &'a ProjectState,
    hints: &'a Hints,
}

/// A model before and after.
#[derive(Clone, Copy)]
struct Pair<'a> {
    old: Option<&'a Arc<ModelState>>,
    new: Option<&'a Arc<ModelState>>,
}

/// A table before and after.
struct Fate {
    old: Option<Table>,
    new: Option<Table>,
    /// For each column that is kept: the new name and the old one.
    origins: BTreeMap<String, String>,
}

impl<'a> Differ<'a> {
    /// The models whose tables may change.
    fn pairs(&self) -> Vec<Pair<'a>> {
        let mut reached = self.all_pairs(Pair::is_changed);
        let mut wave: Vec<Pair<'a>> =
            reached.iter().filter(|pair| self.reaches_others(**pair)).copied().collect();
        let mut rest = if wave.is_empty() { Vec::new() } else { self.all_pairs(|pair| !pair.is_changed()) };
        while !wave.is_empty() {
            let pointing = |pair: &Pair<'a>| wave.iter().any(|target| self.points_to(*pair, *target));
            let (more, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(pointing);
            reached.extend(&more);
            (rest, wave) = (others, more);
        }
        reached
    }

    /// Those pairs of which this holds and that live on this database.
    fn all_pairs(&self, is_meant: impl Fn(&Pair<'a>) -> bool) -> Vec<Pair<'a>> {
        let mut pairs: Vec<Pair<'a>> = Vec::new();
        for (key, new) in self.after.entries() {
            let old = match self.hints.renamed_to(&new.app, &new.name) {
                Some((app, name)) => self.before.get(app, name),
                None => self.before.by_key(key).filter(|old| !self.hints.renames(&old.app, &old.name)),
            };
            pairs.push(Pair { old, new: Some(new) });
        }
        for (key, old) in self.before.entries() {
            let is_kept = self.after.by_key(key).is_some() && self.hints.models.is_empty();
            if !is_kept && !pairs.iter().any(|pair| pair.old.is_some_and(|other| Arc::ptr_eq(other, old))) {
                pairs.push(Pair { old: Some(old), new: None });
            }
        }
        let is_here = |pair: &Pair<'_>| pair.app().is_some_and(|app| (self.tables.is_here)(app));
        pairs.retain(|pair| is_meant(pair) && is_here(pair));
        pairs
    }

    /// Whether tables that point to the model's have to know.
    fn reaches_others(&self, pair: Pair<'a>) -> bool {
        let Pair { old: Some(old), new: Some(new) } = pair else { return false };
        old.label() != new.label()
            || old.table() != new.table()
            || new.fields.iter().filter(|field| self.is_pointed_at(field)).any(|field| {
                self.field_before(old, new, field).is_some_and(|before| {
                    before.column() != field.column()
                        || before.primary_key != field.primary_key
                        || before.kind != field.kind
                        || before.text_length() != field.text_length()
                        || (before.max_digits, before.decimal_places)
                            != (field.max_digits, field.decimal_places)
                        || before.db_collation != field.db_collation
                        || before.db_type != field.db_type
                })
            })
    }

    /// Whether keys may point to a field of this name.
    fn is_pointed_at(&self, field: &Field) -> bool {
        let mut keys = self.after.models().flat_map(|model| &model.fields);
        field.primary_key || keys.any(|key| key.to_field.as_deref() == Some(&field.name))
    }

    fn points_to(&self, pair: Pair<'a>, target: Pair<'a>) -> bool {
        let points = |state: &ProjectState, from: Option<&Arc<ModelState>>, to: Option<&Arc<ModelState>>| {
            let (Some(from), Some(to)) = (from, to) else { return false };
            let mut names = from.fields.iter().filter_map(|field| field.to.as_deref());
            names.any(|name| state.target(from, name).is_some_and(|model| Arc::ptr_eq(model, to)))
        };
        points(self.after, pair.new, target.new) || points(self.before, pair.old, target.old)
    }

    fn field_before<'m>(&self, old: &'m ModelState, new: &ModelState, field: &Field) -> Option<&'m Field> {
        old.field(self.hints.field_before(&new.app, &new.name, &field.name))
    }

    /// What becomes of the tables of one model: its own, then those of its many-to-many fields.
    fn fates(&self, pair: Pair<'a>, fates: &mut Vec<Fate>) -> Result<(), Problem> {
        if [pair.old, pair.new].into_iter().flatten().any(|model| !model.is_managed()) {
            return Ok(());
        }
        let filled = pair.new.map(|model| self.hints.filled(model));
        let new = filled.as_ref().map(|model| self.tables.table(self.after, model)).transpose()?;
        let old = pair.old.map(|model| self.tables.table(self.before, model)).transpose()?;
        let origins = match (pair, &old, &new) {
            (Pair { old: Some(old), new: Some(new) }, Some(before), Some(after)) => {
                self.origins((old, before), (new, after))?
            }
            _ => BTreeMap::new(),
        };
        fates.push(Fate { old, new, origins });
        self.relation_fates(pair, fates)
    }

    fn relation_fates(&self, pair: Pair<'a>, fates: &mut Vec<Fate>) -> Result<(), Problem> {
        let mut gone: Vec<(&Field, Table)> = Vec::new();
        if let Some(model) = pair.old {
            for field in &model.fields {
                let table = self.tables.relation_table(self.before, model, field)?;
                gone.extend(table.map(|table| (field, table)));
            }
        }
        if let Some(model) = pair.new {
            for field in &model.fields {
                let Some(new) = self.tables.relation_table(self.after, model, field)? else { continue };
                let name = self.hints.field_before(&model.app, &model.name, &field.name);
                let old = gone.iter().position(|(old, _)| old.name == name);
                let old = old.map(|position| gone.remove(position));
                check_pairs(model, field, old.as_ref(), &new)?;
                let old = old.map(|(_, old)| old);
                let origins = old.iter().flat_map(|old| new.columns.iter().zip(&old.columns));
                let origins = origins.map(|(new, old)| (new.name.clone(), old.name.clone())).collect();
                fates.push(Fate { old, new: Some(new), origins });
            }
        }
        let gone =
            gone.into_iter().map(|(_, old)| Fate { old: Some(old), new: None, origins: BTreeMap::new() });
        fates.extend(gone);
        Ok(())
    }

    /// The columns that are kept, each under its new name with the old one.
    fn origins(
        &self,
        (old, before): (&ModelState, &Table),
        (new, after): (&ModelState, &Table),
    ) -> Result<BTreeMap<String, String>, Problem> {
        let mut origins = BTreeMap::new();
        let mut retyped = Vec::new();
        for (field, column) in new.fields.iter().filter(|field| field.is_concrete()).zip(&after.columns) {
            let found = self.field_before(old, new, field).filter(|field| field.is_concrete());
            let Some(found) = found else { continue };
            let position = old.fields.iter().filter(|field| field.is_concrete()).position(|one| one == found);
            let Some(origin) = position.and_then(|position| before.columns.get(position)) else { continue };
            if !origin.kind.converts_to(column.kind) && column.generated.is_none() {
                return Err(unconvertible(new, field, found));
            }
            if (origin.kind, &origin.db_type, &origin.collation)
                != (column.kind, &column.db_type, &column.collation)
            {
                retyped.push(column.name.as_str());
            }
            origins.insert(column.name.clone(), origin.name.clone());
        }
        let names: BTreeMap<String, String> =
            origins.iter().map(|(new, old)| (old.clone(), new.clone())).collect();
        let mut renamed = before.clone();
        renamed.rename_columns(&names);
        // What is computed is computed anew where another way, or from other types.
        for column in &after.columns {
            let Some(generated) = &column.generated else { continue };
            let old = renamed.column(&column.name);
            let is_kept = old.is_some_and(|old| {
                old.generated.as_ref() == Some(generated)
                    && old.kind == column.kind
                    && old.db_type == column.db_type
                    && old.null == column.null
            });
            if !is_kept || retyped.iter().any(|name| mentions(&generated.sql, name)) {
                origins.remove(&column.name);
            }
        }
        Ok(origins)
    }
}

impl Pair<'_> {
    /// The app that has the model, afterwards if it stays.
    fn app(&self) -> Option<&str> {
        self.new.or(self.old).map(|model| model.app.as_str())
    }

    fn is_changed(&self) -> bool {
        match (self.old, self.new) {
            (Some(old), Some(new)) => !Arc::ptr_eq(old, new) && old != new,
            _ => true,
        }
    }
}

/// Pairs come along to another model where its keys are of a sort that theirs can become.
fn check_pairs(
    model: &ModelState,
    field: &Field,
    old: Option<&(&Field, Table)>,
    new: &Table,
) -> Result<(), Problem> {
    let columns = old.into_iter().flat_map(|(_, old)| old.columns.iter().zip(&new.columns));
    let mut kinds = columns.map(|(old, new)| (old.kind, new.kind));
    kinds.find(|(old, new)| !old.converts_to(*new)).map_or(Ok(()), |(old, new)| {
        Err(format!(
            "{}.{}: no key of {old:?} can become one of {new:?}, so its pairs cannot come along: remove the field and add \
             it anew",
            model.label(),
            field.name
        ))
    })
}

fn unconvertible(model: &ModelState, field: &Field, before: &Field) -> Problem {
    let word = |field: &Field| match field.kind {
        FieldType::Generated => field.output.unwrap_or(FieldType::Generated),
        kind => kind,
    };
    format!(
        "{}.{}: no value of {:?} can become one of {:?}: add another field, fill it from this one \
         (RunSql or RunRust), remove this one and rename the new one",
        model.label(),
        field.name,
        word(before),
        word(field)
    )
}

/// Puts what becomes of the tables into an order in which a database can do it.
fn in_order(mut fates: Vec<Fate>, hints: &Hints) -> Vec<TableChange> {
    let mut changes = Vec::new();
    let dropped = fates.iter().rev().filter(|fate| fate.new.is_none());
    changes.extend(dropped.filter_map(|fate| fate.old.clone()).map(TableChange::Drop));
    for fate in &fates {
        if let (Some(old), Some(new)) = (&fate.old, &fate.new)
            && old.name != new.name
        {
            changes.push(TableChange::Rename { from: old.name.clone(), to: new.name.clone() });
        }
    }
    follow_renames(&mut fates);
    let created: Vec<TableChange> = fates
        .iter()
        .filter(|fate| fate.old.is_none())
        .filter_map(|fate| fate.new.clone())
        .map(TableChange::Create)
        .collect();
    changes.extend(alters(fates, hints));
    changes.extend(created);
    changes
}

/// Keys follow by themselves where a table or column is called otherwise.
fn follow_renames(fates: &mut [Fate]) {
    let mut tables = BTreeMap::new();
    let mut columns = BTreeMap::new();
    for fate in fates.iter() {
        let (Some(old), Some(new)) = (&fate.old, &fate.new) else { continue };
        tables.insert(old.name.clone(), new.name.clone());
        for (name, origin) in &fate.origins {
            columns.insert((new.name.clone(), origin.clone()), name.clone());
        }
    }
    for fate in fates.iter_mut() {
        let (Some(old), Some(new)) = (&mut fate.old, &fate.new) else { continue };
        old.name.clone_from(&new.name);
        for key in old.columns.iter_mut().filter_map(|column| column.foreign_key.as_mut()) {
            if let Some(table) = tables.get(&key.table) {
                key.table.clone_from(table);
            }
            // Keys within a table follow with its columns.
            let name = columns.get(&(key.table.clone(), key.column.clone()));
            if let Some(name) = name.filter(|_| key.table != new.name) {
                key.column.clone_from(name);
            }
        }
    }
}

/// Changes of tables that stay. A key whose type changes is let go of first and taken up again last.
fn alters(fates: Vec<Fate>, hints: &Hints) -> Vec<TableChange> {
    let all: Vec<Alter> = fates
        .into_iter()
        .filter_map(|fate| {
            let (old, new) = (fate.old?, fate.new?);
            let (concurrently, not_valid) = (hints.concurrently, hints.not_valid);
            Some(Alter { old, new, origins: fate.origins, concurrently, not_valid })
        })
        .collect();
    let retyped: BTreeSet<(String, String)> = all.iter().flat_map(retyped).collect();
    let (mut first, mut then, mut last) = (Vec::new(), Vec::new(), Vec::new());
    for alter in all {
        let old = without_keys(&alter.old, |table, column| {
            let is_own = table == alter.new.name;
            let name = alter.origins.iter().find(|(_, old)| is_own && *old == column);
            let name = name.map_or(column, |(new, _)| new);
            retyped.contains(&(table.to_owned(), name.to_owned()))
        });
        let new = without_keys(&alter.new, |table, column| {
            retyped.contains(&(table.to_owned(), column.to_owned()))
        });
        first.push(Alter::plain(alter.old.clone(), old.clone()));
        last.push(Alter::plain(new.clone(), alter.new.clone()));
        then.push(Alter { old, new, ..alter });
    }
    let all = first.into_iter().chain(then).chain(last);
    all.filter(|alter| !alter.is_empty()).map(|alter| TableChange::Alter(Box::new(alter))).collect()
}

/// Columns whose type changes for those that point to them.
fn retyped(alter: &Alter) -> Vec<(String, String)> {
    let kept = alter.origins.iter().filter_map(|(new, old)| {
        let (old, new) = (alter.old.column(old)?, alter.new.column(new)?);
        let is_same = old.kind.of_reference() == new.kind.of_reference()
            && (&old.db_type, &old.collation, old.primary_key)
                == (&new.db_type, &new.collation, new.primary_key);
        (!is_same).then(|| (alter.new.name.clone(), new.name.clone()))
    });
    kept.collect()
}

fn without_keys(table: &Table, is_meant: impl Fn(&str, &str) -> bool) -> Table {
    let mut table = table.clone();
    for column in &mut table.columns {
        if column.foreign_key.as_ref().is_some_and(|key| is_meant(&key.table, &key.column)) {
            column.foreign_key = None;
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::models::declared;
    use crate::{DatabaseSettings, backends};

    const SHOP: &str = r#"
[Customer]
fields = [{ name = "code", type = "Char", max_length = 9, unique = true }, { name = "friends", type = "ManyToMany", to = "self" }]
[Order]
fields = [{ name = "customer", type = "ForeignKey", to = "Customer", to_field = "code" }, { name = "total", type = "Integer" }]
constraints = [{ name = "positive", check = "total > 0" }]
"#;

    fn state(text: &str) -> ProjectState {
        let mut state = ProjectState::default();
        for model in declared::read("shop", "models/shop.toml", text).unwrap() {
            state.add(model).unwrap();
        }
        state
    }

    fn difference(before: &str, after: &str) -> Vec<TableChange> {
        let settings = DatabaseSettings::from_url("sqlite:///none.sqlite3").unwrap();
        let backend = backends::create("default", &settings, Path::new("/nowhere")).unwrap();
        let tables = Tables { backend: &*backend, is_here: &|_| true };
        changes(tables, (&state(before), &state(after)), &Hints::default()).unwrap()
    }

    #[test]
    fn states_that_mean_the_same_differ_in_nothing() {
        assert_eq!(difference(SHOP, SHOP), []);
        let written_otherwise = SHOP
            .replace("to = \"self\"", "to = \"shop.Customer\", db_constraint = true")
            .replace("to = \"Customer\"", "to = \"shop.Customer\", on_delete = \"CASCADE\", db_index = true")
            .replace(
                "max_length = 9",
                "max_length = 9, help_text = \"h\", default = \"x\", choices = [[\"a\", \"A\"]]",
            );
        assert_eq!(difference(SHOP, &written_otherwise), []);
    }

    #[test]
    fn a_type_that_is_spelled_is_another_type_where_it_is_spelled_for() {
        let spelled = |db_type: &str| {
            SHOP.replace("type = \"Integer\"", &format!("type = \"Integer\", db_type = {db_type}"))
        };
        assert!(matches!(&difference(SHOP, &spelled("\"int\""))[..], [TableChange::Alter(alter)]
            if alter.new.columns.iter().any(|column| column.db_type.as_deref() == Some("int"))));
        assert_eq!(difference(SHOP, &spelled("{ postgresql = \"int\" }")), []);
    }

    #[test]
    fn a_key_that_is_pointed_to_is_let_go_of_and_taken_up_again() {
        let told: Vec<String> = difference(SHOP, &SHOP.replace("max_length = 9", "max_length = 20"))
            .into_iter()
            .map(|change| match change {
                TableChange::Alter(alter) => alter.new.name,
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(told, ["shop_order", "shop_customer", "shop_order", "shop_order"]);
    }
}
