//! Migrations: files that change the schema, the history of those that were applied, and what runs them.
//!
//! Modules are declared lowest first. Up to `program` nothing here knows a connection: files become a graph, the
//! graph's operations replay the models, and operations turn two states into statements. From `recorder` on, those
//! statements meet a database.

// Lines of files.
mod place;

mod import_problem;

// What is unsafe beside programs that run.
mod lint;

// What may go wrong.
pub mod error;

// Models at one point of the history.
pub mod state;

// Parts of files.
mod excerpt;

// What a migration runs, and what Rust code it may call.
pub mod action;
mod progress;

mod functions;

// SQL that somebody wrote, and what one database runs of it.
mod sql_source;

mod script;

// From models to tables, and what becomes of tables.
mod constants;
mod hints;

mod tables;

mod differ;

// What is written down about them.
pub mod schema;

// The changes that a migration is made of.
pub mod operations;

mod written;

mod earlier;

mod canonical;

// Shorter lists of operations that come to the same.
mod optimizer;

// One migration.
mod migration;

// Files.
mod file;
mod writer;

mod markers;

mod sql_file;

mod file_name;

// All migrations and their order.
mod squashes;

pub mod graph;

pub mod loader;

// Statements.
pub mod program;

// What has to be written.
mod naming;

pub mod autodetector;

pub mod merger;
pub mod rebaser;
pub mod squasher;

// Models of tables that are there.
pub mod inspector;

// What a database remembers.
pub mod recorder;

// What undoes what has no file any more.
mod reversal;

// Which migrations a run applies or undoes.
pub mod release;

mod plan;

// What a run is about, and what runs.
mod work;

mod pause;

mod lock;

mod session;

mod prepare;

// Histories of other tools.
mod foreign;

// What is there besides.
mod applied_sql;

mod drift;

mod adopted;

// Running.
mod touched;

mod apart;
mod events;
mod orphans;
mod patience;

mod linter;

mod unit;

mod filling;
mod steps;
mod whole;

mod perform;

mod driver;

mod preflight;

mod executor;

// One run over all databases, what a run would find, and what is amended by hand.
mod arrival;
mod elsewhere;
mod jobs;

mod amend;
mod pending;
mod run;

pub use adopted::{Adopted, adopted};
pub use amend::{Amendment, Histories, amend};
pub use canonical::Canonical;
pub use constants::check_default;
pub use drift::{Drift, drift, is_bookkeeping, is_of, tables_of};
pub use error::{Error, Result};
pub use events::{Event, Site};
pub use excerpt::Excerpt;
pub use file::schema as json_schema;
pub use functions::{Batch, Batches, Function, Functions, Rows};
pub use graph::Graph;
pub use hints::{Fill, Hints, RenamedField, RenamedModel};
pub use import_problem::ImportProblem;
pub use lint::{Finding, RULES, Rule, Size, rule};
pub use linter::{Linted, Wanted, lint};
pub use loader::{load, load_or_tell_all};
pub use migration::{Key, Located, Migration, Reference, Stage};
pub use optimizer::optimized;
pub use pending::{Pending, Watcher, pending};
pub use place::Place;
pub use plan::{Plan, PlanSite, Target};
pub use prepare::{Prepared, compile, replay_all};
pub use program::Program;
pub use progress::Done;
pub use recorder::{History, holds_history};
pub use reversal::Gone;
pub use run::{Agreed, Mode, Request, run};
pub use session::{Session, verify};
pub use state::ProjectState;
pub(crate) use tables::Tables;
pub use touched::Touched;
pub use work::{Fake, Frame, How, Work};
pub use writer::{write, write_models, write_sql};
