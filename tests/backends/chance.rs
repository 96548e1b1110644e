//! Models that change by chance: histories that nobody thought of, and the same for the same seed.

use manage::db::backends::base::Features;
use manage::db::migrations::operations::{
    AddConstraint, AddField, AddIndex, AlterConstraint, AlterField, AlterModelOptions, AlterModelTable,
    AlterModelTableComment, CreateModel, DeleteModel, MoveModel, Operation, RemoveConstraint, RemoveField,
    RemoveIndex, RenameField, RenameIndex, RenameModel,
};
use manage::db::migrations::{Key, Located, Migration, ProjectState, Reference};
use manage::db::models::{Constraint, DefaultValue, Field, FieldType, Index, ModelState, OnDelete, Options};

/// The app whose models change.
pub(super) const APP: &str = "shop";

/// The app that models move to. Nothing becomes of them there.
pub(super) const OTHER: &str = "store";

/// Numbers that look like chance (xorshift64*).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap() % end
    }

    pub(super) fn coin(&mut self) -> bool {
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

/// What makes them.
pub(super) struct Maker {
    random: Random,
    features: &'static Features,
    /// The models as they are now.
    pub(super) state: ProjectState,
    count: usize,
}

impl Maker {
    /// No models, on a database of such features.
    pub(super) fn new(seed: u64, features: &'static Features) -> Self {
        let random = Random::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        Self { random, features, state: ProjectState::default(), count: 0 }
    }

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
                vec![Operation::AddConstraint(AddConstraint {
                    model: of,
                    constraint,
                    not_valid: false,
                    concurrently: false,
                })]
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
            concurrently: false,
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
            Operation::AlterField(AlterField {
                model: model.name.clone(),
                field,
                preserve_default: true,
                concurrently: false,
            })
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
    pub(super) fn migration(&mut self, number: usize) -> Migration {
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

pub(super) fn migration(number: usize, operations: Vec<Operation>) -> Migration {
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
        stage: manage::db::migrations::Stage::Expand,
        allow_unsafe: Vec::new(),
        follows_number: false,
        operations: operations.into_iter().map(|operation| Located { operation, line: 1 }).collect(),
        canonical: manage::db::migrations::Canonical::default(),
    }
}

pub(super) fn add(model: String, field: Field) -> Operation {
    Operation::AddField(AddField { model, field, preserve_default: true })
}

pub(super) fn is_number(kind: FieldType) -> bool {
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
