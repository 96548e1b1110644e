//! One table as a model.

use std::collections::{BTreeMap, BTreeSet};

use super::defaults::default;
use super::kinds::Kinds;
use super::names::{Names, field_name, free};
use super::pointed::{Pointed, points_to_key};
use super::remains::{Stage, Unsaid};
use crate::SqlText;
use crate::backends::base::Backend;
use crate::backends::base::definition::without_keys;
use crate::backends::base::names::generated_name;
use crate::backends::base::tables::{Constraint as TableRule, Index as TableIndex, IndexPart, Rule};
use crate::error::Result;
use crate::introspection::{LiveColumn, LiveKey, LiveTable, Relation, expected};
use crate::migrations::error::{Error, Result as MigrationResult};
use crate::migrations::state::ProjectState;
use crate::migrations::tables::Tables;
use crate::models::{Constraint, Field, FieldType, Index, ModelState, Options};

/// A table on its way to a model.
pub(super) struct Inspected<'a> {
    /// The table.
    pub table: &'a LiveTable,
    /// The model so far.
    pub model: ModelState,
    /// What it leaves out.
    pub unsaid: Vec<Unsaid>,
    backend: &'a dyn Backend,
}

impl<'a> Inspected<'a> {
    /// The model without its keys to others.
    pub(super) fn new(table: &'a LiveTable, names: Names<'a>, kinds: &mut Kinds<'a>) -> Result<Self> {
        let name = names.models[table.name.as_str()].clone();
        let options = Options {
            table: Some(table.name.clone()),
            db_comment: table.comment.clone(),
            ..Options::default()
        };
        let model = ModelState { app: names.app.to_owned(), name, fields: Vec::new(), options };
        let mut one = Self { table, model, unsaid: Vec::new(), backend: kinds.backend() };
        let checks = one.fields(names, kinds)?;
        one.primary_key();
        if one.is_managed() {
            one.indexes();
            one.constraints(&checks);
            one.parts();
        }
        Ok(one)
    }

    /// Lets the primary key count as those that point to it are made, where the database tells both in the same words.
    /// `kinds`: those of the columns that point to it.
    pub(super) fn count_as(&mut self, pointing: &[FieldType], kinds: &mut Kinds<'_>) -> Result<()> {
        let auto = match pointing {
            [FieldType::Integer, rest @ ..] if rest.iter().all(|kind| *kind == FieldType::Integer) => {
                FieldType::Auto
            }
            _ => return Ok(()),
        };
        let key = self.model.fields.iter_mut().find(|field| field.primary_key && field.kind.is_auto());
        if let Some(key) = key
            && kinds.are_same(key.kind, auto)?
        {
            key.kind = auto;
        }
        Ok(())
    }

    /// The kinds of its columns that point to another table alone, and those tables.
    pub(super) fn pointing(&self) -> Vec<(String, FieldType)> {
        let kind = |key: &LiveKey| {
            let [column] = key.columns.as_slice() else { return None };
            let field = self.model.fields.iter().find(|field| field.column() == *column)?;
            Some((key.table.clone(), field.kind))
        };
        self.table.keys.iter().filter_map(kind).collect()
    }

    /// Its columns with their fields.
    pub(super) fn columns(&self) -> Vec<(String, String)> {
        let fields = self.model.fields.iter();
        fields.map(|field| (field.column(), field.name.clone())).collect()
    }

    pub(super) fn is_managed(&self) -> bool {
        self.model.options.managed != Some(false)
    }

    /// Makes a field of every column; gives the numbers of the checks that come with the types.
    fn fields(&mut self, names: Names<'_>, kinds: &mut Kinds<'_>) -> Result<BTreeSet<usize>> {
        let mut checks = BTreeSet::new();
        let mut taken = BTreeSet::new();
        let plain: BTreeSet<&str> = self.table.columns.iter().map(|column| column.name.as_str()).collect();
        for column in &self.table.columns {
            let found = kinds.find(self.table, column)?;
            checks.extend(found.checks);
            let is_model =
                |table: &String| names.models.contains_key(table.as_str()) || names.known.contains_key(table);
            let is_key = self.key_of(&column.name).is_some_and(|key| is_model(&key.table));
            let known = names.known.get(&self.table.name);
            let known =
                known.and_then(|model| model.fields.iter().find(|field| field.column() == column.name));
            let mut name = field_name(&column.name, is_key, names.is_reserved);
            if is_key && name != column.name && plain.contains(name.as_str()) {
                name = field_name(&column.name, false, names.is_reserved);
            }
            let name = known.map_or(name, |field| field.name.clone());
            let field = Field { name: free(name, &mut taken), ..found.field };
            self.model.fields.push(with_facts(field, column, kinds));
        }
        Ok(checks)
    }

    /// The only key that points from this column alone.
    fn key_of(&self, column: &str) -> Option<&'a LiveKey> {
        self.table.keys.iter().find(|key| key.columns == [column])
    }

    fn primary_key(&mut self) {
        let why = match self.table.primary_key.as_slice() {
            _ if self.table.relation != Relation::Table => "its model only names it",
            [column] => {
                if let Some(field) = self.model.fields.iter_mut().find(|field| field.column() == *column) {
                    field.primary_key = true;
                    return;
                }
                "its key is no column of it"
            }
            [] => "it has no primary key, and a model needs one",
            _ => "its primary key has several columns, and a model's has one",
        };
        self.model.options.managed = Some(false);
        let sql = match self.keys_stand_apart() {
            true => without_keys(&self.table.sql, self.backend.script_rules().syntax),
            false => self.table.sql.clone(),
        };
        self.unsaid.push(Unsaid::of_table(self.table, sql, why));
        let key = self.table.primary_key.first();
        let first = |field: &&mut Field| {
            field.kind != FieldType::Generated && key.is_none_or(|key| field.column() == *key)
        };
        if let Some(field) = self.model.fields.iter_mut().find(first) {
            (field.primary_key, field.null) = (true, false);
        }
    }

    /// Whether a key comes behind all tables where those that it needs are not made by models.
    fn keys_stand_apart(&self) -> bool {
        let features = self.backend.features();
        features.can_alter_foreign_keys && !features.can_point_ahead
    }

    fn indexes(&mut self) {
        for index in &self.table.indexes {
            let own = match index.parts.as_slice() {
                [IndexPart::Column { name, descending: false, opclass: None }] if is_plain(index) => {
                    let is_own = index.name == generated_name(&self.table.name, &[name], "");
                    self.model.fields.iter_mut().find(|field| is_own && field.column() == *name)
                }
                _ => None,
            };
            if let Some(field) = own {
                field.db_index = Some(true);
                continue;
            }
            match self.index(index) {
                Some(index) => self.model.options.indexes.push(index),
                None => {
                    let what = format!(
                        "index {} of {} names a column that is in no model",
                        index.name, self.table.name
                    );
                    self.unsaid.push(Unsaid::of_statement(self.table, what, &index.name, Stage::Rule, None));
                }
            }
        }
    }

    /// An index as a model says it: fields first, then expressions, among which a column is one by its name.
    fn index(&self, index: &TableIndex) -> Option<Index> {
        let is_expression = |part: &IndexPart| matches!(part, IndexPart::Expression(_));
        let first = index.parts.iter().position(is_expression).unwrap_or(index.parts.len());
        let (columns, expressions) = index.parts.split_at(first);
        let mut found = Index { name: index.name.clone(), method: index.method.clone(), ..Index::default() };
        for part in columns {
            let IndexPart::Column { name, descending, opclass } = part else { continue };
            let field = self.field_of(name)?;
            found.fields.push(format!("{}{field}", if *descending { "-" } else { "" }));
            found.opclasses.push(opclass.clone().unwrap_or_default());
        }
        if found.opclasses.iter().all(String::is_empty) {
            found.opclasses.clear();
        }
        for part in expressions {
            found.expressions.push(match part {
                IndexPart::Expression(sql) => SqlText::from(sql.as_str()),
                IndexPart::Column { name, .. } => SqlText::Same(self.backend.features().quote_name(name)),
            });
        }
        found.include = self.fields_of(&index.include)?;
        found.condition = index.condition.as_deref().map(SqlText::from);
        Some(found)
    }

    /// `taken`: the numbers of those that come with the types.
    fn constraints(&mut self, taken: &BTreeSet<usize>) {
        let left = self.table.constraints.iter().enumerate().filter(|(at, _)| !taken.contains(at));
        for (_, one) in left {
            let of_field = match &one.rule {
                Rule::Unique { columns, condition: None, deferrable: false, nulls_distinct: true } => {
                    self.own_unique(one, columns)
                }
                _ => None,
            };
            if let Some(field) = of_field {
                field.unique = true;
            } else if let Some(constraint) = self.constraint(one) {
                self.model.options.constraints.push(constraint);
            }
        }
    }

    /// The field of which a constraint says no more than that it is unique.
    fn own_unique(&mut self, one: &TableRule, columns: &[String]) -> Option<&mut Field> {
        let [column] = columns else { return None };
        let name = generated_name(&self.table.name, &[column], "_uniq");
        let is_own = one.name.is_empty() || one.name == name;
        self.model.fields.iter_mut().find(|field| is_own && field.column() == *column && !field.primary_key)
    }

    fn constraint(&self, one: &TableRule) -> Option<Constraint> {
        let rule = match &one.rule {
            Rule::Check(sql) => {
                Constraint { check: Some(SqlText::from(sql.as_str())), ..Constraint::default() }
            }
            Rule::Exclude(sql) => {
                Constraint { exclude: Some(SqlText::from(sql.as_str())), ..Constraint::default() }
            }
            Rule::Unique { columns, condition, deferrable, nulls_distinct } => Constraint {
                unique: self.fields_of(columns)?,
                condition: condition.as_deref().map(SqlText::from),
                deferrable: deferrable.then_some(true),
                nulls_distinct: (!nulls_distinct).then_some(false),
                ..Constraint::default()
            },
        };
        Some(Constraint { name: one.name.clone(), ..rule })
    }

    fn field_of(&self, column: &str) -> Option<String> {
        let mut fields = self.model.fields.iter();
        fields.find(|field| field.column().eq_ignore_ascii_case(column)).map(|field| field.name.clone())
    }

    fn fields_of(&self, columns: &[String]) -> Option<Vec<String>> {
        columns.iter().map(|column| self.field_of(column)).collect()
    }

    /// Parts of its definition that only a statement says.
    fn parts(&mut self) {
        let features = self.backend.features();
        let quote = |name: &str| features.quote_name(name);
        let can_add = features.can_alter_foreign_keys;
        let parts = self.table.unsaid.iter().map(|sql| Unsaid::of_rule(self.table, sql, &quote, can_add));
        self.unsaid.extend(parts);
        self.unsaid.extend(self.table.options.iter().map(|option| Unsaid::of_option(self.table, option)));
        self.unsaid.extend(self.table.remarks.iter().map(|remark| Unsaid::of_remark(self.table, remark)));
    }

    /// Makes keys of the fields whose columns point to something. `columns`: by table, columns and their fields.
    /// `unmade`: tables that models only name.
    pub(super) fn point(
        &mut self,
        names: Names<'_>,
        columns: &BTreeMap<String, Vec<(String, String)>>,
        unmade: &BTreeSet<String>,
    ) {
        let features = self.backend.features();
        let apart = self.keys_stand_apart();
        let quote = |name: &str| features.quote_name(name);
        let mut done: Vec<&str> = Vec::new();
        for key in &self.table.keys {
            let why = match self.pointed(key, names, columns) {
                Err(why) => why,
                Ok(_) if done.contains(&key.columns[0].as_str()) => "is not the only one of its column",
                Ok(to) => {
                    done.push(&key.columns[0]);
                    let field = self.model.fields.iter_mut().find(|field| field.column() == key.columns[0]);
                    let says_more = !key.unsaid.is_empty();
                    let is_made = names.makes_key(&self.table.name, &key.columns[0]);
                    let is_later = apart && unmade.contains(&key.table) && !is_made;
                    if let Some(field) = field {
                        to.apply(field, key, features.can_defer_constraints);
                        // What stands in the comment makes it.
                        let is_said = (says_more && features.can_alter_foreign_keys) || is_later;
                        field.db_constraint = is_said.then_some(false);
                    }
                    match (says_more, is_later || !self.is_managed()) {
                        (true, _) => "says more than a field can",
                        (_, true) => "needs a table that no model makes",
                        _ => continue,
                    }
                }
            };
            if self.is_managed() || apart {
                let can_add = features.can_alter_foreign_keys;
                self.unsaid.push(Unsaid::of_key(self.table, key, why, &quote, can_add));
            }
        }
        for field in &mut self.model.fields {
            let has_index = field.has_index();
            if field.kind.is_foreign_key() && field.db_index.is_none() && has_index {
                field.db_index = Some(false);
            }
            if field.kind == FieldType::ForeignKey && (field.unique || field.primary_key) {
                (field.kind, field.unique, field.db_index) = (FieldType::OneToOne, false, None);
            }
        }
    }

    /// What a key points to, or why no field can say it.
    fn pointed(
        &self,
        key: &LiveKey,
        names: Names<'_>,
        columns: &BTreeMap<String, Vec<(String, String)>>,
    ) -> std::result::Result<Pointed, &'static str> {
        let ([column], [target]) = (key.columns.as_slice(), key.targets.as_slice()) else {
            return Err("has several columns");
        };
        let field = self.model.fields.iter().find(|field| field.column() == *column);
        let field = field.ok_or("points from no column of a model")?;
        if field.kind == FieldType::Generated {
            return Err("points from a column that is computed");
        }
        if key.does("SET NULL") && !field.null {
            return Err("says SET NULL of a column that takes none");
        }
        if key.does("SET DEFAULT") && field.db_default.is_none() {
            return Err("says SET DEFAULT of a column without one");
        }
        if let Some(name) = names.models.get(key.table.as_str()) {
            let fields = columns.get(&key.table).map(Vec::as_slice).unwrap_or_default();
            let found = fields.iter().find(|(own, _)| own.eq_ignore_ascii_case(target));
            let (_, field) = found.ok_or("points to no column of a model")?;
            return Ok(Pointed { to: format!("{}.{name}", names.app), field: field.clone(), is_key: false });
        }
        let model = names.known.get(&key.table).ok_or("points to a table that is no model")?;
        let field = model.fields.iter().find(|field| field.column().eq_ignore_ascii_case(target));
        let field = field.ok_or("points to no field of a model")?;
        Ok(Pointed { to: model.label(), field: field.name.clone(), is_key: field.primary_key })
    }

    /// Leaves out what a key says anyway, and says the exact type and collation of every column that would have another.
    pub(super) fn spell_types(&mut self, backend: &dyn Backend, state: &ProjectState) -> MigrationResult<()> {
        let targets: Vec<Option<bool>> =
            self.model.fields.iter().map(|field| points_to_key(state, &self.model, field)).collect();
        for (field, is_key) in self.model.fields.iter_mut().zip(targets) {
            if is_key == Some(true) {
                field.to_field = None;
            }
        }
        let tables = Tables { backend, is_here: &|_| true };
        let problem = |problem: String| Error::NoWay { what: format!("table {}", self.table.name), problem };
        let made = tables.table(state, &self.model).map_err(problem)?;
        // What cannot be made here is left as it was read.
        let Ok(made) = expected(
            backend,
            &crate::backends::base::tables::Table { indexes: Vec::new(), constraints: Vec::new(), ..made },
        ) else {
            return Ok(());
        };
        for (field, column) in self.model.fields.iter_mut().zip(&self.table.columns) {
            let own = made.column(&column.name).map(|made| made.type_name.as_str());
            if own != Some(&*column.type_name) {
                field.db_type = Some(SqlText::from(column.type_name.as_str()));
            }
            let of_target = made.column(&column.name).and_then(|made| made.collation.as_ref());
            if field.kind.is_foreign_key() && of_target != column.collation.as_ref() {
                let usual = backend.features().default_collation.map(str::to_owned);
                field.db_collation = column.collation.clone().or(usual);
            }
        }
        Ok(())
    }
}

fn is_plain(index: &TableIndex) -> bool {
    index.condition.is_none() && index.include.is_empty() && index.method.is_none()
}

/// The field with what its column says besides its type.
fn with_facts(mut field: Field, column: &LiveColumn, kinds: &Kinds<'_>) -> Field {
    field.db_column = Some(column.name.clone());
    field.null = column.null;
    field.db_comment = column.comment.clone();
    if let Some(generated) = &column.generated {
        field.output = Some(field.kind);
        field.kind = FieldType::Generated;
        field.expression = Some(SqlText::from(generated.sql.as_str()));
        field.stored = Some(generated.stored);
    } else if !field.kind.is_auto() {
        field.db_default = column.default.as_deref().map(|sql| default(field.kind, sql, kinds));
    }
    let is_text = matches!(field.output.unwrap_or(field.kind), FieldType::Char | FieldType::Text);
    field.db_collation = column.collation.clone().filter(|_| is_text);
    field
}
