//! The tools: their tables, and what the rows mean. Types differ by database, so every value is text here.

use std::collections::BTreeSet;

use super::entry::{Entry, What};

/// A row of a tool's table, in the order of its columns.
pub(super) type Record = Vec<Option<String>>;

/// A tool that keeps a history.
pub(super) struct Tool {
    /// What it is called.
    pub name: &'static str,
    /// Tools that keep the same table.
    pub other_names: &'static [&'static str],
    /// Its table.
    pub table: &'static str,
    /// The columns that are read.
    pub columns: &'static [&'static str],
    /// A column by which the table is one of another tool.
    pub without: Option<&'static str>,
    /// The column that orders the rows.
    pub order: &'static str,
    /// What rows mean.
    pub read: fn(&[Record]) -> Vec<Entry>,
}

impl Tool {
    /// Whether somebody means it by this name, or its table.
    pub(super) fn is_called(&self, name: &str) -> bool {
        let mut names = self.other_names.iter().chain([&self.name, &self.table]);
        names.any(|own| own.eq_ignore_ascii_case(name))
    }

    /// Whether a table with these columns is its own.
    pub(super) fn keeps(&self, columns: &BTreeSet<String>) -> bool {
        self.columns.iter().all(|name| columns.contains(*name))
            && self.without.is_none_or(|name| !columns.contains(name))
    }
}

/// All of them.
pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "django",
        other_names: &[],
        table: "django_migrations",
        columns: &["app", "name"],
        without: None,
        order: "id",
        read: django,
    },
    Tool {
        name: "refinery",
        other_names: &[],
        table: "refinery_schema_history",
        columns: &["version", "name"],
        without: None,
        order: "version",
        read: refinery,
    },
    Tool {
        name: "golang-migrate",
        other_names: &[],
        table: "schema_migrations",
        columns: &["version", "dirty"],
        without: None,
        order: "version",
        read: golang_migrate,
    },
    // The tables of dbmate and Rails are the same.
    Tool {
        name: "dbmate",
        other_names: &["rails"],
        table: "schema_migrations",
        columns: &["version"],
        without: Some("dirty"),
        order: "version",
        read: versions,
    },
    Tool {
        name: "flyway",
        other_names: &[],
        table: "flyway_schema_history",
        columns: &["version", "description", "type", "script", "success", "installed_rank"],
        without: None,
        order: "installed_rank",
        read: flyway,
    },
    Tool {
        name: "sqlx",
        other_names: &[],
        table: "_sqlx_migrations",
        columns: &["version", "description", "success"],
        without: None,
        order: "version",
        read: sqlx,
    },
    Tool {
        name: "goose",
        other_names: &[],
        table: "goose_db_version",
        columns: &["version_id", "is_applied"],
        without: None,
        order: "id",
        read: goose,
    },
    Tool {
        name: "prisma",
        other_names: &[],
        table: "_prisma_migrations",
        columns: &["migration_name", "finished_at", "rolled_back_at", "started_at"],
        without: None,
        order: "started_at",
        read: prisma,
    },
    Tool {
        name: "diesel",
        other_names: &[],
        table: "__diesel_schema_migrations",
        columns: &["version", "run_on"],
        without: None,
        order: "version",
        read: versions,
    },
];

fn text(record: &Record, column: usize) -> &str {
    record.get(column).and_then(Option::as_deref).unwrap_or_default()
}

/// What the vendors make of a truth value.
fn is_true(record: &Record, column: usize) -> bool {
    matches!(text(record, column), "1" | "t" | "true")
}

fn django(records: &[Record]) -> Vec<Entry> {
    records.iter().map(|record| Entry::named(text(record, 0), text(record, 1))).collect()
}

fn refinery(records: &[Record]) -> Vec<Entry> {
    records.iter().map(|record| Entry::numbered(text(record, 0), Some(text(record, 1)))).collect()
}

/// dbmate, Rails and diesel remember versions alone.
fn versions(records: &[Record]) -> Vec<Entry> {
    records.iter().map(|record| Entry::numbered(text(record, 0), None)).collect()
}

/// One row: how far it has come, and whether the last step failed. Below nothing, it has a negative version.
fn golang_migrate(records: &[Record]) -> Vec<Entry> {
    let entries = |record: &Record| {
        let last = Entry::numbered(text(record, 0), None);
        match text(record, 0).parse() {
            _ if is_true(record, 1) => vec![last.but(What::Failed)],
            // The last one has a file of its own, whatever lies before it.
            Ok(number) => vec![last.clone().but(What::UpTo(number)), last],
            Err(_) => Vec::new(),
        }
    };
    records.iter().flat_map(entries).collect()
}

/// What was undone, and what was deleted by hand, is a row of its own behind the first one.
fn flyway(records: &[Record]) -> Vec<Entry> {
    let mut entries: Vec<(&str, Entry)> = Vec::new();
    for record in records {
        let (version, description, kind) = (text(record, 0), text(record, 1), text(record, 2));
        let entry = Entry::numbered(version, Some(description));
        match (version, kind) {
            _ if !is_true(record, 4) => entries.push((version, entry.but(What::Failed))),
            ("", "SCHEMA") => {}
            ("", _) => {
                let why = "is repeated whenever it changes, which is not known here";
                let label = text(record, 3).to_owned();
                entries.push((version, Entry { label, what: What::Nothing(why) }));
            }
            (_, "UNDO_SQL" | "UNDO_JDBC" | "DELETE") => entries.retain(|(other, _)| *other != version),
            (_, "BASELINE") => {
                let baseline = version.parse().map(What::UpTo);
                entries.push((version, entry.but(baseline.unwrap_or(What::Nothing("is no whole number")))));
            }
            _ => entries.push((version, entry)),
        }
    }
    entries.into_iter().map(|(_, entry)| entry).collect()
}

fn sqlx(records: &[Record]) -> Vec<Entry> {
    let entry = |record: &Record| {
        let entry = Entry::numbered(text(record, 0), Some(text(record, 1)));
        if is_true(record, 2) { entry } else { entry.but(What::Failed) }
    };
    records.iter().map(entry).collect()
}

/// The last row of a version counts; version 0 is there from the beginning.
fn goose(records: &[Record]) -> Vec<Entry> {
    let mut versions: Vec<&str> = Vec::new();
    for record in records {
        let version = text(record, 0);
        versions.retain(|other| *other != version);
        if is_true(record, 1) && version != "0" {
            versions.push(version);
        }
    }
    versions.into_iter().map(|version| Entry::numbered(version, None)).collect()
}

/// The name is that of the folder. What was rolled back is tried again in a row of its own.
fn prisma(records: &[Record]) -> Vec<Entry> {
    let entry = |record: &Record| {
        let name = text(record, 0);
        let (number, rest) = name.split_once('_').unwrap_or((name, ""));
        let entry = Entry { label: name.to_owned(), ..Entry::numbered(number, Some(rest)) };
        match (text(record, 1), text(record, 2)) {
            ("", "") => Some(entry.but(What::Failed)),
            (_, "") => Some(entry),
            _ => None,
        }
    };
    records.iter().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(rows: &[&[&str]]) -> Vec<Record> {
        let value = |text: &&str| (*text != "-").then(|| (*text).to_owned());
        rows.iter().map(|row| row.iter().map(value).collect()).collect()
    }

    fn told(entries: &[Entry]) -> Vec<(&str, bool)> {
        entries
            .iter()
            .map(|entry| (entry.label.as_str(), matches!(entry.what, What::Applied { .. })))
            .collect()
    }

    #[test]
    fn flyway_undoes_deletes_and_repeats_in_rows_of_their_own() {
        let entries = flyway(&records(&[
            &["-", "<< Flyway Schema Creation >>", "SCHEMA", "\"x\"", "true", "0"],
            &["1", "a", "SQL", "V1__a.sql", "true", "1"],
            &["2", "b", "SQL", "V2__b.sql", "true", "2"],
            &["3", "c", "SQL", "V3__c.sql", "true", "3"],
            &["2", "b", "UNDO_SQL", "U2__b.sql", "true", "4"],
            &["3", "c", "DELETE", "V3__c.sql", "true", "5"],
            &["2", "b", "SQL", "V2__b.sql", "true", "6"],
            &["-", "views", "SQL", "R__views.sql", "true", "7"],
            &["4", "d", "SQL", "V4__d.sql", "false", "8"],
        ]));
        assert_eq!(told(&entries), [("1 a", true), ("2 b", true), ("R__views.sql", false), ("4 d", false)]);
        assert_eq!(entries[3].what, What::Failed);
        let entries = flyway(&records(&[&["3", "<< B >>", "BASELINE", "<< B >>", "1", "1"]]));
        assert_eq!(entries[0].what, What::UpTo(3));
    }

    #[test]
    fn the_last_row_of_a_version_counts_for_goose() {
        let rows = [["0", "t"], ["1", "t"], ["2", "t"], ["2", "f"], ["3", "t"]];
        let entries = goose(&records(&rows.each_ref().map(<[&str; 2]>::as_slice)));
        assert_eq!(told(&entries), [("1", true), ("3", true)]);
    }

    #[test]
    fn prisma_tries_again_what_was_rolled_back() {
        let entries = prisma(&records(&[
            &["20240101120000_init", "2024", "-", "1"],
            &["20240102120000_more", "-", "2024", "2"],
            &["20240102120000_more", "2024", "-", "3"],
            &["20240103120000_broken", "-", "-", "4"],
        ]));
        assert_eq!(
            told(&entries),
            [("20240101120000_init", true), ("20240102120000_more", true), ("20240103120000_broken", false)]
        );
        assert_eq!(entries[2].what, What::Failed);
    }
}
