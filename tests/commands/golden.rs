//! Whole outputs of `migrate` and `showmigrations`, compared with the files of `golden/`.
//!
//! `MANAGE_TEST_GOLDEN=write` writes them anew; what changed is then seen in the diff.

use std::fs;
use std::path::Path;

use crate::support::{Run, Workspace};

/// A run of commands, one after the other, in a folder that was made ready for them.
struct Story {
    name: &'static str,
    ready: fn() -> Workspace,
    /// Command lines, and between them files that are written: `> FILE TEXT`, or taken away: `- FILE`.
    lines: &'static [&'static str],
}

const STORIES: [Story; 9] = [
    Story {
        name: "plain",
        ready: one_database,
        lines: &[
            "migrate --plan",
            "migrate --check",
            "migrate",
            "migrate",
            "migrate --check",
            "migrate --plan",
            "migrate -v 0",
            "migrate shop 0001 --plan",
            "migrate shop 0001",
            "migrate shop",
            "migrate shop zero -v 2",
            "migrate --dry-run",
            "migrate --single-transaction",
        ],
    },
    Story {
        name: "colour",
        ready: one_database,
        lines: &[
            "migrate --plan --color always",
            "showmigrations --color always",
            "migrate --color always",
            "migrate --color always",
            "migrate shop 0001 --color always",
            "showmigrations --format plain --color always",
            "> migrations/shop/0004_bad.sql INSERT INTO nowhere VALUES ('secret', 1);",
            "migrate --color always",
        ],
    },
    Story {
        name: "json",
        ready: one_database,
        lines: &[
            "migrate --plan --format json",
            "migrate --check --format json",
            "migrate --format json",
            "migrate --format json",
            "migrate --check --format json",
            "migrate shop 0001 --format json",
            "> migrations/shop/0004_bad.sql INSERT INTO nowhere VALUES ('secret', 1);",
            "migrate --format json",
        ],
    },
    Story {
        name: "jsonl",
        ready: one_database,
        lines: &[
            "migrate --plan --format jsonl",
            "migrate --format jsonl",
            "migrate --format jsonl",
            "migrate shop 0001 --format jsonl",
            "migrate --dry-run --format jsonl",
            "> migrations/shop/0004_bad.sql INSERT INTO nowhere VALUES ('secret', 1);",
            "migrate --format jsonl",
        ],
    },
    Story {
        name: "failures",
        ready: one_database,
        lines: &[
            "> migrations/shop/0004_steps.sql -- atomic: false\nCREATE TABLE a (b);\nINSERT INTO nowhere VALUES (1);",
            "migrate",
            "showmigrations --format plain",
            "migrate shop 0002",
            "> migrations/shop/0004_steps.sql -- atomic: false\nCREATE TABLE other (b);\nINSERT INTO a VALUES (1);",
            "migrate",
            "migrate --repair --yes",
            "migrate",
            "migrate shop 0003",
            "> migrations/shop/0002_notes.sql CREATE TABLE notes (id integer);",
            "migrate",
            "migrate --format json",
            "migrate --accept-edit shop.0002_notes --yes",
            "- migrations/shop/0003_view.sql",
            "- migrations/shop/0004_steps.sql",
            "migrate",
            "> migrations/shop/0003_view.sql COMMIT;",
            "migrate",
            "migrate --database other",
            "migrate shp",
            "migrate shop 9",
            "migrate shop 000",
        ],
    },
    Story {
        name: "several_databases",
        ready: two_databases,
        lines: &[
            "migrate --plan",
            "migrate --check",
            "migrate --database users",
            "migrate --database default",
            "migrate",
            "migrate",
            "showmigrations",
            "migrate people zero",
            "migrate people zero --with-dependencies",
            "migrate people zero --yes",
            "showmigrations --format plain",
        ],
    },
    Story {
        name: "several_databases_for_programs",
        ready: two_databases,
        lines: &[
            "migrate --plan --format json",
            "migrate --jobs 1 --format jsonl",
            "migrate --check --format json",
            "showmigrations --format json",
        ],
    },
    Story {
        name: "a_database_that_is_away",
        ready: two_databases,
        lines: &[
            "> settings/prod.toml [databases.users]\nurl = \"sqlite:///nowhere/users.sqlite3?mode=rw\"",
            "migrate --settings prod --plan",
            "migrate --settings prod --check",
            "migrate --settings prod --check --format json",
            "migrate --settings prod --format jsonl",
            "showmigrations --settings prod",
            "showmigrations --settings prod --format json",
        ],
    },
    Story {
        name: "faked",
        ready: one_database,
        lines: &[
            "migrate shop 0001",
            "migrate --fake shop zero",
            "migrate --fake-initial shop 0001",
            "migrate --fake",
            "migrate --fake shop zero --format json",
            "showmigrations",
            "showmigrations -v 2 --format plain",
            "showmigrations --plan",
            "showmigrations --pending shop",
        ],
    },
];

fn one_database() -> Workspace {
    let workspace = Workspace::new();
    workspace
        .write("settings/base.toml", "apps = [\"shop\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n")
        .write(
            "migrations/shop/0001_initial.toml",
            "initial = true\n[[operation]]\nop = \"CreateModel\"\nmodel = \"Crate\"\n\
             fields = [{ name = \"label\", type = \"Char\", max_length = 40, unique = true }]\n\
             [[operation]]\nop = \"AddField\"\nmodel = \"Crate\"\nfield = { name = \"weight\", type = \"Integer\", default = 0 }\n",
        )
        .write("migrations/shop/0002_notes.sql", "CREATE TABLE note (id integer);\n-- down\nDROP TABLE note;\n")
        .write(
            "migrations/shop/0003_view.sql",
            "BEGIN;\nCREATE VIEW labels AS SELECT label FROM shop_crate;\nCOMMIT;\n-- down\nDROP VIEW labels;\n",
        );
    workspace
}

fn two_databases() -> Workspace {
    let workspace = Workspace::new();
    workspace
        .write(
            "settings/base.toml",
            "apps = [\"people\", \"shop\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n\
             [databases.users]\nurl = \"sqlite:///users.sqlite3\"\n[routes]\npeople = \"users\"\n",
        )
        .write("migrations/people/0001_initial.sql", "CREATE TABLE a (b);\n-- down\nDROP TABLE a;")
        .write(
            "migrations/shop/0001_initial.sql",
            "-- depends: people.0001_initial\nCREATE TABLE c (d);\n-- down\nDROP TABLE c;",
        );
    workspace
}

#[test]
fn outputs_are_those_of_the_golden_files() {
    #[expect(clippy::disallowed_methods, reason = "whoever changed an output says so")]
    let is_writing = std::env::var("MANAGE_TEST_GOLDEN").is_ok_and(|value| value == "write");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/commands/golden");
    let mut wrong = Vec::new();
    for story in &STORIES {
        let (path, told) = (folder.join(format!("{}.txt", story.name)), tell(story));
        if is_writing {
            fs::write(&path, &told).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if told != expected {
            wrong.push(first_difference(story.name, &expected, &told));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let files = fs::read_dir(folder).unwrap().count();
    assert_eq!(files, STORIES.len(), "a golden file is nobody's");
}

fn first_difference(name: &str, expected: &str, told: &str) -> String {
    let pairs = expected.lines().chain([""]).zip(told.lines().chain([""])).enumerate();
    let (line, (wanted, found)) =
        pairs.into_iter().find(|(_, (wanted, found))| wanted != found).unwrap_or((0, ("", "")));
    format!("golden/{name}.txt:{}\n  expected: {wanted}\n  found:    {found}", line + 1)
}

/// What the commands of a story answer and say, as a terminal would show it.
fn tell(story: &Story) -> String {
    let workspace = (story.ready)();
    let mut told = String::new();
    for line in story.lines {
        told += &format!("$ {line}\n");
        if let Some((file, text)) = line.strip_prefix("> ").and_then(|rest| rest.split_once(' ')) {
            workspace.write(file, text);
        } else if let Some(file) = line.strip_prefix("- ") {
            fs::remove_file(workspace.path().join(file)).unwrap();
        } else {
            let Run { status, stdout, stderr } = workspace.manage(line.split(' '));
            told += &stdout;
            if !stderr.is_empty() {
                told += &format!("[stderr]\n{stderr}");
            }
            told += &format!("[{status}]\n\n");
        }
    }
    masked(&told.replace(workspace.path().to_str().unwrap(), "/project"))
}

/// Without what is otherwise each time: how long things took, and moments.
fn masked(told: &str) -> String {
    let told =
        masked_behind(told, "\"milliseconds\":", |sign| sign.is_ascii_digit() || " .e-".contains(sign));
    let told = masked_behind(&told, "\"applied_at\":\"", |sign| sign != '"');
    let told = masked_behind(&told, "\"applied_at\": \"", |sign| sign != '"');
    let told = masked_behind(&told, "applied at ", |sign| sign != ')');
    let told = masked_behind(&told, "OK (", |sign| sign != ')');
    told.lines().map(|line| moment(line) + "\n").collect()
}

fn masked_behind(text: &str, before: &str, is_part: impl Fn(char) -> bool) -> String {
    let mut parts = text.split(before);
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        whole += before;
        whole += "0";
        whole += part.trim_start_matches(&is_part);
    }
    whole
}

/// A line whose end is a moment, such as `2026-03-04 16:04:05 UTC`.
fn moment(line: &str) -> String {
    match line.strip_suffix(" UTC").and_then(|rest| rest.len().checked_sub(19).and_then(|at| rest.get(..at)))
    {
        Some(rest) => format!("{rest}MOMENT"),
        None => line.to_owned(),
    }
}
