//! `manage makemigrations` over declared apps. What a terminal answers is in `terminal.rs`, what databases make of it in
//! `backends/histories.rs`.

use std::fs;

use serde_json::Value as Json;

use crate::support::Workspace;

/// Two apps that point to each other.
const NEWS: &str = r#"
[Tag]
fields = [{ name = "name", type = "Char", max_length = 20 }]

[Article]
fields = [
  { name = "title", type = "Char", max_length = 80 },
  { name = "author", type = "ForeignKey", to = "people.Author" },
  { name = "tags", type = "ManyToMany", to = "Tag" },
]
constraints = [{ name = "news_once", unique = ["author", "title"] }]
"#;

const PEOPLE: &str = r#"
[Author]
fields = [
  { name = "name", type = "Char", max_length = 80 },
  { name = "best", type = "ForeignKey", to = "news.Article", null = true, on_delete = "SET_NULL" },
]
"#;

fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace
        .write(
            "settings/base.toml",
            "apps = [\"news\", \"people\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n",
        )
        .write("models/news.toml", NEWS)
        .write("models/people.toml", PEOPLE);
    workspace
}

/// With first migrations that are written and applied.
fn migrated() -> Workspace {
    let workspace = workspace();
    workspace.manage(["makemigrations", "-v", "0"]).succeeds_with("");
    workspace.manage(["migrate", "-v", "0"]).succeeds();
    workspace
}

/// The models with one text for another.
fn with(workspace: &Workspace, old: &str, new: &str) {
    let path = "models/news.toml";
    let text = fs::read_to_string(workspace.path().join(path)).unwrap();
    assert!(text.contains(old), "{old}");
    workspace.write(path, &text.replace(old, new));
}

fn files(workspace: &Workspace, app: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(workspace.path().join("migrations").join(app)) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

const TITLE: &str = "{ name = \"title\", type = \"Char\", max_length = 80 }";
const HEADLINE: &str = "{ name = \"headline\", type = \"Char\", max_length = 80 }";

#[test]
fn apps_that_point_to_each_other_are_made_in_three_steps() {
    let workspace = workspace();
    workspace.manage(["makemigrations"]).succeeds_with(
        "Migrations for 'news':\n  migrations/news/0001_initial.toml\n    + Create model Tag\n    \
         + Create model Article\n  migrations/news/0002_initial.toml\n    + Add field author to article\n    \
         + Create constraint news_once on model article\nMigrations for 'people':\n  \
         migrations/people/0001_initial.toml\n    + Create model Author\n",
    );
    let last = |app: &str| {
        fs::read_to_string(workspace.path().join(format!("migrations/{app}/max_migration.txt"))).unwrap()
    };
    assert_eq!((last("news"), last("people")), ("0002_initial\n".into(), "0001_initial\n".into()));
    workspace.manage(["migrate", "-v", "0"]).succeeds();
    workspace.manage(["migrate", "news", "zero", "-v", "0", "--yes"]).succeeds();
    workspace.manage(["migrate", "-v", "0"]).succeeds();
    workspace.manage(["makemigrations", "--check"]).succeeds().is_empty().then_some(()).unwrap();
    workspace.manage(["makemigrations"]).says("No changes detected\n");
    workspace.manage(["makemigrations", "news"]).says("No changes detected in app 'news'\n");
}

#[test]
fn nothing_is_written_where_it_is_only_shown_or_checked() {
    let workspace = workspace();
    let shown = workspace.manage(["makemigrations", "people", "--dry-run", "--no-header"]).succeeds();
    assert!(
        shown.contains("\n  migrations/people/0001_initial.toml\n    + Create model Author\n\n"),
        "{shown}"
    );
    assert!(
        shown.contains("depends = [\"news.0001_initial\"]\ninitial = true\n\n[[operation]]\n"),
        "{shown}"
    );
    // What it needs of the other app is written too, and no more.
    assert!(shown.contains("news/0001_initial.toml") && !shown.contains("news/0002"), "{shown}");
    let checked = workspace.manage(["makemigrations", "--check"]);
    assert_eq!((checked.status, checked.stderr.as_str()), (1, ""));
    assert_eq!(workspace.manage(["makemigrations", "--check", "-v", "0"]).stdout, "");
    assert_eq!(files(&workspace, "news"), [""; 0]);
}

#[test]
fn programs_read_paths_or_json() {
    let workspace = workspace();
    workspace
        .manage(["makemigrations", "people", "--scriptable"])
        .succeeds_with("migrations/news/0001_initial.toml\nmigrations/people/0001_initial.toml\n");
    let flags = ["makemigrations", "--format", "json", "--no-header", "--default", "news.Article.author=1"];
    let told = workspace.manage(flags).succeeds();
    let told: Json = serde_json::from_str(&told).unwrap();
    assert_eq!(told["written"], true);
    let made = &told["migrations"][0];
    assert_eq!(made["path"], "migrations/news/0002_article_author_article_news_once.toml");
    assert_eq!(made["depends"], serde_json::json!(["news.0001_initial", "people.0001_initial"]));
    assert_eq!(made["operations"][0]["description"], "Add field author to article");
    let text = fs::read_to_string(workspace.path().join(made["path"].as_str().unwrap())).unwrap();
    assert_eq!(made["text"], text.as_str());
}

#[test]
fn without_a_terminal_nothing_is_guessed_and_every_question_names_its_flags() {
    let workspace = migrated();
    with(&workspace, TITLE, HEADLINE);
    with(&workspace, "constraints = [{ name = \"news_once\", unique = [\"author\", \"title\"] }]\n", "");
    with(&workspace, "{ name = \"name\",", "{ name = \"rank\", type = \"Integer\" },\n  { name = \"name\",");
    let before = files(&workspace, "news");
    for flags in
        [&["makemigrations"] as &[&str], &["makemigrations", "--check"], &["makemigrations", "--no-input"]]
    {
        workspace.manage(flags).fails_with(
            3,
            "error: what only you know is asked on a terminal alone, and nothing was written:\n  \
             Was article.title renamed to article.headline (a Char)?\n  \
             What do rows of news.Tag get in the new field `rank`, which takes no NULL?\n\
             hint: `--rename news.Article.title=headline` or `--no-rename news.Article.title` answers\n\
             hint: `--default news.Tag.rank=VALUE` answers\n",
        );
    }
    assert_eq!(files(&workspace, "news"), before);
    let flags = ["makemigrations", "--rename", "news.Article.title=headline", "--default", "news.Tag.rank=7"];
    let told = workspace.manage(flags).succeeds();
    assert!(told.contains("    ~ Rename field title on article to headline\n"), "{told}");
    assert!(told.contains("    + Add field rank to tag\n"), "{told}");
    workspace.manage(["migrate", "-v", "0"]).succeeds();
    workspace.manage(["makemigrations", "--check"]).succeeds_with("");
}

#[test]
fn an_answer_that_fits_nothing_is_a_wrong_command_line() {
    let workspace = migrated();
    with(
        &workspace,
        "{ name = \"name\",",
        "{ name = \"rank\", type = \"PositiveInteger\" },\n  { name = \"name\",",
    );
    for (flags, told) in [
        (
            &["--default", "news.Tag.rank=-1"] as &[&str],
            "error: --default news.Tag.rank: the value \"-1\" does not fit the PositiveInteger `rank`\n",
        ),
        (
            &["--default", "news.Tag.rank=1", "--default", "news.Tag.rnak=1"],
            "error: nothing was asked about `news.Tag.rnak`\n",
        ),
        (
            &["--default", "news.Tag.rank=1", "--no-rename", "news.Tag"],
            "error: nothing was asked about `news.Tag`\n",
        ),
        (&["--rename", "news.Tga=Label"], "error: `--rename news.Tga=Label`: there is no `news.Tga`"),
        (&["--rename", "Tag=Label"], "error: --rename Tag=Label: expected app.Model=NAME"),
        (&["--default", "rank=1"], "error: `rank`: expected app.Model.field\n"),
        (
            &["--name", "a/b", "--default", "news.Tag.rank=1"],
            "error: invalid value 'a/b' for '--name <NAME>'",
        ),
        (&["nwes"], "error: no installed app has the label `nwes`\n"),
    ] {
        let run = workspace.manage([&["makemigrations"], flags].concat());
        assert_eq!(run.status, 2, "{flags:?}: {run:?}");
        assert!(run.stderr.starts_with(told), "{flags:?}: {}", run.stderr);
    }
    assert_eq!(files(&workspace, "news").len(), 3);
}

#[test]
fn models_are_called_otherwise_or_move_with_their_rows() {
    let workspace = migrated();
    let fill = "INSERT INTO news_tag (name) VALUES ('a');\n-- down\nDELETE FROM news_tag;\n";
    workspace.write("migrations/news/0003_rows.sql", fill);
    workspace.manage(["migrate", "-v", "0"]).succeeds();
    // Only the case: nobody is asked.
    with(&workspace, "[Tag]", "[TAG]");
    let told = workspace.manage(["makemigrations"]).succeeds();
    assert!(told.ends_with("    ~ Rename model Tag to TAG\n"), "{told}");
    with(&workspace, "[TAG]", "[Label]");
    with(&workspace, "to = \"Tag\"", "to = \"Label\"");
    workspace.manage(["makemigrations", "--rename", "news.TAG=Label", "-v", "0"]).succeeds();
    // To the other app.
    let label = "[Label]\nfields = [{ name = \"name\", type = \"Char\", max_length = 20 }]\n";
    with(&workspace, label, "");
    with(&workspace, "to = \"Label\"", "to = \"people.Label\"");
    workspace.write("models/people.toml", &format!("{PEOPLE}\n{label}"));
    let run = workspace.manage(["makemigrations"]);
    assert_eq!(run.status, 3, "{run:?}");
    assert!(run.stderr.contains("Was the model news.Label moved to the app people?"), "{}", run.stderr);
    let told = workspace.manage(["makemigrations", "--rename", "news.Label=people.Label"]).succeeds();
    assert!(told.contains("    ~ Move model Label to people\n"), "{told}");
    // What comes later in its new app knows where it came from.
    let more = label
        .replace("name = \"name\"", "name = \"remark\", type = \"Text\", null = true }, { name = \"name\"");
    workspace.write("models/people.toml", &format!("{PEOPLE}\n{more}"));
    let told = workspace.manage(["makemigrations", "--dry-run"]).succeeds();
    assert!(told.contains("depends = [\"news.00"), "{told}");
    workspace.manage(["makemigrations", "-v", "0"]).succeeds();
    workspace.manage(["migrate", "-v", "0"]).succeeds();
    workspace.manage(["makemigrations", "--check"]).succeeds_with("");
    workspace.write(
        "migrations/people/0009_look.sql",
        "SELECT 1 / count(*) FROM people_label WHERE name = 'a';\n",
    );
    workspace.manage(["migrate", "-v", "0"]).succeeds();
}

#[test]
fn a_model_and_its_field_are_called_otherwise_in_one_step() {
    let tag = "[Tag]\nfields = [{ name = \"name\"";
    for model in ["news.Tag", "news.Label"] {
        let workspace = migrated();
        with(&workspace, tag, "[Label]\nfields = [{ name = \"text\"");
        with(&workspace, "to = \"Tag\"", "to = \"Label\"");
        let field = format!("{model}.name=text");
        let flags = ["makemigrations", "--rename", "news.Tag=Label", "--rename", &field];
        let told = workspace.manage(flags).succeeds();
        assert!(
            told.ends_with("    ~ Rename model Tag to Label\n    ~ Rename field name on label to text\n"),
            "{told}"
        );
        workspace.manage(["migrate", "-v", "0"]).succeeds();
        workspace.manage(["makemigrations", "--check"]).succeeds_with("");
    }
    // To another app, and called otherwise there.
    let workspace = migrated();
    with(&workspace, &format!("{tag}, type = \"Char\", max_length = 20 }}]\n"), "");
    with(&workspace, "to = \"Tag\"", "to = \"people.Label\"");
    let label = "[Label]\nfields = [{ name = \"name\", type = \"Char\", max_length = 20 }]\n";
    workspace.write("models/people.toml", &format!("{PEOPLE}\n{label}"));
    workspace.manage(["makemigrations", "--rename", "news.Tag=people.Label", "-v", "0"]).succeeds();
    workspace.manage(["migrate", "-v", "0"]).succeeds();
    workspace.manage(["makemigrations", "--check"]).succeeds_with("");
    // What was said and could not be done is told.
    with(&workspace, "name = \"title\"", "name = \"headline\"");
    with(&workspace, "constraints = [{ name = \"news_once\", unique = [\"author\", \"title\"] }]\n", "");
    let flags = ["makemigrations", "--rename", "news.Article.title=headlines"];
    workspace.manage(flags).fails(2);
    workspace.manage(["makemigrations", "--rename", "news.Article.tilte=headline"]).fails(2);
}

#[test]
fn two_names_are_exchanged_where_that_is_said() {
    let workspace = migrated();
    with(
        &workspace,
        "{ name = \"name\",",
        "{ name = \"a\", type = \"Integer\", null = true },\n  { name = \"b\", type = \"Text\", null = true },\n  { name = \"name\",",
    );
    workspace.manage(["makemigrations", "-v", "0"]).succeeds();
    with(&workspace, "\"a\", type = \"Integer\"", "\"b\", type = \"Integer\"");
    with(&workspace, "\"b\", type = \"Text\"", "\"a\", type = \"Text\"");
    let told = workspace
        .manage(["makemigrations", "--rename", "news.Tag.a=b", "--rename", "news.Tag.b=a"])
        .succeeds();
    assert_eq!(told.matches("~ Rename field").count(), 3, "{told}");
    assert_eq!(told.matches("    ").count(), 3, "{told}");
    workspace.manage(["migrate", "-v", "0"]).succeeds();
    workspace.manage(["makemigrations", "--check"]).succeeds_with("");
}

#[test]
fn what_cannot_become_what_it_is_to_be_is_not_lost_unasked() {
    let workspace = migrated();
    let many = "{ name = \"tags\", type = \"ManyToMany\", to = \"Tag\" }";
    with(&workspace, many, "{ name = \"tags\", type = \"ForeignKey\", to = \"Tag\", null = true }");
    workspace.manage(["makemigrations"]).fails_with(
        3,
        "error: what only you know is asked on a terminal alone, and nothing was written:\n  \
         news.Article.tags is a ManyToMany and cannot become a ForeignKey: may its values be lost?\n\
         hint: `--replace news.Article.tags` answers\n",
    );
    let told = workspace.manage(["makemigrations", "--replace", "news.Article.tags"]).succeeds();
    assert!(
        told.ends_with("    - Remove field tags from article\n    + Add field tags to article\n"),
        "{told}"
    );
    workspace.manage(["migrate", "-v", "0"]).succeeds();
}

#[test]
fn pairs_that_get_a_table_of_their_own_are_not_lost_unasked() {
    let workspace = Workspace::new();
    let [before, after] = ["", ", through = \"shop.Purchase\""].map(|through| {
        format!(
            "[Customer]\nfields = []\n[Order]\nfields = [{{ name = \"buyers\", type = \"ManyToMany\", to = \"shop.Customer\"{through} }}]\n"
        )
    });
    workspace
        .write(
            "settings/base.toml",
            "apps = [\"shop\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n",
        )
        .write("models/shop.toml", &before);
    workspace.manage(["makemigrations"]).succeeds();
    workspace.manage(["migrate", "-v", "0"]).succeeds();
    let purchase = "[Purchase]\nfields = [{ name = \"order\", type = \"ForeignKey\", to = \"shop.Order\" }, { name = \
                    \"customer\", type = \"ForeignKey\", to = \"shop.Customer\" }]\n";
    workspace.write("models/shop.toml", &format!("{after}{purchase}"));
    workspace.manage(["makemigrations"]).fails_with(
        3,
        "error: what only you know is asked on a terminal alone, and nothing was written:\n  shop.Order.buyers has its pairs \
         in another table from now on: may those that are there be lost?\nhint: `--replace shop.Order.buyers` answers\n",
    );
    workspace.manage(["makemigrations", "--replace", "shop.Order.buyers"]).succeeds();
    workspace.manage(["migrate", "-v", "0"]).says("");
    workspace.manage(["makemigrations", "--check"]).succeeds();
}

#[test]
fn names_are_given_and_empty_migrations_wait_for_a_hand() {
    let workspace = migrated();
    workspace
        .manage(["makemigrations", "news", "--empty", "--name", "by_hand"])
        .succeeds_with("Migrations for 'news':\n  migrations/news/0003_by_hand.toml\n");
    workspace.manage(["makemigrations", "--empty"]).fails(2);
    workspace.manage(["migrate", "-v", "0"]).succeeds();
    with(&workspace, "max_length = 20", "max_length = 30");
    let told = workspace.manage(["makemigrations"]).succeeds();
    assert!(told.contains("/0004_alter_tag_name.toml\n    ~ Alter field name on tag\n"), "{told}");
}

#[test]
fn an_app_without_models_is_left_to_its_migrations_and_named() {
    let workspace = migrated();
    fs::remove_file(workspace.path().join("models/people.toml")).unwrap();
    let run = workspace.manage(["makemigrations"]);
    assert_eq!(run.status, 0, "{run:?}");
    assert_eq!(
        run.stderr,
        "warning: the app people has no models, only migrations: nothing is compared; models/people.toml declares \
         them\nNo changes detected\n"
    );
    // One that says that there are none takes the tables away.
    workspace.write("models/people.toml", "");
    with(&workspace, "  { name = \"author\", type = \"ForeignKey\", to = \"people.Author\" },\n", "");
    with(&workspace, "constraints = [{ name = \"news_once\", unique = [\"author\", \"title\"] }]\n", "");
    let told = workspace.manage(["makemigrations"]).succeeds();
    assert!(told.ends_with("    - Delete model Author\n"), "{told}");
    workspace.manage(["migrate", "-v", "0"]).succeeds();
}

#[test]
fn the_models_of_the_house_have_all_their_migrations() {
    let workspace = Workspace::new();
    workspace.manage(["makemigrations", "--check"]).says("No changes detected\n");
}

#[test]
fn of_many_apps_in_circles_each_migration_stands_behind_what_it_depends_on() {
    const APPS: usize = 6;
    let workspace = Workspace::new();
    let labels: Vec<String> = (0..APPS).map(|app| format!("app{app}")).collect();
    workspace.write(
        "settings/base.toml",
        &format!("apps = {labels:?}\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n"),
    );
    // Four models in each, each with a key to the one before and to one anywhere.
    for (app, label) in labels.iter().enumerate() {
        let model = |number: usize| {
            let target = |to: usize| format!("app{}.M{to}", to / 4 % APPS);
            let key = |name: &str, to: usize| {
                format!(
                    "{{ name = \"{name}\", type = \"ForeignKey\", to = \"{}\", null = true }}",
                    target(to)
                )
            };
            let keys = [key("before", (number + 23) % 24), key("other", number * 7 % 24)];
            format!("[M{number}]\nfields = [{}]\n", keys.join(", "))
        };
        let text: String = (app * 4..app * 4 + 4).map(model).collect();
        workspace.write(&format!("models/{label}.toml"), &text);
    }
    workspace.manage(["makemigrations", "-v", "0"]).succeeds();
    workspace.manage(["makemigrations", "--check"]).succeeds_with("");
    workspace.manage(["migrate", "-v", "0"]).succeeds();
    workspace.manage(["migrate", "app3", "zero", "-v", "0"]).succeeds();
    workspace.manage(["migrate", "-v", "0"]).succeeds();
}
