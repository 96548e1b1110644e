//! The same histories through Django itself.
//!
//! Models change; `makemigrations` and `migrate` follow, and Django's own beside them. After each step the two databases hold
//! the same, difference by difference, but for what `django/differences.toml` names with its reason.

mod django;
mod known;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use manage::db::backends::base::tables::IndexPart;
use manage::db::introspection::{Difference, LiveTable, Part, differences, live};
use manage::db::migrations::autodetector::{Answer, Question};
use manage::db::migrations::{ProjectState, is_bookkeeping, write};
use manage::db::models::declared;

use self::django::Django;
use self::known::Known;
use super::chance::{APP, Maker, OTHER, Random};
use super::histories::{LENGTH, answered, detected, graph, migrate};
use crate::support::{Kind, TestDatabase, on_every_database};

/// As many as take seconds: those in which Django does something otherwise. Of 60 no other showed a difference of the tables.
const SEEDS: [u64; 6] = [1, 3, 5, 7, 12, 19];

/// Both sides of one kind of database, and what they do not have in common.
struct Peers {
    kind: Kind,
    django: Django,
    known: Known,
    /// What nobody knew of.
    told: String,
}

impl Peers {
    fn start(db: &TestDatabase) -> Self {
        let known = Known::of(db.database.dialect());
        Self { kind: db.kind, django: Django::start(), known, told: String::new() }
    }

    /// An empty database. Of MariaDB Django takes the charset that it has, and asks for this one.
    async fn database(&self) -> TestDatabase {
        let db = TestDatabase::create(self.kind).await;
        if self.kind == Kind::Mariadb {
            db.database.execute("ALTER DATABASE CHARACTER SET utf8mb4", &[]).await.unwrap();
        }
        db
    }

    /// Goes through states with both, in databases of their own.
    async fn go(&mut self, name: &str, states: &[ProjectState], random: &mut Random) {
        let (ours, mut django) = (self.database().await, self.database().await);
        for (number, state) in states.iter().enumerate() {
            let step = format!("{name}, step {}", number + 1);
            let renamed = follow(&ours, state, random).await;
            if self.django_follows(&mut django, state, &renamed, &step).await {
                let (expected, found) = (tables(&django, state).await, tables(&ours, state).await);
                let mut all = differences(&**ours.database.backend(), &expected, &found);
                all.extend(orders(&expected, &found, number == 0));
                self.tell(&all, &step);
            }
        }
        ours.discard().await;
        django.discard().await;
    }

    /// Lets Django follow; where it cannot, it begins again in another database. Tells whether it came there.
    async fn django_follows(
        &mut self,
        db: &mut TestDatabase,
        state: &ProjectState,
        renamed: &[Vec<String>],
        step: &str,
    ) -> bool {
        for _ in 0..2 {
            let Err(error) = self.django.follow(db, state, renamed) else { return true };
            if !self.known.refusal(&error) {
                writeln!(self.told, "{step}: {error}").unwrap();
            }
            let fresh = self.database().await;
            std::mem::replace(db, fresh).discard().await;
        }
        false
    }

    fn tell(&mut self, all: &[Difference], step: &str) {
        for difference in all {
            if !self.known.difference(difference) {
                writeln!(self.told, "{step}: {}: {difference}", difference.table).unwrap();
            }
        }
    }

    fn end(self) {
        assert!(self.told.is_empty(), "Django's tables -> ours\n{}", self.told);
        assert_eq!(self.known.left(), Vec::<String>::new(), "differences.toml lists what does not occur");
    }
}

/// The names that a question says belong together.
fn renamed(question: &Question) -> Vec<String> {
    match question {
        Question::RenamedModel { from, to, .. } => vec![from.clone(), to.clone()],
        Question::RenamedField { model, from, to } => {
            let (_, model) = model.split_once('.').unwrap();
            vec![model.to_owned(), from.clone(), to.name.clone()]
        }
        _ => Vec::new(),
    }
}

/// Brings our database to the models; tells what is called otherwise.
async fn follow(db: &TestDatabase, state: &ProjectState, random: &mut Random) -> Vec<Vec<String>> {
    let mut names = Vec::new();
    let found = detected(&graph(db), state, |question| {
        let answer = answered(random, question);
        if answer == Answer::Yes {
            names.push(renamed(question));
        }
        answer
    });
    for made in found {
        db.workspace.write(&made.path, &write(&made, None).unwrap());
    }
    migrate(db, usize::MAX).await;
    names
}

/// The tables of models, with what differences do not tell otherwise.
async fn tables(db: &TestDatabase, state: &ProjectState) -> Vec<LiveTable> {
    let mut connection = db.database.backend().connect().await.unwrap();
    let live = live(&**db.database.backend(), &mut *connection).await.unwrap();
    let names = names(state);
    let mut tables = live.tables;
    tables.retain(|table| !is_bookkeeping(&table.name) && table.name != "django_migrations");
    tables.iter_mut().for_each(|table| spell(table, &names));
    tables
}

/// The names of indexes and constraints that models give.
fn names(state: &ProjectState) -> BTreeSet<&str> {
    let options = state.models().map(|model| &model.options);
    let names = options.flat_map(|options| {
        let indexes = options.indexes.iter().map(|index| &index.name);
        indexes.chain(options.constraints.iter().map(|rule| &rule.name))
    });
    names.map(String::as_str).collect()
}

/// A name that nobody gave becomes what it is the name of: the two make up others. What a key says besides stands with it.
fn spell(table: &mut LiveTable, given: &BTreeSet<&str>) {
    let mut seen = Vec::new();
    for key in &mut table.keys {
        if key.is_deferred {
            key.unsaid.push_str(" DEFERRED");
        }
        if seen.contains(&key.columns) {
            key.unsaid.push_str(" AGAIN");
        }
        seen.push(key.columns.clone());
    }
    for index in table.indexes.iter_mut().filter(|index| !given.contains(&*index.name)) {
        index.name = format!("of {:?}", index.parts);
        if let [IndexPart::Column { name, .. }] = &*index.parts
            && seen.contains(&vec![name.clone()])
        {
            index.name.insert_str(0, "of a key, ");
        }
    }
    for rule in table.constraints.iter_mut().filter(|rule| !given.contains(&*rule.name)) {
        rule.name = format!("of {:?}", rule.rule);
    }
}

/// In what the order of columns differs. Of tables that are new and have no keys it is told under a word of its own.
fn orders(django: &[LiveTable], ours: &[LiveTable], are_new: bool) -> Vec<Difference> {
    let order = |table: &LiveTable, is_plain: bool| {
        let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        let which = if is_plain { "columns" } else { "columns in the order of changes" };
        Some(format!("{which}: {}", names.join(", ")))
    };
    let pairs = django.iter().filter_map(|one| Some((one, ours.iter().find(|two| two.name == one.name)?)));
    let all = pairs.map(|(one, two)| {
        let is_plain = are_new && one.keys.is_empty();
        let (expected, found) = (order(one, is_plain), order(two, is_plain));
        Difference { table: one.name.clone(), part: Part::Table, name: String::new(), expected, found }
    });
    all.filter(|one| one.expected != one.found).collect()
}

/// Models with every kind of field, index and constraint that both have and the database has; then changed, then fewer.
fn kinds(db: &TestDatabase) -> Vec<ProjectState> {
    let features = db.database.backend().features();
    let besides = [
        (features.has_partial_index, include_str!("django/kinds/partial.toml")),
        (features.has_index_methods, include_str!("django/kinds/postgresql.toml")),
    ];
    let besides = besides.into_iter().filter_map(|(is_there, text)| is_there.then_some(text));
    let most: String = std::iter::once(include_str!("django/kinds/1.toml")).chain(besides).collect();
    let places = include_str!("django/kinds/store.toml");
    let (changed, few) = (include_str!("django/kinds/2.toml"), include_str!("django/kinds/3.toml"));
    [most.as_str(), changed, few].map(|shop| models([(APP, shop), (OTHER, places)])).into()
}

/// Models as files declare them.
fn models<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> ProjectState {
    let mut state = ProjectState::default();
    for (app, text) in files {
        for model in declared::read(app, &format!("models/{app}.toml"), text).unwrap() {
            state.add(model).unwrap();
        }
    }
    state
}

on_every_database! {
    async fn the_same_histories_through_django_come_to_the_same_tables(db in TestDatabase) {
        let mut peers = Peers::start(&db);
        let (kinds, mut random) = (kinds(&db), Random::new(1));
        peers.go("every kind", &kinds, &mut random).await;
        peers.go("every kind, changed and made anew", &kinds[1..2], &mut random).await;
        for seed in SEEDS {
            let mut maker = Maker::new(seed, db.database.backend().features());
            let step = |number| {
                maker.migration(number);
                maker.state.clone()
            };
            let (states, mut random): (Vec<_>, _) = ((1..=LENGTH).map(step).collect(), Random::new(seed));
            peers.go(&format!("seed {seed}"), &states, &mut random).await;
            peers.go(&format!("seed {seed}, made anew"), &states[LENGTH - 1..], &mut random).await;
        }
        peers.end();
    }
}
