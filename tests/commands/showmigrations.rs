//! `manage showmigrations`.

use crate::support::Workspace;

fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace
        .write(
            "settings/base.toml",
            "apps = [\"people\", \"shop\", \"empty\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n\
             [databases.users]\nurl = \"sqlite:///users.sqlite3\"\n[routes]\npeople = \"users\"\n",
        )
        .write("models/empty.toml", "")
        .write("migrations/people/0001_initial.sql", "CREATE TABLE a (b);\n-- down\nDROP TABLE a;")
        .write("migrations/shop/0001_initial.sql", "-- depends: people.0001_initial\nCREATE TABLE a (b);")
        .write("migrations/shop/0002_more.sql", "CREATE TABLE c (d);");
    workspace
}

#[test]
fn plain_is_djangos_list() {
    let workspace = workspace();
    workspace.manage(["migrate", "shop", "0001"]).succeeds();
    workspace.manage(["showmigrations", "--format", "plain"]).succeeds_with(
        "Database default:\nempty\n (no migrations)\nshop\n [X] 0001_initial\n [ ] 0002_more\n\
         Database users:\npeople\n [X] 0001_initial\n",
    );
    workspace
        .manage(["showmigrations", "--format", "plain", "--plan", "-v", "2", "--database", "default"])
        .succeeds_with(
            "[X]  shop.0001_initial ... (people.0001_initial)\n[ ]  shop.0002_more ... (shop.0001_initial)\n",
        );
    workspace
        .manage(["showmigrations", "shp"])
        .fails_with(2, "error: no installed app has the label `shp`\nhint: did you mean `shop`?\n");
}

#[test]
fn the_table_tells_every_database_and_every_state() {
    let workspace = workspace();
    workspace.manage(["migrate"]).succeeds();
    workspace.write("migrations/people/0001_initial.sql", "CREATE TABLE other (b);");
    std::fs::remove_file(workspace.path().join("migrations/shop/0002_more.sql")).unwrap();
    workspace.write("migrations/shop/0003_new.sql", "SELECT 1;");
    let table = workspace.manage(["showmigrations"]).succeeds();
    let words: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(words[0], ["App", "Migration", "Database", "Applied", "at", "State"]);
    let states: Vec<(&str, &str, &str)> =
        words[1..].iter().map(|line| (line[1], line[2], line[line.len() - 1])).collect();
    assert_eq!(
        states,
        [
            ("0001_initial", "default", "applied"),
            ("0003_new", "default", "pending"),
            ("0002_more", "default", "file"),
            ("0001_initial", "users", "edited"),
        ]
    );
}

#[test]
fn json_is_one_object() {
    let workspace = workspace();
    workspace.manage(["migrate", "people"]).succeeds();
    let answer = workspace.manage(["showmigrations", "--format", "json"]).succeeds();
    let json: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(json["databases"][0]["alias"], "default");
    assert_eq!(json["databases"][0]["migrations"][1]["name"], "0002_more");
    assert_eq!(json["databases"][0]["migrations"][1]["applied_at"], serde_json::Value::Null);
    assert_eq!(json["databases"][1]["migrations"][0]["state"], "applied");
    assert_eq!(json["databases"][0]["migrations"][0]["depends"][0], "people.0001_initial");
}
