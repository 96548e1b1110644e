//! From models as the migrations leave them to models as they are now: operations, each of which makes sense where it
//! stands.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::changes::Changes;
use super::question::{Answer, Question};
use super::renames::{self, Candidate};
use super::wanted::{Pair, add_constraint, add_field, add_index};
use super::wish::Wish;
use crate::SqlText;
use crate::backends::base::mentions;
use crate::backends::base::names::in_free_order;
use crate::backends::base::tables::ColumnType;
use crate::migrations::constants::column_type;
use crate::migrations::error::Error;
use crate::migrations::operations::{
    AlterField, CreateModel, DeleteModel, MoveModel, Operation, RemoveField, RenameField, RenameModel,
};
use crate::migrations::state::ProjectState;
use crate::models::{DefaultValue, Field, FieldType, ModelState};

/// An operation that was found, and the models around it.
pub(super) struct Found {
    /// Label of the app in whose migrations it stands.
    pub app: String,
    /// The operation.
    pub operation: Operation,
    /// What it does to the models.
    pub changes: Changes,
}

/// An operation that is wanted, of an app.
type Wanted = (String, Operation);

/// What becomes of fields: of primary keys, and of others.
#[derive(Default)]
struct OfFields {
    keys: Vec<Wanted>,
    removed: Vec<Wanted>,
    added: Vec<Wanted>,
}

/// Looks for what brings `current` to `target`.
pub(super) struct Detector<'a, A> {
    current: ProjectState,
    target: &'a ProjectState,
    /// What somebody said, and was not done yet.
    wishes: Vec<&'a Wish>,
    /// App and name of models before and after.
    called: Vec<[(String, String); 2]>,
    ask: A,
    found: Vec<Found>,
}

impl<'a, A, E> Detector<'a, A>
where
    A: FnMut(&Question) -> Result<Answer, E>,
    E: From<Error>,
{
    /// From the one to the other; `ask` is asked what only a person knows and `wishes` do not tell.
    pub(super) fn new(before: &ProjectState, target: &'a ProjectState, wishes: &'a [Wish], ask: A) -> Self {
        let wishes = wishes.iter().collect();
        Self { current: before.clone(), target, wishes, called: Vec::new(), ask, found: Vec::new() }
    }

    /// All operations in an order in which they make sense.
    ///
    /// # Errors
    /// Those of `ask`; [`Error::NoWay`] where the models cannot become what they are to be.
    pub(super) fn detect(mut self) -> Result<Vec<Found>, E> {
        self.rename_models()?;
        self.rename_fields()?;
        if let Some(wish) = self.wishes.first() {
            return Err(no_way(
                &wish.to_string(),
                "there is no such name any more, or none that it could become",
            ));
        }
        let wanted = self.wanted()?;
        self.order(wanted)?;
        match self.pairs().into_iter().find(|pair| !pair.is_done()) {
            Some(pair) => Err(no_way(&pair.after.label(), "its migrations would leave it otherwise")),
            None => Ok(self.found),
        }
    }

    /// Takes an operation up; what is wrong with it at this point otherwise.
    fn take(&mut self, app: &str, operation: &Operation) -> Result<(), String> {
        let mut after = self.current.clone();
        operation.change().state_forwards(app, &mut after)?;
        if let Some(problem) = dangling(operation, app, &after) {
            return Err(problem);
        }
        let changes = Changes::between(&self.current, &after);
        self.current = after;
        self.found.push(Found { app: app.to_owned(), operation: operation.clone(), changes });
        Ok(())
    }

    fn must_take(&mut self, app: &str, operation: &Operation) -> Result<(), E> {
        let name = operation.change().describe();
        self.take(app, operation).map_err(|problem| no_way(&name, &problem))
    }

    fn is_yes(&mut self, question: &Question) -> Result<bool, E> {
        Ok((self.ask)(question)? == Answer::Yes)
    }

    /// Models that are called otherwise: where only the case differs, nobody is asked.
    fn rename_models(&mut self) -> Result<(), E> {
        let recased: Vec<(String, String, String)> = self
            .pairs()
            .iter()
            .filter(|pair| pair.before.name != pair.after.name)
            .map(|pair| (pair.after.app.clone(), pair.before.name.clone(), pair.after.name.clone()))
            .collect();
        for (app, from, to) in recased {
            self.must_take(&app, &Operation::RenameModel(RenameModel { from, to }))?;
        }
        self.rename_as_wished()?;
        let (mut gone, mut come) = (Vec::new(), Vec::new());
        for Candidate { before, after, .. } in renames::of_state(&self.current, self.target) {
            if gone.contains(&before.label()) || come.contains(&after.label()) {
                continue;
            }
            if !self.is_yes(&renames::question(&before, &after))? {
                continue;
            }
            gone.push(before.label());
            come.push(after.label());
            self.called.push([&before, &after].map(|model| (model.app.clone(), model.name.clone())));
            let operation = match before.app == after.app {
                true => {
                    Operation::RenameModel(RenameModel { from: before.name.clone(), to: after.name.clone() })
                }
                false => {
                    Operation::MoveModel(MoveModel { model: before.name.clone(), to_app: after.app.clone() })
                }
            };
            self.must_take(&before.app, &operation)?;
        }
        Ok(())
    }

    /// Models that somebody said are called otherwise, or have moved.
    fn rename_as_wished(&mut self) -> Result<(), E> {
        let (wishes, others): (Vec<&Wish>, Vec<&Wish>) = std::mem::take(&mut self.wishes)
            .into_iter()
            .partition(|wish| wish.field.is_none() && wish.fits(&self.current, self.target));
        self.wishes = others;
        let mut names: BTreeMap<&str, Vec<(String, String)>> = BTreeMap::new();
        for wish in wishes {
            let (app, name) = wish.target();
            let pair = [(wish.app.as_str(), wish.model.as_str()), (app, name)];
            self.called.push(pair.map(|(app, name)| (app.to_owned(), name.to_owned())));
            if app != wish.app {
                let (model, to_app) = (wish.model.clone(), app.to_owned());
                self.must_take(&wish.app, &Operation::MoveModel(MoveModel { model, to_app }))?;
            }
            if name != wish.model {
                names.entry(app).or_default().push((wish.model.clone(), name.to_owned()));
            }
        }
        for (app, pairs) in names {
            for (from, to) in in_free_order(pairs, "Between", str::eq_ignore_ascii_case) {
                self.must_take(app, &Operation::RenameModel(RenameModel { from, to }))?;
            }
        }
        Ok(())
    }

    fn fields_as_wished(&mut self, pair: &Pair) -> Result<(), E> {
        let (app, model) = (&pair.after.app, &pair.after.name);
        let is = |label: &(String, String), app: &str, model: &str| {
            label.0 == app && label.1.eq_ignore_ascii_case(model)
        };
        let before = self.called.iter().find(|[_, to]| is(to, app, model)).map(|[from, _]| from.clone());
        // The model may be named as it was, or as it is.
        let is_this = |wish: &Wish| {
            is(&(wish.app.clone(), wish.model.clone()), app, model)
                || before.as_ref().is_some_and(|before| is(before, &wish.app, &wish.model))
        };
        let fits = |wish: &&Wish| {
            let has =
                |field: &String| pair.before.field(field).is_some() && pair.after.field(&wish.to).is_some();
            is_this(wish) && wish.field.as_ref().is_some_and(has)
        };
        let (wishes, others): (Vec<&Wish>, Vec<&Wish>) =
            std::mem::take(&mut self.wishes).into_iter().partition(fits);
        self.wishes = others;
        let pairs = wishes.iter().filter_map(|wish| Some((wish.field.clone()?, wish.to.clone()))).collect();
        for (from, to) in in_free_order(pairs, "_between", str::eq_ignore_ascii_case) {
            let model = model.clone();
            self.must_take(app, &Operation::RenameField(RenameField { model, from, to }))?;
        }
        Ok(())
    }

    fn rename_fields(&mut self) -> Result<(), E> {
        for pair in self.pairs() {
            self.fields_as_wished(&pair)?;
        }
        for pair in self.pairs() {
            let (mut gone, mut come) = (Vec::new(), Vec::new());
            for Candidate { before, after, .. } in renames::of_model(&pair.before, &pair.after) {
                if gone.contains(&before.name) || come.contains(&after.name) {
                    continue;
                }
                let (model, from) = (pair.after.label(), before.name.clone());
                if self.is_yes(&Question::RenamedField { model, from, to: after.clone() })? {
                    let (from, to, model) =
                        (before.name.clone(), after.name.clone(), pair.after.name.clone());
                    self.must_take(
                        &pair.after.app,
                        &Operation::RenameField(RenameField { model, from, to }),
                    )?;
                    gone.push(before.name);
                    come.push(after.name);
                }
            }
        }
        Ok(())
    }

    /// Models that are there and stay.
    fn pairs(&self) -> Vec<Pair> {
        let pair = |after: &Arc<ModelState>| {
            let before = Arc::clone(self.current.get(&after.app, &after.name)?);
            Some(Pair { before, after: Arc::clone(after), replaced: Vec::new() })
        };
        self.target.models().filter_map(pair).collect()
    }

    /// Everything that is left to be done, in the order in which it is tried.
    fn wanted(&mut self) -> Result<Vec<Wanted>, E> {
        let mut pairs = self.pairs();
        let of_fields = self.of_fields(&mut pairs)?;
        let of = |operations: fn(&Pair) -> Vec<Operation>| {
            let of_pair = move |pair: &Pair| {
                let app = pair.after.app.clone();
                operations(pair).into_iter().map(move |operation| (app.clone(), operation))
            };
            pairs.iter().flat_map(of_pair).collect::<Vec<Wanted>>()
        };
        let OfFields { keys, removed, added } = of_fields;
        let mut wanted = of(Pair::drop_rules);
        wanted.extend(keys);
        let come = self.target.models().filter(|model| self.current.get(&model.app, &model.name).is_none());
        wanted.extend(come.map(|model| {
            (model.app.clone(), Operation::CreateModel(CreateModel { model: ModelState::clone(model) }))
        }));
        wanted.extend(of(Pair::alter_options));
        wanted.extend(removed);
        let gone = self.current.models().filter(|model| self.target.get(&model.app, &model.name).is_none());
        wanted.extend(gone.map(|model| {
            (model.app.clone(), Operation::DeleteModel(DeleteModel { model: model.name.clone() }))
        }));
        wanted.extend(added);
        wanted.extend(of(Pair::add_rules));
        Ok(wanted)
    }

    /// What becomes of the fields of models that stay.
    fn of_fields(&mut self, pairs: &mut [Pair]) -> Result<OfFields, E> {
        let mut found = OfFields::default();
        for pair in pairs {
            let (removes, others) = self.fields(pair)?;
            for (operations, all) in [(removes, &mut found.removed), (others, &mut found.added)] {
                // What points to a row needs to know by what rows are known.
                let own = |operation| (pair.after.app.clone(), operation);
                let (of_keys, rest): (Vec<_>, Vec<_>) =
                    operations.into_iter().partition(|operation| pair.is_about_key(operation));
                found.keys.extend(of_keys.into_iter().map(own));
                all.extend(rest.into_iter().map(own));
            }
        }
        Ok(found)
    }

    /// What takes fields of a model away, and what brings and changes them.
    fn fields(&mut self, pair: &mut Pair) -> Result<(Vec<Operation>, Vec<Operation>), E> {
        self.replace(pair)?;
        let pair = &*pair;
        let model = || pair.after.name.clone();
        let remove = |name: &str| {
            Operation::RemoveField(RemoveField { model: pair.after.name.clone(), name: name.to_owned() })
        };
        let mut removes: Vec<Operation> = pair.gone().map(|field| remove(&field.name)).collect();
        let mut others = Vec::new();
        for field in pair.come() {
            others.push(self.added(&pair.after, field)?);
        }
        for field in pair.replaced.iter().filter_map(|name| pair.after.field(name)) {
            removes.push(remove(&field.name));
            others.push(self.added(&pair.after, field)?);
        }
        for (before, after) in pair.altered().filter(|(_, after)| !pair.replaced.contains(&after.name)) {
            let (field, preserve_default) = self.filled(&pair.after, after, before.null)?;
            others.push(Operation::AlterField(AlterField {
                model: model(),
                field,
                preserve_default,
                concurrently: false,
            }));
        }
        // What is computed goes before what it is computed from, and comes behind it.
        let is_computed = |name: &str, model: &ModelState| model.field(name).is_some_and(is_computed);
        removes.sort_by_key(|operation| match operation {
            Operation::RemoveField(remove) => !is_computed(&remove.name, &pair.before),
            _ => true,
        });
        others.sort_by_key(|operation| {
            operation.field().is_some_and(|field| is_computed(&field.name, &pair.after))
        });
        Ok((removes, others))
    }

    /// Notes the fields that go and come anew: those whose values cannot become what they are to be, where somebody says
    /// that they may be lost, and what is computed otherwise or from something that goes.
    fn replace(&mut self, pair: &mut Pair) -> Result<(), E> {
        let (computed, given): (Vec<_>, Vec<_>) = pair
            .altered()
            .map(|(before, after)| (before.clone(), after.clone()))
            .partition(|(before, after)| is_computed(before) && is_computed(after));
        for (before, after) in given {
            if self.becomes(pair, &before, &after) {
                continue;
            }
            let (model, field) = (pair.after.label(), after.name.clone());
            let question = Question::Replaced { model, field, from: before.kind, to: after.kind };
            if !self.is_yes(&question)? {
                let problem = format!("a {:?} cannot become a {:?}", before.kind, after.kind);
                return Err(no_way(&format!("{}.{}", pair.after.label(), after.name), &problem));
            }
            pair.replaced.push(after.name);
        }
        pair.replaced.extend(computed.into_iter().map(|(_, after)| after.name));
        let reads_lost = |field: &&Field| {
            pair.after.field(&field.name).is_some()
                && !pair.replaced.contains(&field.name)
                && field.expression.as_ref().is_some_and(|sql| pair.says_lost(sql))
        };
        let found: Vec<String> =
            pair.before.fields.iter().filter(reads_lost).map(|field| field.name.clone()).collect();
        pair.replaced.extend(found);
        Ok(())
    }

    /// Whether a field can become another in place, with its values.
    fn becomes(&self, pair: &Pair, before: &Field, after: &Field) -> bool {
        let many = FieldType::ManyToMany;
        if before.kind == many || after.kind == many {
            return before.kind == after.kind && before.through == after.through && before.to == after.to;
        }
        let types =
            value_type(&self.current, &pair.before, before).zip(value_type(self.target, &pair.after, after));
        is_computed(before) == is_computed(after) && types.is_none_or(|(old, new)| old.converts_to(new))
    }

    fn added(&mut self, model: &ModelState, field: &Field) -> Result<Operation, E> {
        let needs_value = field.is_concrete() && field.kind != FieldType::Generated && !field.kind.is_auto();
        match needs_value {
            false => Ok(add_field(model, field, true)),
            true => {
                let (field, preserve_default) = self.value_of_rows(model, field, true)?;
                Ok(add_field(model, &field, preserve_default))
            }
        }
    }

    /// The field with what rows get that were NULL.
    fn filled(&mut self, model: &ModelState, field: &Field, was_null: bool) -> Result<(Field, bool), E> {
        match was_null && !field.null {
            true => self.value_of_rows(model, field, false),
            false => Ok((field.clone(), true)),
        }
    }

    /// The field with a default for the rows that exist, and whether that is its own.
    fn value_of_rows(&mut self, model: &ModelState, field: &Field, is_new: bool) -> Result<(Field, bool), E> {
        if field.null || field.default.is_some() || field.db_default.is_some() {
            return Ok((field.clone(), true));
        }
        let question = Question::Default { model: model.label(), field: field.clone(), is_new };
        let default: Option<DefaultValue> = match (self.ask)(&question)? {
            Answer::Value(value) => Some(value),
            Answer::Yes | Answer::No => None,
        };
        let is_own = default.is_none();
        Ok((Field { default, ..field.clone() }, is_own))
    }

    /// Takes the operations up, each as soon as it makes sense. Where none does, models that point to each other in a
    /// circle are made without the fields that do, and taken away behind them.
    fn order(&mut self, mut waiting: Vec<Wanted>) -> Result<(), E> {
        while !waiting.is_empty() {
            let before = waiting.len();
            let mut problems = Vec::new();
            let mut left = Vec::new();
            for (app, operation) in waiting {
                if let Err(problem) = self.take(&app, &operation) {
                    problems.push((operation.change().describe(), problem));
                    left.push((app, operation));
                }
            }
            waiting = left;
            if waiting.len() == before && !self.open_circle(&mut waiting) {
                let (what, problem) = problems.into_iter().next().unwrap_or_default();
                return Err(no_way(&what, &problem));
            }
        }
        Ok(())
    }

    /// Whether a circle was there, and is open now.
    fn open_circle(&self, waiting: &mut Vec<Wanted>) -> bool {
        for position in 0..waiting.len() {
            let (app, operation) = &waiting[position];
            match operation {
                Operation::CreateModel(CreateModel { model }) => {
                    let Some((smaller, rest)) = without_dangling(model, &self.current) else { continue };
                    let rest: Vec<Wanted> = rest.into_iter().map(|one| (app.clone(), one)).collect();
                    waiting[position].1 = Operation::CreateModel(CreateModel { model: smaller });
                    waiting.extend(rest);
                    return true;
                }
                Operation::DeleteModel(DeleteModel { model }) => {
                    let Some(operations) = self.without_keys(app, model) else { continue };
                    let operations: Vec<Wanted> =
                        operations.into_iter().map(|one| (app.clone(), one)).collect();
                    waiting.splice(position..position, operations);
                    return true;
                }
                _ => {}
            }
        }
        false
    }

    /// What takes the fields away by which a model points to others; none where it points to none.
    fn without_keys(&self, app: &str, name: &str) -> Option<Vec<Operation>> {
        let model = self.current.get(app, name)?;
        let points = |field: &&Field| field.targets().any(|to| to != "self");
        let keys: Vec<&Field> = model.fields.iter().filter(points).collect();
        if keys.is_empty() {
            return None;
        }
        let mut bare = ModelState::clone(model);
        bare.fields.retain(|field| !keys.iter().any(|key| key.name == field.name));
        bare.options
            .indexes
            .retain(|index| bare_has(&bare.fields, index.fields.iter().chain(&index.include)));
        bare.options.constraints.retain(|one| bare_has(&bare.fields, one.unique.iter()));
        let pair = Pair { before: Arc::clone(model), after: Arc::new(bare), replaced: Vec::new() };
        let mut operations = pair.drop_rules();
        operations.extend(pair.gone().map(|field| {
            Operation::RemoveField(RemoveField { model: name.to_owned(), name: field.name.clone() })
        }));
        Some(operations)
    }
}

fn bare_has<'a>(fields: &[Field], mut names: impl Iterator<Item = &'a String>) -> bool {
    names.all(|name| fields.iter().any(|field| field.name == name.trim_start_matches('-')))
}

fn no_way<E: From<Error>>(what: &str, problem: &str) -> E {
    Error::NoWay { what: what.to_owned(), problem: problem.to_owned() }.into()
}

/// The type of a field's values, at the end of the keys that lead there.
fn value_type(state: &ProjectState, model: &ModelState, field: &Field) -> Option<ColumnType> {
    let (mut model, mut field) = (model, field);
    // Keys that lead to themselves have no type.
    for _ in 0..state.models().count() {
        if !field.kind.is_foreign_key() {
            return column_type(field);
        }
        let target = state.target(model, field.to.as_deref()?)?;
        field = match &field.to_field {
            Some(name) => target.field(name)?,
            None => target.primary_key()?,
        };
        model = target;
    }
    None
}

/// Whether the values of a field are computed from others, so that none are lost.
fn is_computed(field: &Field) -> bool {
    field.kind == FieldType::Generated
}

/// A field of the operation that points to nothing at this point.
fn dangling(operation: &Operation, app: &str, state: &ProjectState) -> Option<String> {
    let (model, fields) = match operation {
        Operation::CreateModel(CreateModel { model }) => {
            (state.get(app, &model.name)?, model.fields.as_slice())
        }
        other => {
            let field = other.field()?;
            let model = match other {
                Operation::AddField(add) => &add.model,
                Operation::AlterField(alter) => &alter.model,
                _ => return None,
            };
            (state.get(app, model)?, std::slice::from_ref(field))
        }
    };
    fields.iter().find_map(|field| problem_of(model, field, state))
}

fn problem_of(model: &ModelState, field: &Field, state: &ProjectState) -> Option<String> {
    for to in field.targets() {
        let Some(target) = state.target(model, to) else {
            return Some(format!("{}.{} points to {to}, which does not exist", model.label(), field.name));
        };
        if let Some(name) = field.to_field.as_deref().filter(|name| target.field(name).is_none()) {
            let place = format!("{}.{}", model.label(), field.name);
            return Some(format!("{place} points to {to}.{name}, which does not exist"));
        }
    }
    None
}

/// The model without the fields that point to what is not there, and without what names them, and the operations that bring
/// those; none where all is there.
fn without_dangling(model: &ModelState, state: &ProjectState) -> Option<(ModelState, Vec<Operation>)> {
    let mut with_itself = state.clone();
    with_itself.add(model.clone()).ok()?;
    let dangles = |field: &&Field| problem_of(model, field, &with_itself).is_some();
    let keys: Vec<&Field> = model.fields.iter().filter(dangles).collect();
    if keys.is_empty() {
        return None;
    }
    let names: Vec<&str> = keys.iter().map(|field| field.name.as_str()).collect();
    let columns: Vec<String> = keys.iter().map(|field| field.column()).collect();
    let says = |sql: &SqlText| columns.iter().any(|column| sql.texts().any(|text| mentions(text, column)));
    let is_left_out =
        |field: &Field| names.contains(&field.name.as_str()) || field.expression.as_ref().is_some_and(says);
    let is_named = |name: &String| names.contains(&name.trim_start_matches('-'));
    let (left_out, kept): (Vec<Field>, Vec<Field>) = model.fields.iter().cloned().partition(is_left_out);
    let mut smaller = ModelState { fields: kept, ..model.clone() };
    let (options, mut rest) = (&mut smaller.options, Vec::new());
    rest.extend(left_out.iter().map(|field| add_field(model, field, true)));
    options.indexes.retain(|index| {
        let mut texts = index.expressions.iter().chain(&index.condition);
        let uses = index.fields.iter().chain(&index.include).any(is_named) || texts.any(says);
        if uses {
            rest.push(add_index(model, index));
        }
        !uses
    });
    options.constraints.retain(|one| {
        let mut texts = [&one.check, &one.exclude, &one.condition].into_iter().flatten();
        let uses = one.unique.iter().any(is_named) || texts.any(says);
        if uses {
            rest.push(add_constraint(model, one));
        }
        !uses
    });
    Some((smaller, rest))
}
