//! `manage squashmigrations`, `manage optimizemigration` and `manage makemigrations --update`. What databases make of squashes is
//! in `backends/histories.rs`.

use super::declared::Declared;
use super::migrate::{database_in, texts};
use crate::support::Workspace;

const LEAD: (&str, &str) =
    ("max_length = 80 }", "max_length = 80 }, { name = \"lead\", type = \"Text\", null = true }");
const SHORT: (&str, &str) = ("\"lead\", type = \"Text\"", "\"lead\", type = \"Char\", max_length = 300");
const SQUASH: &str = "0001_initial_squashed_0003_alter_article_lead";

/// Three migrations.
fn declared() -> Declared {
    let mut declared = Declared::new();
    for change in [None, Some(LEAD), Some(SHORT)] {
        change.into_iter().for_each(|change| declared.change(change));
        declared.make();
    }
    declared
}

#[test]
fn several_migrations_become_one_that_stands_for_them() {
    let declared = declared();
    declared.manage(["migrate", "news", "0002", "-v", "0"]).succeeds_with("");
    declared.manage(["squashmigrations", "news", "--no-header"]).succeeds_with(&format!(
        "news.{SQUASH}: one migration instead of 3\n  - 0001_initial\n  - 0002_article_lead\n  \
         - 0003_alter_article_lead\n  2 operations instead of 4\nCreated new squashed migration \
         migrations/news/{SQUASH}.toml\n"
    ));
    assert_eq!(declared.last(), format!("{SQUASH}\n"));
    assert_eq!(
        declared.read(&format!("{SQUASH}.toml")),
        r#"replaces = ["news.0001_initial", "news.0002_article_lead", "news.0003_alter_article_lead"]
initial = true

[[operation]]
op = "CreateModel"
model = "Tag"
fields = [
  { name = "id", type = "BigAuto", primary_key = true },
  { name = "name", type = "Char", max_length = 20 },
]

[[operation]]
op = "CreateModel"
model = "Article"
fields = [
  { name = "id", type = "BigAuto", primary_key = true },
  { name = "title", type = "Char", max_length = 80 },
  { name = "lead", type = "Char", max_length = 300, null = true },
]
"#
    );
    // A database that has a part of them goes on one by one.
    let listed = declared.manage(["showmigrations", "--format", "plain"]).succeeds();
    assert_eq!(listed, "news\n [X] 0001_initial\n [X] 0002_article_lead\n [ ] 0003_alter_article_lead\n");
    let applied = declared.manage(["migrate"]).succeeds();
    assert!(
        applied.ends_with(&format!(
            "  Applying news.0003_alter_article_lead... OK\n  Applying news.{SQUASH}... FAKED\n"
        )),
        "{applied}"
    );
    let listed = format!("news\n [X] {SQUASH} (3 squashed migrations)\n");
    declared.manage(["showmigrations", "--format", "plain"]).succeeds_with(&listed);
    declared.manage(["makemigrations"]).says("No changes detected\n");
    // The old files may go.
    for name in ["0001_initial.toml", "0002_article_lead.toml", "0003_alter_article_lead.toml"] {
        declared.take(name);
    }
    declared.manage(["migrate", "--check"]).succeeds_with("");
    declared.manage(["showmigrations", "--format", "plain"]).succeeds_with(&listed);
    // Back, and forwards again: nothing of the parts is left behind.
    declared.manage(["migrate", "news", "zero", "--yes", "-v", "0"]).succeeds_with("");
    let open = format!("news\n [ ] {SQUASH} (3 squashed migrations)\n");
    declared.manage(["showmigrations", "--format", "plain"]).succeeds_with(&open);
    let applied = declared.manage(["migrate"]).succeeds();
    assert!(applied.ends_with(&format!("  Applying news.{SQUASH}... OK\n")), "{applied}");
    // What comes next is counted on from the parts.
    declared
        .manage(["makemigrations", "news", "--empty", "--name", "next", "--scriptable"])
        .succeeds_with("migrations/news/0004_next.toml\n");
}

#[test]
fn a_squash_of_what_is_applied_is_recorded_by_the_next_run() {
    let declared = declared();
    declared.manage(["migrate", "-v", "0"]).succeeds_with("");
    declared.manage(["squashmigrations", "news", "-v", "0"]).succeeds();
    declared.manage(["showmigrations", "--format", "plain"]).succeeds_with(&format!(
        "news\n [-] {SQUASH} (3 squashed migrations) Run 'manage migrate' to finish recording.\n"
    ));
    let told = declared.manage(["migrate"]).succeeds();
    assert!(told.ends_with(&format!("  Applying news.{SQUASH}... FAKED\n")), "{told}");
    let told = declared.manage(["migrate"]).succeeds();
    assert!(told.ends_with("  No migrations to apply.\n"), "{told}");
}

#[test]
fn a_part_that_is_missing_on_a_database_has_to_have_its_file() {
    let declared = declared();
    declared.manage(["migrate", "news", "0002", "-v", "0"]).succeeds_with("");
    declared.manage(["squashmigrations", "news", "-v", "0"]).succeeds();
    declared.take("0003_alter_article_lead.toml");
    let refused = declared.manage(["migrate"]).fails(1);
    assert_eq!(
        refused,
        format!(
            "error: database `default` has applied a part of what news.{SQUASH} replaces, and \
             news.0003_alter_article_lead has no file any more\nhint: bring the file of news.0003_alter_article_lead back, \
             or migrate this database with the release before first\n"
        )
    );
}

#[test]
fn a_range_is_squashed_under_a_name_and_what_new_databases_do_without_is_left_out() {
    let declared = declared();
    let data = r#"depends = ["news.0003_alter_article_lead"]

[[operation]]
op = "RunSql"
forwards = "UPDATE news_article SET lead = 'a'"
backwards = ""
elidable = true

[[operation]]
op = "RunSql"
forwards = "INSERT INTO news_tag (name) VALUES ('first')"
backwards = ""
"#;
    declared.put("0004_data.toml", data);
    let range =
        ["squashmigrations", "news", "0002", "0004", "--squashed-name", "lead", "--dry-run", "--no-header"];
    declared.manage(range).succeeds_with(
        r#"news.0002_lead: one migration instead of 3
  - 0002_article_lead
  - 0003_alter_article_lead
  - 0004_data
  2 operations instead of 4

depends = ["news.0001_initial"]
replaces = ["news.0002_article_lead", "news.0003_alter_article_lead", "news.0004_data"]

[[operation]]
op = "AddField"
model = "Article"
field = { name = "lead", type = "Char", max_length = 300, null = true }

[[operation]]
op = "RunSql"
forwards = "INSERT INTO news_tag (name) VALUES ('first')"
backwards = ""
"#,
    );
    let refused = declared.manage(["squashmigrations", "news", "0003", "0002"]).fails(1);
    assert!(refused.contains("news.0003_alter_article_lead does not come before it"), "{refused}");
    declared.manage(["squashmigrations", "news", "0001", "0001"]).says("No two migrations could be one.\n");
}

/// Django 6.1 writes one file for this, after which every command ends in a traceback.
#[test]
fn inside_of_a_circle_of_apps_every_command_goes_on() {
    let workspace = Workspace::new();
    let person = |length: u32| {
        format!(
            "[Author]\nfields = [{{ name = \"name\", type = \"Char\", max_length = {length} }}, {{ name = \"best\", type = \
             \"ForeignKey\", to = \"news.Article\", null = true, on_delete = \"SET_NULL\" }}]\n"
        )
    };
    let article =
        "[Article]\nfields = [{ name = \"author\", type = \"ForeignKey\", to = \"people.Author\" }]\n";
    let settings = "apps = [\"news\", \"people\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n";
    workspace.write("settings/base.toml", settings).write("models/news.toml", article);
    for length in [10, 20] {
        workspace.write("models/people.toml", &person(length));
        workspace.manage(["makemigrations", "-v", "0"]).succeeds_with("");
    }
    let title =
        article.replace("fields = [", "fields = [{ name = \"title\", type = \"Text\", null = true }, ");
    workspace.write("models/news.toml", &title);
    workspace.manage(["makemigrations", "-v", "0"]).succeeds_with("");
    let told = workspace.manage(["squashmigrations", "--all"]).succeeds();
    // news.0001 comes before people.0001, and that before news.0002.
    assert_eq!(
        told,
        "people.0001_initial_squashed_0002_alter_author_name: one migration instead of 2\n  - 0001_initial\n  \
         - 0002_alter_author_name\n  1 operation instead of 2\n\
         news.0002_initial_squashed_0003_article_title: one migration instead of 2\n  - 0002_initial\n  \
         - 0003_article_title\n  2 operations\n\
         Created new squashed migration migrations/people/0001_initial_squashed_0002_alter_author_name.toml\n\
         Created new squashed migration migrations/news/0002_initial_squashed_0003_article_title.toml\n"
    );
    workspace.manage(["migrate", "-v", "0"]).succeeds_with("");
    workspace.manage(["makemigrations"]).says("No changes detected\n");
    workspace.manage(["showmigrations"]).succeeds();
    workspace.manage(["squashmigrations", "--all"]).succeeds();
}

#[test]
fn operations_of_a_migration_are_merged_in_its_place_unless_it_is_applied() {
    let declared = declared();
    declared.manage(["optimizemigration", "news", "0002"]).succeeds_with("No optimizations possible.\n");
    let longer = format!(
        "{}\n[[operation]]\nop = \"RenameField\"\nmodel = \"Article\"\nfrom = \"lead\"\nto = \"intro\"\n",
        declared.read("0002_article_lead.toml")
    );
    declared.put("0002_article_lead.toml", &longer);
    declared.take("0003_alter_article_lead.toml");
    let checked = declared.manage(["optimizemigration", "news", "0002", "--check"]);
    assert_eq!((checked.status, checked.stdout.as_str()), (1, "Optimizing from 2 operations to 1.\n"));
    assert_eq!(declared.read("0002_article_lead.toml"), longer);
    declared.manage(["migrate", "-v", "0"]).succeeds_with("");
    let refused = declared.manage(["optimizemigration", "news", "0002"]).fails(1);
    assert!(refused.contains("is applied on database `default`, so its file stays as it is\n"), "{refused}");
    declared.manage(["migrate", "news", "0001", "--yes", "-v", "0"]).succeeds_with("");
    declared.manage(["optimizemigration", "news", "0002", "--no-header"]).succeeds_with(
        "Optimizing from 2 operations to 1.\nOptimized migration migrations/news/0002_article_lead.toml\n",
    );
    assert_eq!(
        declared.read("0002_article_lead.toml"),
        "depends = [\"news.0001_initial\"]\n\n[[operation]]\nop = \"AddField\"\nmodel = \"Article\"\nfield = { name = \
         \"intro\", type = \"Text\", null = true }\n"
    );
}

#[test]
fn changes_go_into_the_last_migration_where_that_is_not_applied() {
    let mut declared = Declared::new();
    declared.make();
    declared.change(LEAD);
    declared.make();
    declared.change(SHORT);
    declared.change(("max_length = 20 }", "max_length = 30 }"));
    declared.manage(["makemigrations", "--update"]).succeeds_with(
        "Migrations for 'news':\n  migrations/news/0002_article_lead_alter_tag_name.toml\n    \
         + Add field lead to article\n    ~ Alter field name on tag\nDeleted migrations/news/0002_article_lead.toml\n",
    );
    assert_eq!(
        declared.files(),
        ["0001_initial.toml", "0002_article_lead_alter_tag_name.toml", "max_migration.txt"]
    );
    assert_eq!(declared.last(), "0002_article_lead_alter_tag_name\n");
    declared.manage(["makemigrations"]).says("No changes detected\n");
    // Where nothing is left of it, it goes.
    declared.change((", { name = \"lead\", type = \"Char\", max_length = 300, null = true }", ""));
    declared.change(("max_length = 30 }", "max_length = 20 }"));
    let told = declared.manage(["makemigrations", "--update"]).succeeds();
    assert!(told.contains("~ Alter field name on tag"), "{told}");
    declared.manage(["migrate", "-v", "0"]).succeeds_with("");
    declared.change(LEAD);
    let refused = declared.manage(["makemigrations", "--update"]).fails(1);
    assert!(refused.contains("is applied on database `default`, so its file stays as it is\n"), "{refused}");
    declared.make();
    declared.change((LEAD.1, LEAD.0));
    declared
        .manage(["makemigrations", "--update"])
        .succeeds_with("Deleted migrations/news/0003_article_lead.toml\n");
    assert_eq!(declared.last(), "0002_alter_tag_name\n");
}

#[test]
fn a_squash_that_makes_something_else_is_not_written() {
    let mut declared = Declared::new();
    declared.make();
    declared.change(LEAD);
    declared.make();
    declared.change(SHORT);
    declared.make();
    // Said to be of no use for a new database, which is wrong.
    let index = "depends = [\"news.0003_alter_article_lead\"]\n\n[[operation]]\nop = \"RunSql\"\nforwards = \"CREATE INDEX by_hand \
                 ON news_article (title)\"\nbackwards = \"\"\nelidable = true\n";
    declared.put("0004_index.toml", index);
    let refused = declared.manage(["squashmigrations", "news"]).fails(1);
    assert_eq!(
        refused,
        "Comparing what both make on SQLite ...\nerror: on SQLite the squash makes something else, and nothing was \
         written:\n  news_article: - index by_hand is missing: (title)\nhint: squash a part of the migrations, or leave \
         operations as they are: `--no-optimize`\n"
    );
    assert!(declared.files().iter().all(|name| !name.contains("squashed")), "{:?}", declared.files());
    declared.manage(["squashmigrations", "news", "--no-proof", "-v", "0"]).succeeds();
}

#[test]
fn a_squash_of_a_squash_explains_all_that_was_applied_when_their_files_are_gone() {
    let mut declared = declared();
    declared.manage(["migrate", "-v", "0"]).succeeds_with("");
    declared.manage(["squashmigrations", "news", "--squashed-name", "three", "-v", "0"]).succeeds();
    declared.change(("max_length = 300", "max_length = 400"));
    declared.make();
    declared
        .manage(["squashmigrations", "news", "--squashed-name", "four", "--no-header", "-v", "0"])
        .succeeds();
    assert!(
        declared.read("0001_four.toml").starts_with(
            "replaces = [\n  \"news.0001_initial\",\n  \"news.0002_article_lead\",\n  \"news.0003_alter_article_lead\",\n  \
             \"news.0001_three\",\n  \"news.0004_alter_article_lead\",\n]\n"
        ),
        "{}",
        declared.read("0001_four.toml")
    );
    let applied = declared.manage(["migrate"]).succeeds();
    assert!(
        applied
            .ends_with("  Applying news.0004_alter_article_lead... OK\n  Applying news.0001_four... FAKED\n"),
        "{applied}"
    );
    for name in declared.files().iter().filter(|name| name.ends_with(".toml") && *name != "0001_four.toml") {
        declared.take(name);
    }
    let listed = "news\n [X] 0001_four (5 squashed migrations)\n";
    declared.manage(["showmigrations", "--format", "plain"]).succeeds_with(listed);
    declared.manage(["migrate", "news", "zero", "--yes", "-v", "0"]).succeeds_with("");
    declared.manage(["migrate", "-v", "0"]).succeeds_with("");
    declared.manage(["showmigrations", "--format", "plain"]).succeeds_with(listed);
}

#[test]
fn what_a_squash_is_called_is_the_name_of_a_file() {
    let declared = declared();
    for name in ["../../evil", "initial x", ""] {
        let refused = declared.manage(["squashmigrations", "news", "--squashed-name", name]).fails(2);
        assert!(refused.contains("expected letters, digits and underscores"), "{refused}");
    }
}

#[test]
fn a_squash_keeps_what_its_sql_is_on_kinds_of_databases_that_are_elsewhere() {
    let declared = declared();
    declared.put("0004_rows.sql", "INSERT INTO news_tag (name) VALUES ('all');\n");
    declared.put("0004_rows.postgresql.sql", "INSERT INTO news_tag (name) VALUES ('postgresql');\n");
    declared.manage(["squashmigrations", "news", "--squashed-name", "all"]).succeeds();
    let text = declared.read("0001_all.toml");
    for sql in [
        "postgresql = \"\"\"\nINSERT INTO news_tag (name) VALUES ('postgresql');",
        "sqlite = \"\"\"\nINSERT INTO news_tag (name) VALUES ('all');",
        "mysql = \"\"\"\nINSERT INTO news_tag (name) VALUES ('all');",
    ] {
        let (dialect, sql) = sql.split_once(" = \"\"\"\n").unwrap();
        assert!(text.contains(dialect) && text.contains(sql), "{dialect}: {text}");
    }
    assert_eq!(text.matches("('all')").count(), 2, "{text}");
}

#[test]
fn a_squash_is_a_target_also_where_a_part_of_it_is_applied() {
    let declared = declared();
    declared.manage(["migrate", "news", "0001", "-v", "0"]).succeeds_with("");
    declared.manage(["squashmigrations", "news", "-v", "0"]).succeeds();
    declared.manage(["migrate", "news", "0001_initial", "-v", "0"]).succeeds_with("");
    let refused = declared.manage(["sqlmigrate", "news", "0001_initial"]).fails(2);
    assert!(refused.contains("news.0001_initial is a part of"), "{refused}");
    let applied = declared.manage(["migrate", "news", SQUASH]).succeeds();
    assert!(
        applied.ends_with(&format!(
            "  Applying news.0002_article_lead... OK\n  Applying news.0003_alter_article_lead... OK\n  Applying \
             news.{SQUASH}... FAKED\n"
        )),
        "{applied}"
    );
    // All of it applied and not recorded: the squash is recorded.
    declared.manage(["migrate", "--forget", &format!("news.{SQUASH}"), "--yes"]).succeeds();
    let recorded = declared.manage(["migrate", "news", SQUASH]).succeeds();
    assert!(recorded.ends_with(&format!("  Applying news.{SQUASH}... FAKED\n")), "{recorded}");
}

#[test]
fn who_goes_back_to_zero_and_forward_again_has_no_row_of_an_old_squash() {
    let declared = declared();
    let names = "SELECT name FROM manage_migrations ORDER BY name";
    let history = |declared: &Declared| texts(&database_in(declared.path(), "db.sqlite3"), names);
    declared.manage(["migrate", "-v", "0"]).succeeds();
    declared.manage(["squashmigrations", "news", "-v", "0"]).succeeds();
    declared.manage(["migrate", "-v", "0"]).succeeds();
    let members = ["0001_initial", "0002_article_lead", "0003_alter_article_lead"];
    assert_eq!(history(&declared).len(), members.len() + 1);
    declared.manage(["migrate", "news", "zero", "-v", "0"]).succeeds();
    assert!(history(&declared).is_empty());
    declared.manage(["migrate", "-v", "0"]).succeeds();
    assert_eq!(history(&declared), [format!("news__{SQUASH}")]);
    // Without its file the old ones run again, and nothing of it is left.
    declared.manage(["migrate", "news", "zero", "-v", "0"]).succeeds();
    declared.take(&format!("{SQUASH}.toml"));
    declared.manage(["migrate", "-v", "0"]).succeeds();
    assert_eq!(history(&declared), members.map(|name| format!("news__{name}")));
}

#[test]
fn a_slip_in_the_name_of_what_a_squash_replaces_is_told_with_its_line() {
    let declared = declared();
    declared.manage(["squashmigrations", "news", "-v", "0"]).succeeds();
    let file = format!("{SQUASH}.toml");
    let text = declared.read(&file);
    declared.put(&file, &text.replace("\"news.0002_article_lead\"", "\"news.0002_artcle_lead\""));
    let line = text.lines().position(|line| line.contains("news.0002_article_lead")).unwrap() + 1;
    declared.manage(["migrate"]).fails_with(
        1,
        &format!(
            "error: migrations/news/{file}:{line}: news.{SQUASH} replaces news.0002_artcle_lead, which has no file; did you \
             mean news.0002_article_lead?\nhint: correct the file and run the command again; no database was changed\n"
        ),
    );
    // A file that is gone is none: its number is free, or another's with another name.
    declared.put(&file, &text);
    declared.take("0002_article_lead.toml");
    declared.take("0003_alter_article_lead.toml");
    declared.manage(["migrate", "-v", "0"]).succeeds();
}
