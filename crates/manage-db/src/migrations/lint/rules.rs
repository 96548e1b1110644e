//! The table of rules. A code keeps its meaning; one that is given up is not given again.

use super::finds;
use super::subject::{Breach, Subject};
use crate::backends::base::Features;

/// Something that is unsafe on a table that is in use.
#[derive(Debug)]
pub struct Rule {
    /// Its name for ever: `M003`.
    pub code: &'static str,
    /// What it is about, in a few words.
    pub title: &'static str,
    /// What to do instead.
    pub way_out: &'static str,
    /// All that there is to know about it, as text.
    pub page: &'static str,
    /// Whether it is about programs of before, and about nothing else: in a later release there are none.
    pub is_of_before: bool,
    /// Whether a run refuses it on a large table.
    pub is_refused: bool,
    /// Whether it matters on a kind of database.
    pub(crate) holds: fn(&Features) -> bool,
    /// What it finds.
    pub(crate) finds: fn(Subject<'_>, &Features) -> Vec<Breach>,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

/// The rule of a code.
pub fn rule(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code == code)
}

fn everywhere(_: &Features) -> bool {
    true
}

/// Where a change of a table keeps others waiting who could write: one writer waits for itself alone.
fn beside_writers(features: &Features) -> bool {
    !features.has_single_writer
}

/// Where an index can be built beside writers, and is not unless that is said.
fn where_asked_for(features: &Features) -> bool {
    features.has_concurrent_index
}

/// Where one transaction holds changes of tables and of rows.
fn in_transactions(features: &Features) -> bool {
    features.can_rollback_ddl && !features.has_single_writer
}

/// All rules, by code.
pub static RULES: [Rule; 13] = [
    Rule {
        code: "M001",
        title: "a new column that takes no NULL and has no default in the database",
        way_out: "let the database give it a value (`db_default`), or let `makemigrations --safe` write it in steps",
        page: include_str!("pages/M001.txt"),
        is_of_before: true,
        is_refused: true,
        holds: everywhere,
        finds: finds::required_column,
    },
    Rule {
        code: "M002",
        title: "a column that takes no NULL any more",
        way_out: "`makemigrations --safe`: rows of old programs get a value, and NULL is forbidden in a later release",
        page: include_str!("pages/M002.txt"),
        is_of_before: false,
        is_refused: true,
        holds: everywhere,
        finds: finds::null_forbidden,
    },
    Rule {
        code: "M003",
        title: "a column that goes",
        way_out: "first release programs that do not use it; `stage = \"contract\"` waits until that is said",
        page: include_str!("pages/M003.txt"),
        is_of_before: true,
        is_refused: true,
        holds: everywhere,
        finds: finds::dropped_column,
    },
    Rule {
        code: "M004",
        title: "a table that goes",
        way_out: "first release programs that do not use it; `stage = \"contract\"` waits until that is said",
        page: include_str!("pages/M004.txt"),
        is_of_before: true,
        is_refused: true,
        holds: everywhere,
        finds: finds::dropped_table,
    },
    Rule {
        code: "M005",
        title: "a column that is called otherwise",
        way_out: "let the column keep its name (`db_column`), or let `makemigrations --safe` write it in steps",
        page: include_str!("pages/M005.txt"),
        is_of_before: true,
        is_refused: true,
        holds: everywhere,
        finds: finds::renamed_column,
    },
    Rule {
        code: "M006",
        title: "a table that is called otherwise",
        way_out: "let the model keep its table (`table`)",
        page: include_str!("pages/M006.txt"),
        is_of_before: true,
        is_refused: true,
        holds: everywhere,
        finds: finds::renamed_table,
    },
    Rule {
        code: "M007",
        title: "another type, for which every row is written anew",
        way_out: "`makemigrations --safe`: a column of the new type follows the old one, is filled in batches and takes its place",
        page: include_str!("pages/M007.txt"),
        is_of_before: false,
        is_refused: true,
        holds: beside_writers,
        finds: finds::retyped_column,
    },
    Rule {
        code: "M008",
        title: "a foreign key or a check that every row is held to at once",
        way_out: "`concurrently = true` in a migration with `atomic = false`, as `makemigrations --safe` writes it; in a quiet hour where that does not help",
        page: include_str!("pages/M008.txt"),
        is_of_before: false,
        is_refused: true,
        holds: beside_writers,
        finds: finds::validated_at_once,
    },
    Rule {
        code: "M009",
        title: "a unique or exclusion constraint over rows that exist",
        way_out: "`concurrently = true`, in a migration with `atomic = false`, as `makemigrations --safe` writes it",
        page: include_str!("pages/M009.txt"),
        is_of_before: false,
        is_refused: true,
        holds: where_asked_for,
        finds: finds::unique_at_once,
    },
    Rule {
        code: "M010",
        title: "an index that is built while writers wait",
        way_out: "`concurrently = true` at `AddIndex`, in a migration with `atomic = false`",
        page: include_str!("pages/M010.txt"),
        is_of_before: false,
        is_refused: true,
        holds: where_asked_for,
        finds: finds::blocking_index,
    },
    Rule {
        code: "M011",
        title: "rows and tables changed in one transaction",
        way_out: "give the rows a migration of their own",
        page: include_str!("pages/M011.txt"),
        is_of_before: false,
        is_refused: true,
        holds: in_transactions,
        finds: finds::rows_beside_tables,
    },
    Rule {
        code: "M012",
        title: "an operation that nothing undoes",
        way_out: "say what undoes it (`backwards`, in SQL `-- down`), or that there is nothing to undo: `backwards = \"\"`, `\"noop\"`",
        page: include_str!("pages/M012.txt"),
        is_of_before: false,
        is_refused: false,
        holds: everywhere,
        finds: finds::one_way,
    },
    Rule {
        code: "M013",
        title: "a new column that is computed for every row",
        way_out: "add it without a value, fill it in batches, and make it what it is to be in a later migration",
        page: include_str!("pages/M013.txt"),
        is_of_before: false,
        is_refused: true,
        holds: beside_writers,
        finds: finds::computed_column,
    },
];
