//! The history is frozen: what is applied somewhere keeps the checksums by which databases know it.
//!
//! `checksums.txt` holds those of every migration that is shipped, and of a corpus that says whatever a migration can
//! say, in today's form and in those of earlier versions. Lines are added and never changed.

use std::collections::BTreeSet;
use std::path::Path;

use manage::AppConfig;
use manage::contrib::{accounts, auth, sessions};
use manage::db::Folder;
use manage::db::backends::DIALECTS;
use manage::db::migrations::operations::Operation;
use manage::db::migrations::recorder::checksums;
use manage::db::migrations::state::ProjectState;
use manage::db::migrations::{Graph, json_schema, load};
use manage::files::ProjectFiles;

const GOLDEN: &str = include_str!("checksums.txt");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn folder(path: &str, apps: &[&str]) -> Graph {
    let apps: Vec<String> = apps.iter().map(|app| (*app).to_owned()).collect();
    load(&Folder::new(&root().join(path)), &apps, &DIALECTS).unwrap()
}

fn corpus() -> Graph {
    folder("tests/history/corpus", &["shop", "store"])
}

/// The framework's apps and the blog, as the program holds them.
fn shipped() -> Graph {
    const APPS: [AppConfig; 4] = [sessions::APP, auth::APP, accounts::APP, wayfarer::blog::APP];
    let files = ProjectFiles::new(Path::new("/nowhere"), APPS.map(|app| app.files).to_vec());
    load(&files, &APPS.map(|app| app.label.to_owned()), &DIALECTS).unwrap()
}

/// The framework's own files, where a site has no others of the name.
fn plain() -> Graph {
    folder("crates/manage", &["sessions", "auth", "accounts"])
}

/// Each checksum that counts on a database: the folder, the migration, the dialect, today's form first.
fn lines(folder: &str, graph: &Graph) -> Vec<String> {
    let mut lines = Vec::new();
    for migration in graph.migrations() {
        for dialect in DIALECTS {
            for (position, checksum) in checksums(migration, dialect).enumerate() {
                let age = if position == 0 { "today" } else { "earlier" };
                let line = format!("{folder} {} {dialect} {checksum} {age}", migration.key);
                // Where there is no undo, two of the earlier forms are one.
                if lines.last() != Some(&line) {
                    lines.push(line);
                }
            }
        }
    }
    lines
}

fn all() -> Vec<String> {
    let graphs = [
        ("site", shipped()),
        ("framework", plain()),
        ("examples/polls", folder("examples/polls", &["polls"])),
        ("corpus", corpus()),
    ];
    graphs.iter().flat_map(|(folder, graph)| lines(folder, graph)).collect()
}

/// A line without the last word: today's form of one version is an earlier one of the next.
fn accepted(line: &str) -> &str {
    line.rsplit_once(' ').map_or(line, |(line, _)| line)
}

#[test]
fn no_checksum_of_a_migration_ever_changes() {
    let found = all();
    let counts: BTreeSet<&str> = found.iter().map(|line| accepted(line)).collect();
    let lost: Vec<&str> = GOLDEN.lines().filter(|line| !counts.contains(accepted(line))).collect();
    assert!(
        lost.is_empty(),
        "databases hold these checksums, and they do not count any more:\n{}\nA migration that is applied somewhere is \
         not changed: write another one. Where the form of all of them is meant to change, the old one goes on to count \
         (`migrations/earlier.rs`).",
        lost.join("\n")
    );
    let known: BTreeSet<&str> = GOLDEN.lines().map(accepted).collect();
    let new: Vec<&str> =
        found.iter().map(String::as_str).filter(|line| !known.contains(accepted(line))).collect();
    assert!(new.is_empty(), "these are new; add them to tests/history/checksums.txt:\n{}", new.join("\n"));
}

fn nested(operation: &Operation, names: &mut BTreeSet<&'static str>) {
    names.insert(operation.name());
    let inner = match operation {
        Operation::RunSql(sql) => [&sql.state[..], &[]],
        Operation::SeparateDatabaseAndState(both) => [&both.database[..], &both.state],
        _ => [&[][..], &[]],
    };
    inner.into_iter().flatten().for_each(|operation| nested(operation, names));
}

#[test]
fn the_corpus_says_whatever_a_migration_can_say() {
    let (mut names, mut kinds) = (BTreeSet::new(), BTreeSet::new());
    let mut state = ProjectState::default();
    for migration in corpus().migrations() {
        for located in &migration.operations {
            nested(&located.operation, &mut names);
            located.operation.change().state_forwards(&migration.key.app, &mut state).unwrap();
            kinds.extend(
                state.models().flat_map(|model| &model.fields).map(|field| format!("{:?}", field.kind)),
            );
        }
    }
    let schema = json_schema();
    let words = |path: &str, word: &str| -> BTreeSet<String> {
        let all = schema.pointer(path).unwrap().as_array().unwrap().iter();
        all.map(|one| if word.is_empty() { one } else { &one[word] }.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        names.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(),
        words("/definitions/Operation/oneOf", "title")
    );
    assert_eq!(kinds, words("/definitions/FieldType/enum", ""));
}

/// The checksum of one migration of one operation, on SQLite.
fn checksum(text: &str) -> String {
    let workspace = crate::support::Workspace::bare();
    workspace.write("migrations/shop/0001_x.toml", text);
    let graph = load(&Folder::new(workspace.path()), &["shop".to_owned()], &["sqlite"]).unwrap();
    checksums(graph.migrations().next().unwrap(), "sqlite").next().unwrap()
}

#[test]
fn another_way_to_say_the_same_is_no_edit_and_another_fact_is() {
    const TEXT: &str = r#"[[operation]]
op = "AddField"
model = "Order"
field = { name = "customer", type = "ForeignKey", to = "Customer" }

[[operation]]
op = "AddField"
model = "Order"
field = { name = "state", type = "Char", max_length = 3, default = "a  b" }

[[operation]]
op = "AddConstraint"
model = "Order"
constraint = { name = "rule", check = { sqlite = "total>0 AND name <> 'a  b'", mysql = "total > 0" } }

[[operation]]
op = "RunSql"
forwards = { sqlite = "UPDATE a SET b = 'c  d' WHERE e=1; SELECT 1" }

[[operation]]
op = "AlterModelOptions"
model = "Order"
ordering = ["id"]
"#;
    let frozen = checksum(TEXT);
    for (before, after) in [
        (
            "to = \"Customer\"",
            "to = \"shop.Customer\", null = false, on_delete = \"CASCADE\", db_index = true",
        ),
        (
            "name = \"state\", type = \"Char\", max_length = 3",
            "max_length = 3, unique = false, type = 'Char', name = 'state'",
        ),
        (
            "[[operation]]\nop = \"AddField\"\n",
            "# a remark\n[[operation]]\nop = \"AddField\"\npreserve_default = true\n",
        ),
        ("name = \"rule\"", "deferrable = false, nulls_distinct = true, unique = [], name = \"rule\""),
        ("{ sqlite = \"total>0 AND name", "{ sqlite3 = \"total > 0 /* so */ AND\\n  name"),
        ("mysql = \"total > 0\"", "postgres = \"total > 1\""),
        (
            "{ sqlite = \"UPDATE a SET b = 'c  d' WHERE e=1; SELECT 1\" }",
            "[\"UPDATE a\\n  SET b = 'c  d' -- so\\n  WHERE e = 1\", 'SELECT 1;']",
        ),
        ("ordering = [\"id\"]", "ordering = [\"id\"]\nmanaged = true"),
    ] {
        let other = TEXT.replace(before, after);
        assert_ne!(other, TEXT, "{before}");
        assert_eq!(checksum(&other), frozen, "{after}");
    }
    for (before, after) in [
        ("max_length = 3", "max_length = 4"),
        ("\"a  b\" }", "\"a b\" }"),
        ("'a  b'", "'a b'"),
        ("'c  d'", "'c d'"),
        ("total>0", "total>1"),
        ("ordering = [\"id\"]", "ordering = [\"id\"]\nverbose_name = \"order\""),
        (
            "op = \"AddConstraint\"\nmodel = \"Order\"",
            "op = \"AddConstraint\"\nmodel = \"Order\"\nnot_valid = true",
        ),
        (
            "[[operation]]\nop = \"AlterModelOptions\"",
            "[[operation]]\nop = \"DeleteModel\"\nmodel = \"Old\"\n[[operation]]\nop = \"AlterModelOptions\"",
        ),
    ] {
        let other = TEXT.replacen(before, after, 1);
        assert_ne!(other, TEXT, "{before}");
        assert_ne!(checksum(&other), frozen, "{after}");
    }
}
