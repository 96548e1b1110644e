//! Branches of an app's migrations: `makemigrations --merge`, `rebasemigration`.

use std::fs;

use super::declared::{Declared, MODELS};

/// Two people who both add a migration behind the first: one a field of Article, one what `second` says.
fn branched(second: (&str, &str)) -> Declared {
    let mut declared = Declared::new();
    declared.make();
    declared.change((
        "max_length = 80 }",
        "max_length = 80 }, { name = \"lead\", type = \"Text\", null = true }",
    ));
    declared.make();
    let first = declared.take("0002_article_lead.toml");
    declared.models(&MODELS.replace(second.0, second.1));
    declared.make();
    declared.put("0002_article_lead.toml", &first);
    declared
}

/// The second branch adds a field of Tag.
const SLUG: (&str, &str) =
    ("max_length = 20 }", "max_length = 20 }, { name = \"slug\", type = \"Slug\", null = true }");

/// The second branch adds a field of Article, too.
const NOTE: (&str, &str) =
    ("max_length = 80 }", "max_length = 80 }, { name = \"note\", type = \"Text\", null = true }");

#[test]
fn branches_that_touch_nothing_in_common_are_joined_without_a_terminal() {
    let declared = branched(SLUG);
    let refused = declared.manage(["migrate"]).fails(1);
    assert!(refused.contains("`manage makemigrations --merge` joins them"), "{refused}");
    declared.manage(["makemigrations", "--merge", "--check", "-v", "0"]).fails(1);
    let told = declared.manage(["makemigrations", "--merge"]);
    assert_eq!(
        told.stderr,
        "Merging news\n  Branch 0002_article_lead\n    + Add field lead to article\n  Branch 0002_tag_slug\n    \
         + Add field slug to tag\n"
    );
    told.succeeds_with(
        "Migrations for 'news':\n  migrations/news/0003_merge_0002_article_lead_0002_tag_slug.toml\n",
    );
    assert_eq!(declared.last(), "0003_merge_0002_article_lead_0002_tag_slug\n");
    declared.manage(["migrate", "-v", "0"]).succeeds_with("");
    declared.manage(["makemigrations", "--merge"]).says("No conflicts detected to merge.\n");
}

#[test]
fn branches_of_one_app_hold_up_no_other_that_has_nothing_to_do_with_it() {
    let declared = branched(SLUG);
    let apps =
        "apps = [\"news\", \"other\", \"reader\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n";
    declared.write("settings/base.toml", apps);
    declared.write("migrations/other/0001_initial.sql", "CREATE TABLE other (a integer);");
    declared.write("migrations/reader/0001_initial.sql", "-- depends: news.0001_initial\nSELECT 1;");
    for arguments in [&["other", "--plan"] as &[&str], &["other"], &["other", "--check"]] {
        declared.manage([&["migrate"], arguments].concat()).succeeds();
    }
    for arguments in [&[] as &[&str], &["--plan"], &["--check"], &["reader"], &["news", "0001"]] {
        let refused = declared.manage([&["migrate"], arguments].concat()).fails(1);
        assert!(
            refused.starts_with("error: two branches of migrations meet nowhere: migrations/news/"),
            "{refused}"
        );
    }
    let shown = declared.manage(["showmigrations"]);
    assert!(
        shown.stderr.starts_with("warning: two branches of migrations meet nowhere: "),
        "{}",
        shown.stderr
    );
}

#[test]
fn branches_that_touch_the_same_are_told_and_joined_by_a_word_alone() {
    let declared = branched(NOTE);
    let refused = declared.manage(["makemigrations", "--merge"]).fails(3);
    let told = "the model news.article: 0002_article_lead (Add field lead to article) and 0002_article_note (Add field note \
                to article)";
    assert!(refused.contains(&format!("nothing was written:\n  {told}\n")), "{refused}");
    assert!(
        refused.contains("`--yes` joins them") && refused.contains("`manage rebasemigration news`"),
        "{refused}"
    );
    let joined = ["makemigrations", "--merge", "--yes", "--name", "both", "--scriptable"];
    declared.manage(joined).succeeds_with("migrations/news/0003_both.toml\n");
    declared.manage(["migrate", "-v", "0"]).succeeds_with("");
}

#[test]
fn sql_is_looked_at_for_the_tables_of_the_other_branch() {
    let declared = branched(SLUG);
    let other = declared.take("0002_tag_slug.toml");
    assert!(other.contains("AddField"));
    let sql = |text: &str| format!("-- depends: news.0001_initial\n{text}\n-- down\n");
    declared.put("0002_fill.sql", &sql("UPDATE news_tag SET name = 'x';"));
    declared.manage(["makemigrations", "--merge", "--dry-run"]).succeeds();
    declared.put("0002_fill.sql", &sql("UPDATE news_article SET title = 'x';"));
    let refused = declared.manage(["makemigrations", "--merge", "--dry-run"]).fails(3);
    assert!(refused.contains("the table news_article: 0002_article_lead"), "{refused}");
}

#[test]
fn a_branch_goes_behind_the_other_with_all_that_names_it() {
    let declared = branched(SLUG);
    declared.put("0003_more.sql", "-- depends: news.0002_article_lead\nSELECT 1;\n-- down\n");
    // What max_migration.txt names stays.
    assert_eq!(declared.last(), "0002_tag_slug\n");
    let told = "news.0002_article_lead -> news.0003_article_lead\nnews.0003_more -> news.0004_more\n";
    let shown = declared.manage(["rebasemigration", "news", "--dry-run"]);
    assert_eq!(shown.stderr, "2 migrations behind news.0002_tag_slug.\n");
    shown.succeeds_with(told);
    declared.manage(["rebasemigration", "news"]).succeeds_with(told);
    assert_eq!(
        declared.files(),
        [
            "0001_initial.toml",
            "0002_tag_slug.toml",
            "0003_article_lead.toml",
            "0004_more.sql",
            "max_migration.txt"
        ]
    );
    assert!(declared.read("0003_article_lead.toml").contains("depends = [\"news.0002_tag_slug\"]\n"));
    assert!(declared.read("0004_more.sql").starts_with("-- depends: news.0003_article_lead\n"));
    assert_eq!(declared.last(), "0004_more\n");
    declared.manage(["migrate", "-v", "0"]).succeeds_with("");
    declared.manage(["rebasemigration", "news"]).says("The migrations of 'news' are one branch.\n");
}

#[test]
fn between_the_marks_of_a_merge_what_is_not_merged_yet_moves() {
    let declared = branched(SLUG);
    let marks = "<<<<<<< HEAD\n0002_article_lead\n=======\n0002_tag_slug\n>>>>>>> main\n";
    declared.put("max_migration.txt", marks);
    let asked = declared.manage(["rebasemigration", "news"]).fails(3);
    assert!(asked.contains("`manage rebasemigration news 0002_tag_slug`"), "{asked}");
    let moves = |name: &str| {
        let shown = declared.manage(["rebasemigration", "news", "--dry-run"]).succeeds();
        assert!(shown.starts_with(&format!("news.{name} -> ")), "{shown}");
    };
    let git = declared.path().join(".git");
    fs::create_dir_all(git.join("rebase-merge")).unwrap();
    moves("0002_tag_slug");
    fs::remove_dir(git.join("rebase-merge")).unwrap();
    fs::write(git.join("MERGE_HEAD"), "").unwrap();
    moves("0002_article_lead");
}

#[test]
fn what_is_applied_stays_where_it_is() {
    let declared = branched(SLUG);
    let tag = declared.take("0002_tag_slug.toml");
    declared.manage(["migrate", "-v", "0"]).succeeds_with("");
    declared.put("0002_tag_slug.toml", &tag);
    let refused = declared.manage(["rebasemigration", "news", "0002_article_lead"]).fails(1);
    assert!(
        refused.starts_with(
            "error: migrations/news/0002_article_lead.toml:1: news.0002_article_lead is applied on database `default`, so \
             its file stays as it is\n"
        ),
        "{refused}"
    );
    declared.manage(["rebasemigration", "news", "0002_tag_slug"]).succeeds();
    declared.manage(["migrate", "-v", "0"]).succeeds_with("");
}

#[test]
fn each_file_of_a_migration_in_sql_follows_under_its_new_name() {
    let declared = branched(SLUG);
    let sql = "-- depends: news.0002_article_lead\nSELECT 1; -- of news.0002_article_lead\n-- down\n";
    declared.put("0003_more.sql", sql);
    declared.put("0003_more.sqlite.sql", &format!("-- for one kind alone\n{sql}"));
    declared.manage(["rebasemigration", "news"]).succeeds();
    assert!(declared.read("0004_more.sqlite.sql").contains("-- depends: news.0003_article_lead\n"));
    assert!(declared.read("0004_more.sql").starts_with("-- depends: news.0003_article_lead\n"));
    declared.manage(["migrate", "-v", "0"]).succeeds_with("");
}

#[test]
fn files_of_one_number_that_a_later_one_follows_are_told_with_what_helps() {
    let declared = Declared::new();
    for name in ["0001_a.sql", "0002_b.sql", "0002_c.sql", "0003_d.sql"] {
        declared.put(name, "SELECT 1;\n-- down\n");
    }
    for command in [&["rebasemigration", "news"][..], &["makemigrations", "--merge"]] {
        let refused = declared.manage(command).fails(1);
        assert!(refused.contains("0002_b.sql and migrations/news/0002_c.sql"), "{refused}");
        assert!(refused.contains("rename one to the next number"), "{refused}");
    }
}
