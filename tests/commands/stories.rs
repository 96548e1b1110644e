//! What is typed in the stories of `golden/`.

use crate::support::Workspace;

/// A run of commands, one after the other, in a folder that was made ready for them.
pub(super) struct Story {
    pub name: &'static str,
    pub ready: fn() -> Workspace,
    /// Command lines, and between them files that are written: `> FILE TEXT`, or taken away: `- FILE`.
    pub lines: &'static [&'static str],
}

pub(super) const STORIES: [Story; 22] = [
    Story {
        name: "inspectdb",
        ready: one_database,
        lines: &[
            "inspectdb --help",
            "inspectdb",
            "migrate -v 0",
            "inspectdb",
            "inspectdb shop_crate --rust",
            "inspectdb labels",
            "inspectdb --include-views --app store",
            "inspectdb nowhere",
            "inspectdb --database users",
        ],
    },
    Story {
        name: "checkdrift",
        ready: drifting,
        lines: &[
            "checkdrift --help",
            "checkdrift",
            "migrate shop 0003 -v 0",
            "checkdrift",
            "migrate shop --fake -v 0",
            "checkdrift",
            "checkdrift --format json",
            "checkdrift --write",
            "migrate shop 0005 --fake",
            "checkdrift",
            "checkdrift nowhere",
            "checkdrift --database users",
        ],
    },
    Story {
        name: "plain",
        ready: one_database,
        lines: &[
            "migrate --help",
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
            "migrate shop zero --plan",
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
    Story {
        name: "showmigrations",
        ready: one_database,
        lines: &[
            "showmigrations --help",
            "migrate shop 0002 -v 0",
            "showmigrations",
            "showmigrations --format plain -v 2",
            "showmigrations --format json",
            "showmigrations shp",
            "> migrations/shop/0003_other.sql SELECT 1;",
            "> migrations/shop/0004_both.sql SELECT 1;",
            "showmigrations --format plain",
        ],
    },
    Story {
        name: "makemigrations",
        ready: declared_models,
        lines: &[
            "makemigrations --help",
            "makemigrations --check",
            "makemigrations --dry-run --no-header",
            "makemigrations",
            "makemigrations",
            "makemigrations --format json",
            "migrate -v 0",
            "> models/shop.toml [Customer]\nfields = [{ name = \"full_name\", type = \"Char\", max_length = 40 }, \
             { name = \"phone\", type = \"Char\", max_length = 20 }]\n",
            "migrate --check",
            "makemigrations --check",
            "makemigrations --rename shop.Customer.name=full_name --default shop.Customer.phone=none --no-header --format json",
            "makemigrations --scriptable --rename shop.Customer.name=full_name --default shop.Customer.phone=none",
            "makemigrations --empty",
            "makemigrations --merge",
            "makemigrations shp",
        ],
    },
    Story {
        name: "sqlmigrate",
        ready: one_database,
        lines: &[
            "sqlmigrate --help",
            "sqlmigrate shop 0001",
            "sqlmigrate shop 0003 --backwards",
            "sqlmigrate shop",
            "sqlmigrate shop 9",
            "sqlmigrate shop 000",
            "sqlmigrate shp 0001",
            "sqlmigrate shop 0001 --database other",
            "> migrations/shop/0004_empty.toml depends = [\"shop.0003_view\"]",
            "sqlmigrate shop 0004",
        ],
    },
    Story {
        name: "squashmigrations",
        ready: one_database,
        lines: &[
            "squashmigrations --help",
            "squashmigrations shop 9",
            "squashmigrations shop 0003 --no-header",
            "migrate",
            "migrate shop 0002",
            "squashmigrations shop 0003",
        ],
    },
    Story {
        name: "optimizemigration",
        ready: one_database,
        lines: &[
            "optimizemigration --help",
            "optimizemigration shop 0001 --check",
            "optimizemigration shop 0001",
            "optimizemigration shop 0001 --check",
            "optimizemigration shop 0002",
            "migrate -v 0",
            "optimizemigration shop 9",
        ],
    },
    Story {
        name: "rebasemigration",
        ready: branches,
        lines: &[
            "rebasemigration --help",
            "migrate other",
            "migrate",
            "showmigrations",
            "rebasemigration shop",
            "rebasemigration shop",
            "rebasemigration shp",
            "migrate",
        ],
    },
    Story {
        name: "lintmigrations",
        ready: one_database,
        lines: &[
            "lintmigrations --help",
            "lintmigrations",
            "> migrations/shop/0004_weight.toml [[operation]]\nop = \"RemoveField\"\nmodel = \"Crate\"\nname = \"weight\"\n",
            "> migrations/shop/0004_weight.toml depends = [\"shop.0003_view\"]\n[[operation]]\nop = \"RemoveField\"\nmodel \
             = \"Crate\"\nname = \"weight\"\n",
            "lintmigrations --no-database",
            "lintmigrations --no-database --format json",
            "lintmigrations --explain M003",
            "lintmigrations --explain M999",
            "lintmigrations shp",
        ],
    },
    Story {
        name: "fixtures",
        ready: declared_rows,
        lines: &[
            "dumpdata --help",
            "loaddata --help",
            "loaddata first",
            "dumpdata shop --indent 2",
            "dumpdata shop.Order --format jsonl",
            "dumpdata shop --format xml",
            "dumpdata shp",
            "dumpdata shop.Ordre",
            "loaddata second",
            "> fixtures/wrong.json [{\"model\": \"shop.order\", \"pk\": 1, \"fields\": {\"customer\": 7}}]",
            "loaddata wrong",
        ],
    },
    Story {
        name: "flush",
        ready: declared_rows,
        lines: &[
            "flush --help",
            "sqlflush --help",
            "sqlsequencereset --help",
            "loaddata first",
            "sqlflush",
            "sqlsequencereset shop",
            "flush",
            "flush --yes",
            "dumpdata",
            "sqlflush --database other",
            "sqlsequencereset shp",
        ],
    },
    Story {
        name: "dumpmodels",
        ready: declared_models,
        lines: &["dumpmodels --help", "dumpmodels shop", "dumpmodels", "dumpmodels shp"],
    },
    Story {
        name: "createdb",
        ready: one_database,
        lines: &[
            "createdb --help",
            "dropdb --help",
            "createdb",
            "createdb",
            "migrate -v 0",
            "dropdb",
            "dropdb --yes",
            "dropdb --yes",
            "createdb --database other",
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

/// What the last migration says can be recorded without being done.
fn drifting() -> Workspace {
    let workspace = one_database();
    workspace.write(
        "migrations/shop/0004_price.toml",
        "depends = [\"shop.0003_view\"]\n[[operation]]\nop = \"AddField\"\nmodel = \"Crate\"\n\
         field = { name = \"price\", type = \"Decimal\", max_digits = 8, decimal_places = 2, default = \"0\" }\n\
         [[operation]]\nop = \"AddIndex\"\nmodel = \"Crate\"\n\
         index = { name = \"crate_weight\", fields = [\"weight\"] }\n",
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

fn declared_models() -> Workspace {
    let workspace = Workspace::new();
    workspace
        .write("settings/base.toml", "apps = [\"shop\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n")
        .write(
            "models/shop.toml",
            "[Customer]\nfields = [{ name = \"name\", type = \"Char\", max_length = 40 }]\n[Order]\nfields = [{ name = \
             \"customer\", type = \"ForeignKey\", to = \"shop.Customer\", on_delete = \"CASCADE\" }]\n",
        );
    workspace
}

fn declared_rows() -> Workspace {
    let workspace = declared_models();
    workspace.write(
        "fixtures/first.json",
        "[{\"model\": \"shop.customer\", \"pk\": 1, \"fields\": {\"name\": \"Ann\"}}, \
         {\"model\": \"shop.order\", \"pk\": 4, \"fields\": {\"customer\": 1}}]",
    );
    workspace.manage(["makemigrations"]).succeeds();
    workspace.manage(["migrate"]).succeeds();
    workspace
}

/// Two people added a migration to the shop; another app has nothing to do with it.
fn branches() -> Workspace {
    let workspace = Workspace::new();
    workspace
        .write(
            "settings/base.toml",
            "apps = [\"shop\", \"other\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n",
        )
        .write("migrations/other/0001_initial.sql", "CREATE TABLE a (b);\n-- down\nDROP TABLE a;")
        .write("migrations/shop/0001_initial.sql", "CREATE TABLE c (d);\n-- down\nDROP TABLE c;")
        .write("migrations/shop/0002_mine.toml", "depends = [\"shop.0001_initial\"]\n")
        .write("migrations/shop/0002_yours.toml", "depends = [\"shop.0001_initial\"]\n")
        .write("migrations/shop/max_migration.txt", "0002_yours\n");
    workspace
}
