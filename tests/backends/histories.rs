//! Histories that nobody thought of: made by chance, and the same for the same seed.
//!
//! Each is applied with rows in the tables, undone and applied again. At its end the tables are those that the last
//! state makes anew.

use std::collections::{BTreeMap, BTreeSet};

use manage::db::backends::base::Features;
use manage::db::introspection::{Difference, LiveTable};
use manage::db::migrations::autodetector::{Answer, Naming, Question, Replayed, changes};
use manage::db::migrations::inspector::{Choice, inspect};
use manage::db::migrations::operations::{
    AddConstraint, AddField, AddIndex, AlterConstraint, AlterField, AlterModelOptions, AlterModelTable,
    AlterModelTableComment, CreateModel, DeleteModel, MoveModel, Operation, RemoveConstraint, RemoveField,
    RemoveIndex, RenameField, RenameIndex, RenameModel,
};
use manage::db::migrations::squasher::{HowToSquash, squash};
use manage::db::migrations::{
    Error, Functions, Graph, Key, Located, Migration, ProjectState, Reference, Request, Target, Work, drift,
    is_bookkeeping, load, run, write, write_models,
};
use manage::db::models::{
    Constraint, DefaultValue, Field, FieldType, Index, ModelState, OnDelete, Options, declared,
};
use manage::db::{Connections, DatabaseSettings, Folder, Router};

use crate::support::{Kind, TestDatabase, on_every_database, schema};

/// As many as take seconds. One that fails is named in what the test writes, and is kept below.
const SEEDS: std::ops::Range<u64> = 1..33;

/// Beyond them, those that once found something.
const KEPT: [u64; 0] = [];

/// Those that once found something wrong with what is found between models.
const KEPT_OF_MODELS: [u64; 2] = [51, 108];

/// Migrations of one history.
const LENGTH: usize = 6;

const APP: &str = "shop";

/// The app that models move to. Nothing becomes of them there.
const OTHER: &str = "store";

/// Numbers that look like chance (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap() % end
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    fn of<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        if items.is_empty() { None } else { Some(&items[self.below(items.len())]) }
    }
}

/// Kinds whose values 0 and 1 mean the same in all of them.
const WHOLE: [FieldType; 6] = [
    FieldType::SmallInteger,
    FieldType::Integer,
    FieldType::BigInteger,
    FieldType::PositiveInteger,
    FieldType::Char,
    FieldType::Text,
];

const BROKEN: [FieldType; 3] = [FieldType::Integer, FieldType::Decimal, FieldType::Float];

const OTHERS: [FieldType; 7] = [
    FieldType::Boolean,
    FieldType::Date,
    FieldType::DateTime,
    FieldType::Uuid,
    FieldType::Json,
    FieldType::Email,
    FieldType::Slug,
];

struct Maker {
    random: Random,
    features: &'static Features,
    state: ProjectState,
    count: usize,
}

impl Maker {
    fn name(&mut self, beginning: &str) -> String {
        self.count += 1;
        format!("{beginning}{}", self.count)
    }

    /// A model of either app, to point to.
    fn target(&mut self) -> Option<ModelState> {
        let models: Vec<_> = self.state.models().cloned().collect();
        self.random.of(&models).map(|model| ModelState::clone(model))
    }

    /// A model that migrations can change.
    fn model(&mut self) -> Option<ModelState> {
        let models: Vec<_> = self.state.models().filter(|model| model.app == APP).cloned().collect();
        self.random.of(&models).map(|model| ModelState::clone(model))
    }

    /// A kind with what it needs. Rows that exist can have it.
    fn of_kind(&mut self, name: &str, kind: FieldType) -> Field {
        let mut field = Field::new(name, kind);
        match kind {
            FieldType::Char => field.max_length = Some(10 + u32::try_from(self.random.below(3)).unwrap()),
            FieldType::Decimal => {
                (field.max_digits, field.decimal_places) =
                    (Some(8 + u32::try_from(self.random.below(3)).unwrap()), Some(2));
            }
            _ => {}
        }
        field.null = true;
        if is_number(kind) {
            let one = || Some(DefaultValue::Literal(toml::Value::Integer(1)));
            match self.random.below(3) {
                0 => (field.default, field.null) = (one(), false),
                1 => (field.db_default, field.null) = (one(), false),
                _ => {}
            }
        }
        if kind == FieldType::Char {
            let one = || Some(DefaultValue::Literal(toml::Value::String("1".to_owned())));
            (field.default, field.null) = (one(), self.random.coin());
            field.db_collation = self.collation();
        }
        field
    }

    fn collation(&mut self) -> Option<String> {
        let name = match self.features.dialect {
            "postgresql" => "C",
            "mysql" => "utf8mb4_bin",
            _ => "NOCASE",
        };
        (self.random.below(4) == 0).then(|| name.to_owned())
    }

    fn field(&mut self) -> Field {
        let name = self.name("f");
        let kinds: &[FieldType] = match self.random.below(3) {
            0 => &OTHERS,
            1 => &BROKEN,
            _ => &WHOLE,
        };
        let kind = *self.random.of(kinds).unwrap();
        let mut field = self.of_kind(&name, kind);
        let can_be_indexed = !matches!(kind, FieldType::Text | FieldType::Json);
        match self.random.below(6) {
            0 if can_be_indexed => field.unique = true,
            1 if can_be_indexed => field.db_index = Some(true),
            2 => field.db_column = Some(self.name("c")),
            3 => field.db_comment = Some("it's a remark".to_owned()),
            _ => {}
        }
        field
    }

    fn key(&mut self) -> Option<Field> {
        let target = self.target()?;
        let name = self.name("k");
        let kind = if self.random.below(4) == 0 { FieldType::OneToOne } else { FieldType::ForeignKey };
        let mut field = Field::new(&name, kind);
        field.to = Some(target.label());
        field.null = true;
        field.on_delete =
            *self.random.of(&[None, Some(OnDelete::SetNull), Some(OnDelete::Restrict)]).unwrap();
        if self.random.below(5) == 0 {
            field.db_constraint = Some(false);
        }
        if self.random.below(5) == 0 {
            field.db_index = Some(false);
        }
        let unique = target
            .fields
            .iter()
            .filter(|field| field.unique && (is_number(field.kind) || field.kind == FieldType::Char));
        let unique: Vec<String> = unique.map(|field| field.name.clone()).collect();
        if self.random.coin() {
            field.to_field = self.random.of(&unique).cloned();
        }
        Some(field)
    }

    /// A field of the model for which this holds.
    fn pick(&mut self, model: &ModelState, is_meant: impl Fn(&Field) -> bool) -> Option<Field> {
        let fields: Vec<&Field> = model.fields.iter().filter(|field| is_meant(field)).collect();
        self.random.of(&fields).map(|field| Field::clone(field))
    }

    fn operations(&mut self) -> Option<Vec<Operation>> {
        let number = self.state.models().filter(|model| model.app == APP).count();
        let choice = if number == 0 { 0 } else { self.random.below(33) };
        let model = self.model();
        let of = model.as_ref().map(|model| model.name.clone()).unwrap_or_default();
        Some(match choice {
            0 | 1 if number < 5 => vec![self.create()],
            2 if number > 2 => vec![Operation::DeleteModel(DeleteModel { model: of })],
            3 => {
                let to = self.name("Model");
                vec![Operation::RenameModel(RenameModel { from: of, to })]
            }
            4 => {
                let table = self.random.coin().then(|| self.name("table"));
                vec![Operation::AlterModelTable(AlterModelTable { model: of, table })]
            }
            5 => {
                let comment = self.random.coin().then(|| self.name("comment"));
                vec![Operation::AlterModelTableComment(AlterModelTableComment { model: of, comment })]
            }
            6 => vec![Operation::AlterModelOptions(AlterModelOptions {
                model: of,
                ordering: vec!["-id".to_owned()],
                permissions: Vec::new(),
                verbose_name: None,
                verbose_name_plural: None,
                managed: None,
            })],
            7 | 8 => vec![add(of, self.field())],
            9 => vec![add(of, self.key()?)],
            10 => {
                let mut field = Field::new(&self.name("m"), FieldType::ManyToMany);
                field.to = Some(self.target()?.label());
                if self.random.below(3) == 0 {
                    field.through = Some(self.target()?.label());
                }
                vec![add(of, field)]
            }
            11 => {
                let model = model?;
                let is_meant = |field: &Field| {
                    !field.primary_key && !is_mentioned(&model, field) && can_come_back(field)
                };
                let name = self.pick(&model, is_meant)?.name;
                vec![Operation::RemoveField(RemoveField { model: of, name })]
            }
            12..=14 | 24..=28 => vec![self.alter(&model?)?],
            15 => {
                let from = self.pick(&model?, |field| !field.primary_key)?.name;
                let to = self.name("r");
                vec![Operation::RenameField(RenameField { model: of, from, to })]
            }
            16 => self.swap(&model?)?,
            29 | 32 if number > 1 => {
                vec![Operation::MoveModel(MoveModel { model: of, to_app: OTHER.to_owned() })]
            }
            30 => self.rename_and_alter(&model?)?,
            31 => self.exchange_keys(&model?)?,
            17 | 18 => {
                let index = self.index(&model?)?;
                vec![Operation::AddIndex(AddIndex { model: of, index, concurrently: false })]
            }
            19 => {
                let from = self.random.of(&model?.options.indexes)?.name.clone();
                let to = self.name("i");
                vec![Operation::RenameIndex(RenameIndex { model: of, from, to })]
            }
            20 => {
                let name = self.random.of(&model?.options.indexes)?.name.clone();
                vec![Operation::RemoveIndex(RemoveIndex { model: of, name, concurrently: false })]
            }
            21 => {
                let constraint = self.constraint(&model?)?;
                vec![Operation::AddConstraint(AddConstraint { model: of, constraint, not_valid: false })]
            }
            22 => {
                let options = model.as_ref()?.options.clone();
                let name = self.random.of(&options.constraints)?.name.clone();
                if self.random.coin() {
                    vec![Operation::RemoveConstraint(RemoveConstraint { model: of, name })]
                } else {
                    let constraint = Constraint { name, ..self.constraint(&model?)? };
                    vec![Operation::AlterConstraint(AlterConstraint { model: of, constraint })]
                }
            }
            _ => vec![add(of, self.generated(&model?)?)],
        })
    }

    fn create(&mut self) -> Operation {
        let name = self.name("Model");
        let fields = (0..=self.random.below(3)).map(|_| self.field()).collect();
        let mut model = ModelState { app: APP.to_owned(), name, fields, options: Options::default() };
        if self.random.coin() {
            let mut id = Field::new("id", FieldType::Auto);
            id.primary_key = true;
            model.fields.insert(0, id);
        }
        model.complete();
        Operation::CreateModel(CreateModel { model })
    }

    /// One fact of a field becomes another.
    fn alter(&mut self, model: &ModelState) -> Option<Operation> {
        let mut field = self.pick(model, |field| field.kind != FieldType::Generated)?;
        let (kind, is_free) =
            (field.kind, !is_mentioned(model, &field) && !is_target(&self.state, model, &field));
        let is_listed = model.options.indexes.iter().any(|index| uses(&index.fields, &field.name))
            || model.options.constraints.iter().any(|rule| uses(&rule.unique, &field.name))
            || field.unique
            || field.db_index == Some(true);
        let choice = self.random.below(10);
        if field.primary_key {
            if !kind.is_auto() {
                return None;
            }
            field.kind = *self.random.of(&[FieldType::SmallAuto, FieldType::Auto, FieldType::BigAuto])?;
        } else if kind == FieldType::ManyToMany {
            if field.through.is_some() {
                field.through = Some(self.target()?.label());
            } else if self.random.coin() {
                field.to = Some(self.target()?.label());
            } else {
                field.db_table = self.random.coin().then(|| self.name("pairs"));
            }
        } else {
            match choice {
                0 | 1 => {
                    let kinds: &[FieldType] = if WHOLE.contains(&kind) { &WHOLE } else { &BROKEN };
                    let kinds: Vec<FieldType> =
                        kinds.iter().copied().filter(|kind| *kind != FieldType::Text || !is_listed).collect();
                    if !is_free || !kinds.contains(&kind) {
                        return None;
                    }
                    let to = *self.random.of(&kinds)?;
                    let made = self.of_kind(&field.name, to);
                    let (unique, db_index) = (field.unique, field.db_index);
                    field = Field { unique, db_index, db_column: field.db_column, ..made };
                }
                2 if is_number(kind) => {
                    field.null = !field.null;
                    field.db_default = None;
                    field.default = Some(DefaultValue::Literal(toml::Value::Integer(1)));
                }
                3 if kind != FieldType::Text && kind != FieldType::Json && is_free => {
                    field.unique = !field.unique;
                }
                4 if kind != FieldType::Text && kind != FieldType::Json => {
                    field.db_index = *self.random.of(&[None, Some(true), Some(false)])?;
                }
                8 if kind == FieldType::Char && is_free => field.db_collation = self.collation(),
                5 => field.db_column = self.random.coin().then(|| self.name("c")),
                6 => field.db_comment = self.random.coin().then(|| self.name("remark")),
                7 if kind.is_foreign_key() => {
                    field.db_constraint = self.random.coin().then_some(false);
                    field.on_delete = *self.random.of(&[None, Some(OnDelete::SetNull)])?;
                    field.kind = *self.random.of(&[FieldType::OneToOne, FieldType::ForeignKey])?;
                }
                _ => {
                    field.help_text = Some(self.name("help"));
                    field.verbose_name = Some(self.name("name"));
                }
            }
        }
        Some(Operation::AlterField(AlterField {
            model: model.name.clone(),
            field,
            preserve_default: self.random.coin(),
        }))
    }

    /// A field is called otherwise and changed under its new name.
    fn rename_and_alter(&mut self, model: &ModelState) -> Option<Vec<Operation>> {
        let from = self.pick(model, |field| !field.primary_key)?.name;
        let (of, to) = (model.name.clone(), self.name("r"));
        let rename = Operation::RenameField(RenameField { model: of.clone(), from, to });
        let before = self.state.clone();
        let altered = rename.change().state_forwards(APP, &mut self.state).ok().and_then(|()| {
            let renamed = self.state.get(APP, &of).map(|model| ModelState::clone(model))?;
            self.alter(&renamed)
        });
        self.state = before;
        Some(vec![rename, altered?])
    }

    /// Another field becomes the primary key, and what it was stays as a number.
    fn exchange_keys(&mut self, model: &ModelState) -> Option<Vec<Operation>> {
        let mut key = model.primary_key()?.clone();
        (key.primary_key, key.kind) =
            (false, if key.kind.is_auto() { FieldType::BigInteger } else { key.kind });
        let mut other = self.pick(model, |field| {
            !field.primary_key && is_number(field.kind) && field.kind != FieldType::Float
        })?;
        (other.primary_key, other.null, other.db_index) = (true, false, None);
        other.default = Some(DefaultValue::Literal(toml::Value::Integer(1)));
        let alter = |field| {
            Operation::AlterField(AlterField { model: model.name.clone(), field, preserve_default: true })
        };
        Some(vec![alter(key), alter(other)])
    }

    fn swap(&mut self, model: &ModelState) -> Option<Vec<Operation>> {
        let one = self.pick(model, |field| !field.primary_key)?.name;
        let two = self.pick(model, |field| !field.primary_key && field.name != one)?.name;
        let third = self.name("third");
        let rename = |from: &str, to: &str| {
            let (from, to) = (from.to_owned(), to.to_owned());
            Operation::RenameField(RenameField { model: model.name.clone(), from, to })
        };
        Some(vec![rename(&one, &third), rename(&two, &one), rename(&third, &two)])
    }

    fn index(&mut self, model: &ModelState) -> Option<Index> {
        let one = self.pick(model, can_be_indexed)?;
        let two = self.pick(model, can_be_indexed)?;
        let name = if self.random.coin() { self.name("i") } else { String::new() };
        let sign = if self.random.coin() { "-" } else { "" };
        let mut index = Index { name, fields: vec![format!("{sign}{}", one.name)], ..Index::default() };
        if two.name != one.name {
            index.fields.push(two.name.clone());
        }
        let number = self.pick(model, |field| is_number(field.kind));
        match (self.random.below(4), number) {
            (0, Some(number)) if self.features.has_partial_index => {
                index.condition = Some(format!("{} > 0", number.column()).as_str().into());
            }
            (1, Some(number)) if self.features.has_expression_index => {
                index.expressions = vec![format!("abs({})", number.column()).as_str().into()];
            }
            (2, Some(number)) if self.features.has_covering_index => index.include = vec![number.name],
            _ => {}
        }
        Some(index)
    }

    fn constraint(&mut self, model: &ModelState) -> Option<Constraint> {
        let number = self.pick(model, |field| is_number(field.kind) && !field.primary_key)?;
        let name = self.name("rule");
        let condition = format!("{} >= {}", number.column(), self.random.below(2));
        if self.random.coin() {
            return Some(Constraint {
                name,
                check: Some(condition.as_str().into()),
                ..Constraint::default()
            });
        }
        let one = self.pick(model, can_be_indexed)?.name;
        let mut constraint = Constraint { name, unique: vec![one], ..Constraint::default() };
        match self.random.below(4) {
            0 | 1 if self.features.has_partial_index => {
                constraint.condition = Some(condition.as_str().into());
            }
            2 if self.features.has_index_methods => constraint.deferrable = Some(true),
            3 if self.features.has_index_methods => {
                let body = format!("USING btree ({} WITH =)", number.column());
                (constraint.unique, constraint.exclude) = (Vec::new(), Some(body.as_str().into()));
            }
            _ => {}
        }
        Some(constraint)
    }

    fn generated(&mut self, model: &ModelState) -> Option<Field> {
        let number = self.pick(model, |field| is_number(field.kind) && !field.primary_key)?;
        let mut field = Field::new(&self.name("g"), FieldType::Generated);
        field.expression = Some(format!("{} + 1", number.column()).as_str().into());
        field.output = Some(FieldType::Float);
        field.null = true;
        Some(field)
    }

    /// One migration, which the state can take.
    fn migration(&mut self, number: usize) -> Migration {
        let mut operations = Vec::new();
        let wanted = 1 + self.random.below(4);
        for _ in 0..60 {
            if operations.len() >= wanted {
                break;
            }
            let Some(mut made) = self.operations() else { continue };
            made.iter_mut().for_each(|operation| operation.complete(APP));
            let mut state = self.state.clone();
            if made.iter().all(|operation| operation.change().state_forwards(APP, &mut state).is_ok()) {
                self.state = state;
                operations.extend(made);
            }
        }
        migration(number, operations)
    }
}

fn migration(number: usize, operations: Vec<Operation>) -> Migration {
    let key = |number: usize| Key::new(APP, &format!("{number:04}_x"));
    let before = (number > 1).then(|| Reference { key: key(number - 1), line: 1 });
    Migration {
        key: key(number),
        number: number as u64,
        path: String::new(),
        depends: before.into_iter().collect(),
        run_before: Vec::new(),
        replaces: Vec::new(),
        initial: None,
        atomic: true,
        allow_unsafe: Vec::new(),
        follows_number: false,
        operations: operations.into_iter().map(|operation| Located { operation, line: 1 }).collect(),
        canonical: manage::db::migrations::Canonical::default(),
    }
}

fn add(model: String, field: Field) -> Operation {
    Operation::AddField(AddField { model, field, preserve_default: true })
}

fn is_number(kind: FieldType) -> bool {
    matches!(
        kind,
        FieldType::SmallInteger
            | FieldType::Integer
            | FieldType::BigInteger
            | FieldType::PositiveInteger
            | FieldType::Decimal
            | FieldType::Float
    )
}

/// Whether rows that exist have a value for it when it comes, or need none.
fn can_come_back(field: &Field) -> bool {
    let is_computed = matches!(field.kind, FieldType::ManyToMany | FieldType::Generated);
    is_computed || field.null || field.default.is_some() || field.db_default.is_some()
}

fn can_be_indexed(field: &Field) -> bool {
    is_number(field.kind) || matches!(field.kind, FieldType::Char | FieldType::ForeignKey | FieldType::Date)
}

fn uses(names: &[String], field: &str) -> bool {
    names.iter().any(|name| name.trim_start_matches('-') == field)
}

/// Whether SQL of the model names the field's column.
fn is_mentioned(model: &ModelState, field: &Field) -> bool {
    let options = &model.options;
    let texts = options.indexes.iter().flat_map(|index| index.expressions.iter().chain(&index.condition));
    let rules = options.constraints.iter();
    let texts = texts.chain(rules.flat_map(|rule| [&rule.check, &rule.condition, &rule.exclude]).flatten());
    let texts = texts.chain(model.fields.iter().filter_map(|field| field.expression.as_ref()));
    let column = field.column();
    texts
        .map(|text| format!("{text:?}"))
        .any(|text| text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == column))
}

/// Whether a key points to the field.
fn is_target(state: &ProjectState, model: &ModelState, field: &Field) -> bool {
    let points = |other: &ModelState, key: &Field| {
        let to = key.to.as_deref().and_then(|to| state.target(other, to));
        key.to_field.as_deref() == Some(&field.name) && to.is_some_and(|to| to.label() == model.label())
    };
    state.models().any(|other| other.fields.iter().any(|key| points(other, key)))
}

/// The migrations that make the tables of a state anew: models of both apps, then what points to them, then what names
/// fields.
fn anew(state: &ProjectState) -> Vec<(&'static str, Migration)> {
    let is_plain = |field: &&Field| field.to.is_none() || field.primary_key;
    let first = [APP, OTHER].map(|app| {
        let models = state.models().filter(|model| model.app == app).map(|model| {
            let mut bare = ModelState::clone(model);
            bare.fields.retain(|field| is_plain(&field));
            (bare.options.indexes, bare.options.constraints) = (Vec::new(), Vec::new());
            Operation::CreateModel(CreateModel { model: bare })
        });
        (app, migration(1, models.collect()))
    });
    let both = [APP, OTHER].map(|app| Reference { key: Key::new(app, "0001_x"), line: 1 });
    let second = [APP, OTHER].map(|app| {
        let models = state.models().filter(|model| model.app == app);
        let mut made = migration(2, models.flat_map(|model| related(model)).collect());
        made.depends = both.to_vec();
        (app, made)
    });
    first.into_iter().chain(second).collect()
}

/// The schema that a state makes in a database of its own.
async fn schema_anew(kind: Kind, state: &ProjectState) -> Vec<String> {
    let fresh = TestDatabase::create(kind).await;
    for (app, made) in anew(state) {
        fresh
            .workspace
            .write(&format!("migrations/{app}/{}.toml", made.key.name), &write(&made, None).unwrap());
    }
    migrate(&fresh, usize::MAX).await;
    let found = schema(kind, &fresh.database).await;
    fresh.discard().await;
    found
}

/// What a model has besides plain fields.
fn related(model: &ModelState) -> Vec<Operation> {
    let of = || model.name.clone();
    let fields = model.fields.iter().filter(|field| field.to.is_some() && !field.primary_key);
    let mut operations: Vec<Operation> = fields.map(|field| add(of(), field.clone())).collect();
    operations.extend(model.options.indexes.iter().map(|index| {
        Operation::AddIndex(AddIndex { model: of(), index: index.clone(), concurrently: false })
    }));
    operations.extend(model.options.constraints.iter().map(|rule| {
        let constraint = rule.clone();
        Operation::AddConstraint(AddConstraint { model: of(), constraint, not_valid: false })
    }));
    operations
}

/// Writes a row into each table that has none, and tells which models have one.
async fn fill(db: &TestDatabase, state: &ProjectState) -> usize {
    for model in state.models() {
        let table = model.table();
        let found: Vec<(i64,)> =
            db.database.query(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap();
        if found[0].0 > 0 {
            continue;
        }
        let mut values = BTreeMap::new();
        let given = model.fields.iter().filter(|field| !field.kind.is_auto());
        for field in given.filter(|field| !matches!(field.kind, FieldType::ManyToMany | FieldType::Generated))
        {
            values.insert(field.column(), value(state, model, field));
        }
        let key = model.primary_key().unwrap();
        values.entry(key.column()).or_insert_with(|| "1".to_owned());
        let columns: Vec<&str> = values.keys().map(String::as_str).collect();
        let literals: Vec<&str> = values.values().map(String::as_str).collect();
        let sql = format!("INSERT INTO {table} ({}) SELECT {}", columns.join(", "), literals.join(", "));
        db.database.execute(&sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    state.models().count()
}

fn value(state: &ProjectState, model: &ModelState, field: &Field) -> String {
    match field.kind {
        FieldType::ForeignKey | FieldType::OneToOne => {
            let target = state.target(model, field.to.as_deref().unwrap()).unwrap();
            let key = match &field.to_field {
                Some(name) => target.field(name),
                None => target.primary_key(),
            };
            return format!("(SELECT min({}) FROM {})", key.unwrap().column(), target.table());
        }
        FieldType::Boolean => "TRUE",
        FieldType::Date => "'2026-01-02'",
        FieldType::DateTime => "'2026-01-02 03:04:05'",
        FieldType::Uuid => "'00000000000000000000000000000001'",
        FieldType::Json => "'{}'",
        kind if is_number(kind) => "1",
        _ => "'1'",
    }
    .to_owned()
}

/// Migrates to a number, to nothing, or to everything.
async fn migrate(db: &TestDatabase, number: usize) {
    let root = db.workspace.path();
    let settings = DatabaseSettings::from_url(&db.url).unwrap();
    let connections = Connections::new(&BTreeMap::from([("default".to_owned(), settings)]), root).unwrap();
    let graph =
        load(&Folder::new(root), &[APP.to_owned(), OTHER.to_owned()], &connections.dialects()).unwrap();
    let (router, functions) = (Router::default(), Functions::default());
    let name = if number == 0 { "zero".to_owned() } else { format!("{number:04}") };
    let target = match number {
        usize::MAX => Target::All,
        _ => Target::named(&graph, Some(APP), Some(&name)).unwrap(),
    };
    let work = Work { graph: &graph, router: &router, functions: &functions };
    let request = Request { target, ..Request::new(&connections, work) };
    let done = run(&request, &mut |_| {}).await;
    connections.close_idle();
    if let Err(error) = done {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        panic!("to {number}: {error}: {}", cause.unwrap_or_default());
    }
}

/// What was written is read as it was made.
fn check_written(db: &TestDatabase, made: &Migration) {
    let graph = graph(db);
    let read = graph.find(APP, &made.key.name).unwrap();
    let operations = |migration: &Migration| -> Vec<Operation> {
        migration.operations.iter().map(|located| located.operation.clone()).collect()
    };
    assert_eq!(operations(read), operations(made));
    assert_eq!(write(read, None).unwrap(), write(made, None).unwrap());
}

/// The rows of all tables of models.
async fn rows(db: &TestDatabase, state: &ProjectState) -> BTreeSet<String> {
    let mut rows = BTreeSet::new();
    for model in state.models() {
        let sql = format!("SELECT count(*) FROM {}", model.table());
        let found: Vec<(i64,)> = db.database.query(&sql, &[]).await.unwrap();
        if found[0].0 == 1 {
            rows.insert(model.label());
        }
    }
    rows
}

async fn check(db: &TestDatabase, seed: u64) {
    let features = db.database.backend().features();
    let random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut maker = Maker { random, features, state: ProjectState::default(), count: 0 };
    let (mut states, mut schemas) = (vec![ProjectState::default()], vec![Vec::new()]);
    for number in 1..=LENGTH {
        let made = maker.migration(number);
        let text = write(&made, None).unwrap();
        db.workspace.write(&format!("migrations/{APP}/{number:04}_x.toml"), &text);
        check_written(db, &made);
        migrate(db, number).await;
        let created = text.matches("op = \"CreateModel\"").count();
        let kept = rows(db, &maker.state).await.len();
        assert!(kept + created >= maker.state.models().count(), "rows are lost by {number}");
        fill(db, &maker.state).await;
        states.push(maker.state.clone());
        schemas.push(schema(db.kind, &db.database).await);
    }
    assert_same(&schema_anew(db.kind, &maker.state).await, &schemas[LENGTH], "made anew");
    // Each takes as long as the history itself.
    if seed % 4 == 3 {
        check_inspected(db, &schemas[LENGTH]).await;
    }
    for number in (0..LENGTH).rev() {
        migrate(db, number).await;
        assert_same(&schema(db.kind, &db.database).await, &schemas[number], &format!("back to {number}"));
    }
    migrate(db, LENGTH).await;
    assert_same(&schema(db.kind, &db.database).await, &schemas[LENGTH], "forwards again");
}

/// The tables are as the migrations make them, and models that are written of them make the same ones.
async fn check_inspected(db: &TestDatabase, schema: &[String]) {
    let backend = db.database.backend();
    let (graph, router, functions) = (graph(db), Router::default(), Functions::default());
    let work = Work { graph: &graph, router: &router, functions: &functions };
    let found = drift(work, backend, &[]).await.unwrap();
    let words = |one: &Difference| format!("{}: {one}", one.table);
    assert_eq!(found.differences.iter().map(words).collect::<Vec<_>>(), Vec::<String>::new());
    assert_eq!((found.by_words, found.strangers), (None, Vec::new()));
    let known = ProjectState::default();
    let is_meant = |table: &LiveTable| !is_bookkeeping(&table.name);
    let choice = Choice { app: APP, is_meant: &is_meant, known: &known, is_reserved: &|_| false };
    let inspection = inspect(&**backend, &found.live, &choice).unwrap();
    assert_eq!(inspection.unsaid, []);
    let text = write_models(&inspection.models).unwrap();
    let mut state = ProjectState::default();
    for model in declared::read(APP, "models/shop.toml", &text).unwrap() {
        assert!(inspection.models.contains(&model), "{text}");
        state.add(model).unwrap();
    }
    assert_same(&schema_anew(db.kind, &state).await, schema, &text);
}

/// The migrations that are there.
fn graph(db: &TestDatabase) -> Graph {
    let apps = [APP.to_owned(), OTHER.to_owned()];
    load(&Folder::new(db.workspace.path()), &apps, &[db.database.dialect()]).unwrap()
}

/// What brings the migrations that are there to these models; questions are answered by `answer`.
fn detected(
    graph: &Graph,
    target: &ProjectState,
    mut answer: impl FnMut(&Question) -> Answer,
) -> Vec<Migration> {
    let naming = Naming { name: Some("x"), now: jiff::Timestamp::UNIX_EPOCH };
    let replayed = Replayed::new(graph).unwrap();
    let found =
        changes(graph, (&replayed, target), (&[], naming), |question| Ok::<_, Error>(answer(question)));
    found.unwrap_or_else(|error| panic!("{error}"))
}

/// A model that is gone is called otherwise, as here it always is; of a field chance decides.
fn answered(random: &mut Random, question: &Question) -> Answer {
    match question {
        Question::RenamedField { .. } if random.coin() => Answer::No,
        Question::Default { field, .. } => {
            let text = |text: &str| toml::Value::String(text.to_owned());
            Answer::Value(DefaultValue::Literal(match field.kind {
                FieldType::Boolean => toml::Value::Boolean(true),
                FieldType::Date => text("2026-01-02"),
                FieldType::DateTime => text("2026-01-02T03:04:05Z"),
                FieldType::Uuid => text("00000000000000000000000000000001"),
                kind if is_number(kind) || kind.is_foreign_key() => toml::Value::Integer(1),
                _ => text("1"),
            }))
        }
        _ => Answer::Yes,
    }
}

/// Models change by chance; what `makemigrations` finds brings tables with rows there.
async fn check_detected(db: &TestDatabase, seed: u64) {
    let features = db.database.backend().features();
    let random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut maker = Maker { random, features, state: ProjectState::default(), count: 0 };
    let mut random = Random(seed);
    for step in 1..=LENGTH {
        maker.migration(step);
        for made in detected(&graph(db), &maker.state, |question| answered(&mut random, question)) {
            db.workspace.write(&made.path, &write(&made, None).unwrap());
        }
        let left = detected(&graph(db), &maker.state, |question| panic!("{}", question.words()));
        assert_eq!(left, [], "step {step}");
        migrate(db, usize::MAX).await;
        fill(db, &maker.state).await;
    }
    let wanted = schema_anew(db.kind, &maker.state).await;
    assert_same(&schema(db.kind, &db.database).await, &wanted, "made anew");
    // It takes as long as the rest.
    if seed % 4 == 1 || KEPT_OF_MODELS.contains(&seed) {
        check_squashed(db, &wanted).await;
    }
}

/// What the history comes to is squashed: the database that has it all goes on, one that has a part goes on one by one, a new
/// one runs the squashes alone, and on all they are undone and applied again.
async fn check_squashed(db: &TestDatabase, wanted: &[String]) {
    let before = graph(db);
    let keys = before.migrations().map(|migration| migration.key.clone()).collect();
    let squashes = squash(&before, &keys, HowToSquash { is_optimized: true, name: None }).unwrap();
    assert!(squashes.iter().any(|squash| squash.migration.operations.len() < squash.before), "{before:?}");
    let (fresh, begun) = (TestDatabase::create(db.kind).await, TestDatabase::create(db.kind).await);
    let add = |database: &TestDatabase, migration: &Migration| {
        database.workspace.write(&migration.path, &write(migration, None).unwrap());
    };
    before
        .files()
        .for_each(|migration| [&fresh, &begun].into_iter().for_each(|database| add(database, migration)));
    migrate(&begun, 2).await;
    for database in [db, &fresh, &begun] {
        squashes.iter().for_each(|squash| add(database, &squash.migration));
    }
    for (database, what) in [(db, "with the history"), (&fresh, "new"), (&begun, "begun")] {
        for step in [usize::MAX, 0, usize::MAX] {
            migrate(database, step).await;
            let found = schema(db.kind, &database.database).await;
            if step > 0 {
                assert_same(&found, wanted, &format!("squashed, {what}"));
            } else {
                assert!(!found.iter().any(|line| line.contains(&format!("{APP}_"))), "{what}: {found:#?}");
            }
        }
    }
    fresh.discard().await;
    begun.discard().await;
}

fn assert_same(found: &[String], wanted: &[String], what: &str) {
    let other = |lines: &[String], others: &[String]| -> Vec<String> {
        lines.iter().filter(|line| !others.contains(line)).cloned().collect()
    };
    assert!(
        found == wanted,
        "{what}:\n  found {:#?}\n  instead of {:#?}",
        other(found, wanted),
        other(wanted, found)
    );
}

/// Looks at each history in a database of its own.
async fn each(seeds: impl Iterator<Item = u64>, kind: Kind, check: impl AsyncFn(&TestDatabase, u64)) {
    for seed in seeds {
        let db = TestDatabase::create(kind).await;
        #[expect(clippy::print_stderr, reason = "the last one is the one that failed")]
        {
            eprintln!("seed {seed}");
        }
        check(&db, seed).await;
        db.discard().await;
    }
}

on_every_database! {
    async fn what_is_found_between_models_made_by_chance_brings_tables_with_rows_there(db in TestDatabase) {
        each(SEEDS.chain(KEPT_OF_MODELS), db.kind, check_detected).await;
    }

    async fn a_history_made_by_chance_comes_to_what_its_last_state_makes_anew(db in TestDatabase) {
        each(SEEDS.chain(KEPT), db.kind, check).await;
    }
}
