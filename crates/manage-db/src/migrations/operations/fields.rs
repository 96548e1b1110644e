//! Fields of models.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::change::Change;
use super::subjects::{List, Subjects};
use crate::migrations::hints::{Fill, Hints, RenamedField};
use crate::migrations::schema::Problem;
use crate::migrations::state::{ProjectState, no_field};
use crate::models::{Field, FieldType, ModelState};

/// Adds a column to a model's table, or the table of a many-to-many field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddField {
    /// Name of the model.
    pub model: String,
    /// The field.
    pub field: Field,
    /// False: the default serves only the rows that exist.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub preserve_default: bool,
}

/// Drops a column of a model's table, or the table of a many-to-many field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveField {
    /// Name of the model.
    pub model: String,
    /// Name of the field.
    pub name: String,
}

/// Makes a field what is said here. Columns that point to it follow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlterField {
    /// Name of the model.
    pub model: String,
    /// The field as it is afterwards, under the name that it has.
    pub field: Field,
    /// False: the default serves only the rows that exist.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub preserve_default: bool,
    /// Without blocking writers for long, where the database can: an index, a key or a rule that comes is built or checked
    /// beside them. The migration must say `atomic = false`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub concurrently: bool,
}

/// Lets two fields of a model take each other's name, at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SwapFields {
    /// Name of the model.
    pub model: String,
    /// Names of the two fields.
    pub fields: [String; 2],
}

/// Calls a field otherwise, with its column, and wherever the model names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameField {
    /// Name of the model.
    pub model: String,
    /// Name of the field before.
    pub from: String,
    /// Name of the field after.
    pub to: String,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_yes(truth: &bool) -> bool {
    *truth
}

/// The field as the state keeps it.
fn kept(field: &Field, app: &str, model: &ModelState, preserve_default: bool) -> Field {
    let mut field = field.clone();
    field.complete(app, &model.name);
    field.default = field.default.filter(|_| preserve_default);
    field
}

fn filled(app: &str, model: &str, field: &Field) -> Hints {
    let fill = Fill { app: app.to_owned(), model: model.to_owned(), field: field.clone() };
    Hints { fills: vec![fill], ..Hints::default() }
}

impl Change for AddField {
    fn describe(&self) -> String {
        format!("Add field {} to {}", self.field.name, self.model.to_lowercase())
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        state.change(app, &self.model, |model| {
            let field = kept(&self.field, app, model, self.preserve_default);
            if model.field(&field.name).is_some() {
                return Err(format!("model {} has a field `{}` already", model.label(), field.name));
            }
            check_only_key(model, &field)?;
            check_column(model, &field)?;
            model.fields.push(field);
            Ok(())
        })
    }

    fn hints(&self, app: &str) -> Hints {
        filled(app, &self.model, &self.field)
    }

    fn subjects(&self, app: &str) -> Option<Subjects> {
        let subjects = Subjects::parts(app, &self.model).with_field((app, &self.model), &self.field);
        Some(Subjects {
            adds_to: Some(List::Fields),
            claims: true,
            gives_key: self.field.primary_key,
            ..subjects
        })
    }
}

/// The key before has to go first: rows are known by one.
fn check_only_key(model: &ModelState, field: &Field) -> Result<(), Problem> {
    let key = model.primary_key().filter(|key| field.primary_key && key.name != field.name);
    key.map_or(Ok(()), |key| {
        Err(format!(
            "{}.{} cannot be the primary key beside `{}`: let that be none before, by AlterField or RemoveField in the same \
             migration",
            model.label(),
            field.name,
            key.name
        ))
    })
}

/// What points to a row by its key would point to another row, or to none.
fn check_no_pointers(state: &ProjectState, model: &ModelState) -> Result<(), Problem> {
    state.pointer_to_key(model).map_or(Ok(()), |field| {
        let key = model.primary_key().map_or("", |key| &key.name);
        Err(format!(
            "`{key}` has to stay the primary key of {}, because {field} points to it: let that point to a unique field \
             (`to_field`) or remove it before",
            model.label()
        ))
    })
}

fn check_column(model: &ModelState, field: &Field) -> Result<(), Problem> {
    let others = model.fields.iter().filter(|other| other.name != field.name && other.is_concrete());
    let is_taken = field.is_concrete() && others.map(Field::column).any(|column| column == field.column());
    match is_taken {
        true => Err(format!("{} has a column `{}` already", model.label(), field.column())),
        false => Ok(()),
    }
}

impl Change for RemoveField {
    fn describe(&self) -> String {
        format!("Remove field {} from {}", self.name, self.model.to_lowercase())
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        let model = state.require(app, &self.model)?;
        if let Some(field) = state.reference_to_field(model, &self.name) {
            return Err(format!("`{}` cannot be removed: {field} points to it", self.name));
        }
        if model.field(&self.name).is_some_and(|field| field.primary_key) {
            check_no_pointers(state, model)?;
        }
        state.change(app, &self.model, |model| {
            let position = model.fields.iter().position(|field| field.name == self.name);
            let position = position.ok_or_else(|| no_field(model, &self.name))?;
            let uses = |names: &[String]| names.iter().any(|name| name.trim_start_matches('-') == self.name);
            let index =
                model.options.indexes.iter().find(|index| uses(&index.fields) || uses(&index.include));
            let constraint = model.options.constraints.iter().find(|constraint| uses(&constraint.unique));
            let user = index.map(|index| ("index", &index.name));
            if let Some((kind, user)) = user.or(constraint.map(|constraint| ("constraint", &constraint.name)))
            {
                return Err(format!("`{}` is used by the {kind} {user}: remove that first", self.name));
            }
            model.fields.remove(position);
            Ok(())
        })
    }

    fn subjects(&self, app: &str) -> Option<Subjects> {
        let subjects = Subjects::parts(app, &self.model).with_fields([&self.name]);
        Some(Subjects { releases: true, claims: true, ..subjects })
    }
}

impl Change for AlterField {
    fn describe(&self) -> String {
        format!("Alter field {} on {}", self.field.name, self.model.to_lowercase())
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        let model = state.require(app, &self.model)?;
        if model.primary_key().is_some_and(|key| key.name == self.field.name && !self.field.primary_key) {
            check_no_pointers(state, model)?;
        }
        state.change(app, &self.model, |model| {
            let field = kept(&self.field, app, model, self.preserve_default);
            check_only_key(model, &field)?;
            check_column(model, &field)?;
            let position = model.fields.iter().position(|one| one.name == field.name);
            let position = position.ok_or_else(|| no_field(model, &field.name))?;
            let before = &model.fields[position];
            if let Some(problem) = unalterable(before, &field) {
                return Err(format!("{}.{}: {problem}", model.label(), field.name));
            }
            let (column, renamed) = (before.column(), field.column());
            model.fields[position] = field;
            model.rename_column(&column, &renamed);
            Ok(())
        })
    }

    fn hints(&self, app: &str) -> Hints {
        Hints { concurrently: self.concurrently, ..filled(app, &self.model, &self.field) }
    }

    fn subjects(&self, app: &str) -> Option<Subjects> {
        let field = &self.field;
        let subjects = Subjects::parts(app, &self.model).with_field((app, &self.model), field);
        let is_plain = !field.kind.is_relation() && !field.primary_key && field.db_column.is_none();
        // What it was before is not said: it may have pointed to anything.
        Some(Subjects { releases: true, claims: !is_plain, gives_key: field.primary_key, ..subjects })
    }
}

/// Why a field cannot become another in place, if it cannot.
fn unalterable(before: &Field, after: &Field) -> Option<&'static str> {
    let many = FieldType::ManyToMany;
    if (before.kind == many) != (after.kind == many) {
        Some(
            "a column cannot become a many-to-many field, nor the other way round: remove the field and add it anew",
        )
    } else if before.through.is_some() != after.through.is_some() {
        Some(
            "its pairs cannot move between a table of their own and that of a model (`through`): remove the field and add \
             it anew, with a RunSql that copies the pairs between",
        )
    } else {
        None
    }
}

impl Change for RenameField {
    fn describe(&self) -> String {
        format!("Rename field {} on {} to {}", self.from, self.model.to_lowercase(), self.to)
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        state.rename_field((app, &self.model), &self.from, &self.to)
    }

    fn hints(&self, app: &str) -> Hints {
        let [from, to] = [&self.from, &self.to].map(String::clone);
        let field = RenamedField { app: app.to_owned(), model: self.model.clone(), from, to };
        Hints { fields: vec![field], ..Hints::default() }
    }

    fn subjects(&self, app: &str) -> Option<Subjects> {
        Some(Subjects::whole(app, &self.model).with_fields([&self.from, &self.to]))
    }
}

/// A name that no field has, for the moment in which one has none.
const BETWEEN: &str = "swapped__";

impl Change for SwapFields {
    fn describe(&self) -> String {
        let [one, other] = &self.fields;
        format!("Swap fields {one} and {other} of {}", self.model.to_lowercase())
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        let [one, other] = &self.fields;
        let model = state.require(app, &self.model)?;
        for field in &self.fields {
            let found = model.field(field).ok_or_else(|| no_field(model, field))?;
            if found.primary_key || !found.is_concrete() || found.db_column.is_some() {
                return Err(format!(
                    "{}.{field} cannot be swapped: it is the primary key, has no column or says `db_column`",
                    model.label()
                ));
            }
            if let Some(pointing) = state.reference_to_field(model, field) {
                return Err(format!("`{field}` cannot be swapped: {pointing} points to it"));
            }
        }
        if one == other {
            return Err(format!("`{one}` cannot be swapped with itself"));
        }
        [(one.as_str(), BETWEEN), (other, one), (BETWEEN, other)]
            .into_iter()
            .try_for_each(|(from, to)| state.rename_field((app, &self.model), from, to))
    }

    fn hints(&self, app: &str) -> Hints {
        let [one, other] = &self.fields;
        let renamed = |from: &String, to: &String| RenamedField {
            app: app.to_owned(),
            model: self.model.clone(),
            from: from.clone(),
            to: to.clone(),
        };
        Hints { fields: vec![renamed(one, other), renamed(other, one)], ..Hints::default() }
    }

    fn subjects(&self, app: &str) -> Option<Subjects> {
        Some(Subjects::whole(app, &self.model).with_fields(&self.fields))
    }
}
