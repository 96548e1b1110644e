//! `jsonschema`: what the printed schemas take and refuse, asked of a validator, beside what the readers do.

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use manage::db::models::declared;
use proc_macro2::{TokenStream, TokenTree};
use serde_json::{Value, json};

use crate::support::Workspace;

fn house() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn printed(files: &str) -> Value {
    let workspace = Workspace::bare();
    serde_json::from_str(&workspace.manage(["jsonschema", files]).succeeds()).unwrap()
}

fn validator(files: &str) -> Validator {
    jsonschema::validator_for(&printed(files)).unwrap()
}

/// What the schema has against a TOML file; empty: nothing.
fn errors(validator: &Validator, text: &str) -> Vec<String> {
    let value = serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap();
    validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Every TOML file below the folder, sorted.
fn toml_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(toml_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "toml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn every_file_of_the_house_fits_its_schema() {
    let folders = [
        ("settings", "settings", 3),
        ("examples/polls/settings", "settings", 3),
        ("migrations", "migration", 2),
        ("crates/manage/migrations", "migration", 4),
        ("examples/polls/migrations", "migration", 1),
    ];
    for (folder, kind, at_least) in folders {
        let (validator, files) = (validator(kind), toml_files(&house().join(folder)));
        assert!(files.len() >= at_least, "{folder}: {files:?}");
        for file in files {
            let found = errors(&validator, &fs::read_to_string(&file).unwrap());
            assert_eq!(found, Vec::<String>::new(), "{}", file.display());
        }
    }
}

/// Every TOML file of a new project names the schema that lies beside it, and fits it.
fn check_new_project(workspace: &Workspace, folders: &[&str]) {
    for folder in folders {
        let files = toml_files(&workspace.path().join(folder));
        assert!(!files.is_empty(), "{folder}");
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let named = text.lines().next().and_then(|line| line.strip_prefix("#:schema "));
            let named = named.unwrap_or_else(|| panic!("{} names no schema", file.display()));
            let schema = fs::read_to_string(file.parent().unwrap().join(named)).unwrap();
            let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
            assert_eq!(errors(&validator, &text), Vec::<String>::new(), "{}", file.display());
        }
    }
}

#[test]
fn the_files_of_a_new_site_name_schemas_that_are_there_and_fit_them() {
    let workspace = Workspace::bare();
    workspace.manage(["startproject", "mysite", "."]).succeeds();
    workspace.manage(["startapp", "polls", "--install"]).succeeds();
    check_new_project(&workspace, &["settings", "migrations"]);
    assert!(!workspace.path().join("models").exists());
    // A site has the framework's apps, not those of the program that began it.
    let schema = fs::read_to_string(workspace.path().join("settings/settings.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    assert!(schema["properties"]["sessions"].is_object() && schema["properties"]["blog"].is_null());
}

#[test]
fn the_files_of_a_project_without_rust_name_schemas_that_are_there_and_fit_them() {
    let workspace = Workspace::bare();
    workspace.manage(["startproject", "office", ".", "--declared"]).succeeds();
    workspace.manage(["startapp", "orders", "--install"]).succeeds();
    check_new_project(&workspace, &["settings", "migrations", "models"]);
    let read = |file: &str| fs::read_to_string(workspace.path().join(file)).unwrap();
    for (kind, file) in [
        ("settings", "settings/settings.schema.json"),
        ("models", "models/models.schema.json"),
        ("migration", "migrations/migration.schema.json"),
    ] {
        workspace.manage(["jsonschema", kind]).succeeds_with(&read(file));
    }
    // From the second app on they are there, whatever became of them.
    workspace.write("models/models.schema.json", "mine").manage(["startapp", "stock"]).succeeds();
    assert_eq!(read("models/models.schema.json"), "mine");
    workspace.manage(["check"]).succeeds();
}

#[test]
fn the_schemas_of_the_example_are_fresh() {
    let workspace = Workspace::bare();
    workspace.manage(["startproject", "mysite", "."]).succeeds();
    workspace.manage(["startapp", "polls"]).succeeds();
    for file in ["settings/settings.schema.json", "migrations/migration.schema.json"] {
        let (made, kept) = (workspace.path().join(file), house().join("examples/polls").join(file));
        let is_fresh = fs::read(made).unwrap() == fs::read(kept).unwrap_or_default();
        assert!(is_fresh, "stale: examples/polls/{file}, which `startproject` or `startapp` writes");
    }
}

#[test]
fn printing_needs_no_settings() {
    let workspace = Workspace::new();
    workspace.write("settings/dev.toml", "[broken");
    workspace.manage(["jsonschema", "settings"]).succeeds();
}

#[test]
fn a_settings_schema_says_what_each_key_takes() {
    let schema = printed("settings");
    let of = |pointer: &str| schema.pointer(&format!("/properties/{pointer}")).unwrap().clone();
    assert_eq!(
        of("server/properties/threads"),
        json!({
            "default": 0, "description": "Threads of each worker; 0: the cores, shared among the workers.",
            "maximum": 1024, "minimum": 0, "pattern": "\\$\\{", "type": ["integer", "string"],
        })
    );
    assert_eq!(
        of("security/properties/x_frame_options"),
        json!({
            "anyOf": [{"enum": ["DENY", "SAMEORIGIN"]}, {"type": "string", "pattern": "\\$\\{"}],
            "default": "DENY", "description": "X-Frame-Options.",
        })
    );
    assert_eq!(
        of("blog/properties/title"),
        json!({"default": "Wayfarer", "description": "Name of the site.", "type": "string"})
    );
    let no_default = json!({"description": "Signs what must not be forged. At least 50 characters in production.", "type": "string"});
    assert_eq!(of("secret_key"), no_default);
    let alias = of("databases/additionalProperties");
    assert_eq!(alias["additionalProperties"], json!(false));
    assert_eq!(
        alias["properties"]["options"]["additionalProperties"]["type"],
        json!(["string", "number", "boolean"])
    );
    assert_eq!(of("routes/additionalProperties")["type"], json!(["array", "string", "number", "boolean"]));
    let mut bare = Vec::new();
    without_description(&schema, "", &mut bare);
    assert_eq!(bare, Vec::<String>::new());
}

/// Keys that nobody described.
fn without_description(schema: &Value, path: &str, found: &mut Vec<String>) {
    for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}{key}");
        if inner["description"].is_null() {
            found.push(path.clone());
        }
        without_description(inner, &format!("{path}."), found);
        without_description(&inner["additionalProperties"], &format!("{path}.*."), found);
    }
}

#[test]
fn what_the_reader_of_settings_refuses_the_schema_refuses() {
    let validator = validator("settings");
    for text in [
        "debgu = true",
        "debug = \"yes\"",
        "secret_key = 4711",
        "routes = \"users\"",
        "[server]\nthreads = \"3\"",
        "[server]\nthreads = 5000",
        "[server]\nbind = { host = \"a\" }",
        "[server]\nbody_timeout = -1",
        "[server]\nbody_timeout = \"soon\"",
        "[server]\nthread = 3",
        "[databases.default]\npasword = \"hush\"",
        "[databases.default]\nport = 0",
        "[databases.default.options]\nsslmode = [\"require\"]",
        "[security]\nx_frame_options = \"NO\"",
        "[security]\nreferrer_policy = \"a\\nb\"",
        "[logging]\nlevel = 3",
        "[blog]\npage_size = 0",
        "[nothing]\na = 1",
    ] {
        let workspace = Workspace::new();
        workspace.write("settings/dev.toml", text);
        workspace.manage(["diffsettings"]).fails(1);
        assert_ne!(errors(&validator, text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn what_the_reader_of_settings_takes_the_schema_takes() {
    let validator = validator("settings");
    for text in [
        "debug = \"${DEBUG:-yes}\"",
        "apps = \"auth, sessions\"\nallowed_hosts = [\"${HOST:-a.example}\", \"b.example\"]",
        "[server]\nthreads = \"${THREADS:-3}\"\nbind = 8000\nbody_timeout = \"10 min\"\nidle_timeout = 0.5",
        "[server]\nbody_timeout = \"${TIMEOUT:-7}\"\nidle_timeout = \"PT5S\"\nheader_timeout = \"00:01:30\"",
        "[security]\nx_frame_options = \"${FRAMES:-DENY}\"\ncontent_security_policy = \"\"",
        "[databases.default]\nname = \"a\"\nport = \"${PORT:-}\"\noptions = { a = 1, b = true, c = \"d\" }",
        "[routes]\nblog = \"users\"\nauth = [\"users\"]",
    ] {
        let workspace = Workspace::new();
        workspace.write("settings/dev.toml", text);
        workspace.manage(["diffsettings"]).succeeds();
        assert_eq!(errors(&validator, text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn what_the_reader_of_migrations_refuses_the_schema_refuses() {
    let validator = validator("migration");
    let right = [
        "[[operation]]\nop = \"CreateModel\"\nmodel = \"A\"\nfields = [{ name = \"a\", type = \"Text\", default = \"\" }]",
        "atomic = false\n[[operation]]\nop = \"RunSql\"\nforwards = { mariadb = \"SELECT 1\", sqlite = [\"SELECT 2\"] }",
        "initial = true\ndepends = []\nrun_before = []\n[[operation]]\nop = \"RunRust\"\nforwards = \"noop\"",
        "[[operation]]\nop = \"RunSql\"\nforwards = \"\"\n[[operation.state]]\nop = \"CreateModel\"\nmodel = \"A\"\nfields = []",
    ];
    let wrong = [
        "depend = []",
        "depends = [1]",
        "atomic = \"yes\"",
        "operation = 3",
        "[[operation]]\nop = \"CreateModle\"\nmodel = \"A\"\nfields = []",
        "[[operation]]\nmodel = \"A\"",
        "[[operation]]\nop = \"CreateModel\"\nmodel = \"A\"",
        "[[operation]]\nop = \"CreateModel\"\nmodel = \"A\"\nfields = []\ntabel = \"x\"",
        "[[operation]]\nop = \"CreateModel\"\nmodel = \"A\"\nfields = [{ name = \"a\", type = \"Chart\" }]",
        "[[operation]]\nop = \"CreateModel\"\nmodel = \"A\"\nfields = [{ name = \"a\", type = \"Text\", nul = true }]",
        "[[operation]]\nop = \"AddField\"\nmodel = \"A\"",
        "[[operation]]\nop = \"AddField\"\nmodel = \"A\"\nfield = { name = \"a\", type = \"Text\" }\nkeep = true",
        "[[operation]]\nop = \"RemoveField\"\nmodel = \"A\"\nname = \"a\"\nconcurrently = true",
        "[[operation]]\nop = \"AddIndex\"\nmodel = \"A\"\nindex = { field = [\"a\"] }",
        "[[operation]]\nop = \"AddConstraint\"\nmodel = \"A\"\nconstraint = { unique = \"a\" }",
        "[[operation]]\nop = \"RunSql\"\nforwards = { oracle = \"x\" }",
        "[[operation]]\nop = \"RunSql\"\nforwards = 1",
        "[[operation]]\nop = \"RunSql\"\nforwards = \"\"\nstate = [{ op = \"Nothing\" }]",
        "[[operation]]\nop = \"RunRust\"\nforwards = \"noop\"\nbackward = \"noop\"",
    ];
    let reads = |text: &str| {
        let workspace = Workspace::bare();
        workspace.write("migrations/shop/0001_a.toml", text);
        workspace.manage(["showmigrations"]).status
    };
    for text in right {
        assert_eq!((errors(&validator, text), reads(text)), (Vec::new(), 0), "{text}");
    }
    for text in wrong {
        assert_ne!((errors(&validator, text).len(), reads(text)), (0, 0), "{text}");
        assert!(!errors(&validator, text).is_empty() && reads(text) == 1, "{text}");
    }
}

#[test]
fn the_models_of_the_tests_are_taken_or_refused_by_reader_and_schema_alike() {
    let validator = validator("models");
    let mut texts: Vec<String> = [
        "[A]\nfields = [{ name = \"x\", type = \"Text\", nul = true }]",
        "[A]\nfields = []\ntabel = \"x\"",
        "[A]\ntable = \"x\"",
        "[A]\nfields = { x = 1 }",
        "[A]\nfields = []\nindexes = [{ feilds = [] }]",
        "[\"a b\"]\nfields = []",
        "A = 1",
        "[A]\nfields = [{ name = \"x\", type = \"Char\", max_length = \"9\" }]",
        "[A]\nfields = [{ name = \"x\", type = \"Text\", choices = [[\"a\", \"A\"]], db_default = { sql = \"now()\" } }]\n\
         permissions = [[\"a\", \"b\"]]\nconstraints = [{ check = { sqlite = \"x > 0\" } }]",
    ]
    .map(str::to_owned)
    .to_vec();
    for file in rust_files(&house().join("tests")) {
        let tokens: TokenStream = fs::read_to_string(file).unwrap().parse().unwrap();
        written_models(tokens, &mut texts);
    }
    assert!(texts.len() > 14, "{texts:#?}");
    for text in texts {
        let read = declared::read("shop", "models/shop.toml", &text);
        let refused = errors(&validator, &text);
        assert_eq!(read.is_ok(), refused.is_empty(), "{text}\n{read:?}\n{refused:?}");
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let is_rust = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "rs");
    folders.iter().flat_map(|folder| rust_files(folder)).chain(files.into_iter().filter(is_rust)).collect()
}

/// What tests write into `models/<app>.toml`: the string behind that name.
fn written_models(tokens: TokenStream, found: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let text = |token: &TokenTree| syn::parse_str::<syn::LitStr>(&token.to_string()).map(|text| text.value());
    for (position, token) in tokens.iter().enumerate() {
        if let TokenTree::Group(group) = token {
            written_models(group.stream(), found);
        }
        let name = text(token).unwrap_or_default();
        if name.starts_with("models/")
            && name.ends_with(".toml")
            && let Some(Ok(content)) = tokens.get(position + 2).map(text)
        {
            found.push(content);
        }
    }
}
