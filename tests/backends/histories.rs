//! Histories that nobody thought of: made by chance, and the same for the same seed.
//!
//! Each is applied with rows in the tables, undone and applied again. At its end the tables are those that the last
//! state makes anew.

use std::collections::{BTreeMap, BTreeSet};

use manage::db::introspection::{Difference, LiveTable};
use manage::db::migrations::autodetector::{Answer, Manner, Naming, Question, Replayed, changes};
use manage::db::migrations::inspector::{Choice, inspect};
use manage::db::migrations::operations::{AddConstraint, AddIndex, CreateModel, Operation};
use manage::db::migrations::squasher::{HowToSquash, squash};
use manage::db::migrations::{
    Error, Functions, Graph, Key, Migration, ProjectState, Reference, Request, Target, Work, drift,
    is_bookkeeping, load, run, write, write_models,
};
use manage::db::models::{DefaultValue, Field, FieldType, ModelState, declared};
use manage::db::{Connections, DatabaseSettings, Folder, Router};

use super::chance::{APP, Maker, OTHER, Random, add, is_number, migration};
use crate::support::{Kind, TestDatabase, on_every_database, schema};

/// As many as take seconds. One that fails is named in what the test writes, and is kept below.
const SEEDS: std::ops::Range<u64> = 1..33;

/// Beyond them, those that once found something.
const KEPT: [u64; 0] = [];

/// Those that once found something wrong with what is found between models.
const KEPT_OF_MODELS: [u64; 2] = [51, 108];

/// Migrations of one history.
pub(super) const LENGTH: usize = 6;

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
        Operation::AddConstraint(AddConstraint {
            model: of(),
            constraint,
            not_valid: false,
            concurrently: false,
        })
    }));
    operations
}

/// Writes a row into each table that has none, and tells which models have one.
pub(super) async fn fill(db: &TestDatabase, state: &ProjectState) -> usize {
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
pub(super) async fn migrate(db: &TestDatabase, number: usize) {
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
    let mut maker = Maker::new(seed, features);
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
pub(super) fn graph(db: &TestDatabase) -> Graph {
    let apps = [APP.to_owned(), OTHER.to_owned()];
    load(&Folder::new(db.workspace.path()), &apps, &[db.database.dialect()]).unwrap()
}

/// What brings the migrations that are there to these models; questions are answered by `answer`.
pub(super) fn detected(
    graph: &Graph,
    target: &ProjectState,
    mut answer: impl FnMut(&Question) -> Answer,
) -> Vec<Migration> {
    let naming = Naming { name: Some("x"), now: jiff::Timestamp::UNIX_EPOCH };
    let replayed = Replayed::new(graph).unwrap();
    let found = changes(graph, (&replayed, target), (&[], Manner { naming, is_safe: false }), |question| {
        Ok::<_, Error>(answer(question))
    });
    found.unwrap_or_else(|error| panic!("{error}"))
}

/// A model that is gone is called otherwise, as here it always is; of a field chance decides.
pub(super) fn answered(random: &mut Random, question: &Question) -> Answer {
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
    let mut maker = Maker::new(seed, features);
    let mut random = Random::new(seed);
    for step in 1..=LENGTH {
        maker.migration(step);
        let found = detected(&graph(db), &maker.state, |question| answered(&mut random, question));
        for made in &found {
            db.workspace.write(&made.path, &write(made, None).unwrap());
        }
        let left = detected(&graph(db), &maker.state, |question| panic!("{}", question.words()));
        assert_eq!(left, [], "step {step}");
        let before = schema(db.kind, &db.database).await;
        migrate(db, usize::MAX).await;
        check_rows(db, &maker.state, &found, &format!("step {step}")).await;
        // It takes as long as the rest.
        if seed % 4 == 2 {
            check_step(db, &maker.state, &found, &before).await;
        }
        fill(db, &maker.state).await;
    }
    let wanted = schema_anew(db.kind, &maker.state).await;
    assert_same(&schema(db.kind, &db.database).await, &wanted, "made anew");
    // It takes as long as the rest.
    if seed % 4 == 1 || KEPT_OF_MODELS.contains(&seed) {
        check_squashed(db, &wanted).await;
    }
}

/// Every model has its row, but those that the migrations make.
async fn check_rows(db: &TestDatabase, state: &ProjectState, made: &[Migration], what: &str) {
    let operations = made.iter().flat_map(|migration| &migration.operations);
    let created = operations.filter(|located| matches!(located.operation, Operation::CreateModel(_))).count();
    let kept = rows(db, state).await.len();
    assert!(kept + created >= state.models().count(), "{what}: rows are lost");
}

/// The last migrations come to what their state makes anew, go back to what was `before`, and come to the same again.
async fn check_step(db: &TestDatabase, state: &ProjectState, made: &[Migration], before: &[String]) {
    let after = schema(db.kind, &db.database).await;
    assert_same(&after, &schema_anew(db.kind, state).await, "made anew");
    let of_app = |migration: &Migration| migration.key.app == APP;
    let all = graph(db).migrations().filter(|migration| of_app(migration)).count();
    let number = all - made.iter().filter(|migration| of_app(migration)).count();
    migrate(db, number).await;
    // The other app stays where it is, unless what it did stands on this one.
    if made.iter().all(of_app) {
        assert_same(&schema(db.kind, &db.database).await, before, "one step back");
    }
    migrate(db, usize::MAX).await;
    assert_same(&schema(db.kind, &db.database).await, &after, "one step back and forwards");
    check_rows(db, state, made, "one step back and forwards").await;
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
