//! What `migrate` says besides, because nothing of the run would show it.

use super::migrate::database;
use crate::support::{Workspace, block_on};

const MODELS: &str = "[Crate]\nfields = [{ name = \"label\", type = \"Char\", max_length = 40 }]\n";

fn shop() -> Workspace {
    let workspace = Workspace::new();
    workspace
        .write(
            "settings/base.toml",
            "apps = [\"shop\", \"other\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n",
        )
        .write("models/shop.toml", MODELS)
        .write("migrations/other/0001_initial.sql", "SELECT 1;");
    workspace.manage(["makemigrations"]).succeeds();
    workspace
}

#[test]
fn models_that_no_migration_reflects_are_told_where_nothing_is_to_be_done() {
    let shop = shop();
    shop.manage(["migrate", "-v", "0"]).says("");
    // One change that a person would be asked about, and one that is none.
    shop.write("models/shop.toml", &MODELS.replace("label", "name"));
    let told = "warning: the models of shop have changes that no migration reflects, and so they are not applied; `manage \
                makemigrations` writes one\n";
    for arguments in
        [&["migrate", "-v", "0"] as &[&str], &["migrate", "--check"], &["migrate", "shop", "-v", "0"]]
    {
        shop.manage(arguments).says(told);
    }
    shop.manage(["migrate", "other", "-v", "0"]).says("");
    // Another order of fields is no change.
    let two = MODELS.replace("40 }", "40 }, { name = \"size\", type = \"Integer\", null = true }");
    shop.write("models/shop.toml", &two);
    shop.manage(["makemigrations"]).succeeds();
    shop.write(
        "models/shop.toml",
        "[Crate]\nfields = [{ name = \"size\", type = \"Integer\", null = true }, { name = \"label\", type = \"Char\", \
         max_length = 40 }]\n",
    );
    shop.manage(["migrate", "-v", "0"]).says("");
    shop.manage(["migrate", "--check"]).says("");
}

#[test]
fn tables_that_were_taken_and_are_otherwise_are_told() {
    let shop = shop();
    shop.manage(["createdb"]).succeeds();
    let make = "CREATE TABLE shop_crate (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, label ";
    block_on(async {
        database(&shop, "db.sqlite3").execute(&format!("{make}varchar(30) NULL)"), &[]).await.unwrap();
    });
    shop.manage(["migrate", "-v", "0", "--fake-initial"]).says(
        "warning: the tables of shop on database `default` were taken as they are, and differ from what the migrations make in \
         1 place; `manage checkdrift` tells them\n",
    );
    shop.manage(["dropdb", "--yes"]).succeeds();
    shop.manage(["createdb"]).succeeds();
    block_on(async {
        database(&shop, "db.sqlite3").execute(&format!("{make}varchar(40) NOT NULL)"), &[]).await.unwrap();
    });
    shop.manage(["migrate", "-v", "0", "--fake-initial"]).says("");
}
