//! Rows as files: there and back on every database, and what is refused.

use std::io::Cursor;
use std::sync::Arc;

use manage::db::fixtures::{
    Catalog, Error, Fixture, Format, Leave, Loaded, Pages, Selection, Serializer, Style, flush, load,
};
use manage::db::models::{Registry, declared};

use crate::support::{Kind, TestDatabase, on_every_database};

/// Every kind of field, as `models/zoo.toml` says it.
const ZOO: &str = include_str!("fixtures/zoo.toml");

/// What Django 5.2 writes of two animals of every kind, and of what they point to.
const DJANGO: [(&str, Format, Option<usize>, &str); 5] = [
    ("json", Format::Json, None, include_str!("fixtures/zoo.json")),
    ("indented json", Format::Json, Some(2), include_str!("fixtures/zoo.indented.json")),
    ("jsonl", Format::Jsonl, None, include_str!("fixtures/zoo.jsonl")),
    ("xml", Format::Xml, None, include_str!("fixtures/zoo.xml")),
    ("indented xml", Format::Xml, Some(2), include_str!("fixtures/zoo.indented.xml")),
];

/// A database with the tables of models, and those models.
struct Zoo {
    db: TestDatabase,
    catalog: Arc<Catalog>,
}

impl Zoo {
    async fn new(db: TestDatabase, models: &str) -> Self {
        let declared = declared::read("zoo", "models/zoo.toml", models).unwrap();
        let mut registry = Registry::default();
        declared.into_iter().for_each(|model| registry.register(model));
        let backend = Arc::clone(db.database.backend());
        let catalog = Catalog::new(&registry, &["zoo".to_owned()], &*backend, &|_| true).unwrap();
        db.workspace.write("models/zoo.toml", models);
        let settings = format!("apps = [\"zoo\"]\n[databases.default]\nurl = \"{}\"\n", db.url);
        db.workspace.write("settings/base.toml", &settings);
        db.workspace.manage(["makemigrations", "-v0"]).succeeds();
        db.workspace.manage(["migrate", "-v0"]).succeeds();
        Self { db, catalog: Arc::new(catalog) }
    }

    async fn load(&self, format: Format, text: &str) -> Result<Loaded, Error> {
        let source = Box::new(Cursor::new(text.to_owned().into_bytes()));
        let fixture = Fixture { name: "zoo".to_owned(), format, source };
        load(self.db.database.backend(), &self.catalog, vec![fixture], Leave::default()).await
    }

    /// Loads lines of objects, each `model`, key and fields as JSON.
    async fn objects(&self, objects: &[(&str, &str, &str)]) -> Result<Loaded, Error> {
        let line = |(model, key, fields): &(&str, &str, &str)| {
            format!("{{\"model\": \"zoo.{model}\", \"pk\": {key}, \"fields\": {{{fields}}}}}\n")
        };
        self.load(Format::Jsonl, &objects.iter().map(line).collect::<String>()).await
    }

    /// Why these objects cannot be loaded; nothing may have been changed.
    async fn refusal(&self, objects: &[(&str, &str, &str)]) -> String {
        let before = self.dump(Format::Jsonl, None, false).await;
        let error = self.objects(objects).await.unwrap_err().to_string();
        assert_eq!(self.dump(Format::Jsonl, None, false).await, before, "{error}");
        error
    }

    async fn dump(&self, format: Format, indent: Option<usize>, is_natural: bool) -> String {
        let style = Style { format, indent, is_natural };
        let mut serializer = Serializer::new(&self.catalog, style);
        let models = (0..self.catalog.models().len()).collect();
        let selection = Selection { models, keys: None, is_natural };
        let mut pages = Pages::read(self.db.database.backend(), &self.catalog, selection);
        let mut out = Vec::new();
        serializer.start(&mut out);
        while let Some(page) = pages.next().await.unwrap() {
            serializer.page(page, &mut out).unwrap();
        }
        serializer.end(&mut out);
        String::from_utf8(out).unwrap()
    }

    async fn flush(&self) {
        let backend = self.db.database.backend();
        let tables = flush::tables(backend, &self.catalog).await.unwrap();
        flush::flush(backend, &tables).await.unwrap();
    }
}

/// Nodes that point to each other and know each other by name.
const NODES: &str = r#"
[Node]
fields = [
  { name = "name", type = "Char", max_length = 5, unique = true },
  { name = "size", type = "SmallInteger", default = 7 },
  { name = "next", type = "ForeignKey", to = "self", null = true },
  { name = "friends", type = "ManyToMany", to = "self" },
]
[Leaf]
natural_key = ["node", "name"]
fields = [
  { name = "name", type = "Char", max_length = 5 },
  { name = "node", type = "ForeignKey", to = "zoo.Node" },
]
"#;

on_every_database! {
    async fn every_kind_of_value_goes_there_and_back_as_django_writes_it(db in TestDatabase) {
        let zoo = Zoo::new(db, ZOO).await;
        for (name, format, indent, text) in DJANGO {
            let loaded = zoo.load(format, text).await.unwrap();
            assert_eq!((loaded.objects, loaded.of), (5, 5), "{name}");
            assert_eq!(zoo.dump(format, indent, false).await, text, "{name}");
            zoo.flush().await;
        }
    }

    async fn natural_keys_find_rows_whatever_their_keys_are(db in TestDatabase) {
        let zoo = Zoo::new(db, NODES).await;
        // Each waits for the other, and the leaf for a node behind it.
        zoo.objects(&[
            ("leaf", "null", r#""name": "l", "node": ["b"]"#),
            ("node", "3", r#""name": "a", "next": ["b"], "friends": [["b"], ["a"]]"#),
            ("node", "9", r#""name": "b", "next": ["a"]"#),
        ]).await.unwrap();
        let natural = zoo.dump(Format::Json, None, true).await;
        assert_eq!(natural, "[{\"model\": \"zoo.node\", \"fields\": {\"name\": \"a\", \"size\": 7, \"next\": [\"b\"], \
            \"friends\": [[\"a\"], [\"b\"]]}}, {\"model\": \"zoo.node\", \"fields\": {\"name\": \"b\", \"size\": 7, \
            \"next\": [\"a\"], \"friends\": []}}, {\"model\": \"zoo.leaf\", \"fields\": {\"name\": \"l\", \
            \"node\": [\"b\"]}}]");
        // They are there already: nothing is twice, and what is not said stays.
        zoo.objects(&[
            ("node", "null", r#""name": "b", "size": 8"#),
            ("leaf", "null", r#""name": "l", "node": ["b"]"#),
        ]).await.unwrap();
        let after = natural.replace("\"name\": \"b\", \"size\": 7", "\"name\": \"b\", \"size\": 8");
        assert_eq!(zoo.dump(Format::Json, None, true).await, after);
        let missing = zoo.refusal(&[("leaf", "null", r#""name": "m", "node": ["c"]"#)]).await;
        assert_eq!(missing, "zoo: line 1 (zoo.leaf): field `node`: there is no zoo.node with the natural key [\"c\"]");
    }

    async fn counters_go_on_behind_the_greatest_key(db in TestDatabase) {
        let zoo = Zoo::new(db, NODES).await;
        zoo.objects(&[("node", "1", r#""name": "a""#), ("node", "40", r#""name": "b""#)]).await.unwrap();
        zoo.objects(&[("node", "null", r#""name": "c", "friends": [1, 1, 40]"#)]).await.unwrap();
        let dump = zoo.dump(Format::Jsonl, None, false).await;
        assert!(dump.contains("\"pk\": 41,\"fields\": {\"name\": \"c\",\"size\": 7,\"next\": null,\"friends\": [1,40]}"), "{dump}");
        // Given and made keys in one file.
        zoo.objects(&[("node", "50", r#""name": "d""#), ("node", "null", r#""name": "e""#)]).await.unwrap();
        assert!(zoo.dump(Format::Jsonl, None, false).await.contains("\"pk\": 51,"));
        zoo.flush().await;
        zoo.objects(&[("node", "null", r#""name": "a""#)]).await.unwrap();
        assert!(zoo.dump(Format::Jsonl, None, false).await.contains("\"pk\": 1,"));
    }

    async fn keys_that_are_no_numbers_of_a_counter_stay_what_they_are(db in TestDatabase) {
        let zoo = Zoo::new(db, NODES).await;
        for keys in [["-7", "0"], ["0", "5"]] {
            let node = |key, name| ("node", key, name);
            zoo.objects(&[node(keys[0], r#""name": "a""#), node(keys[1], r#""name": "b""#)]).await.unwrap();
            // Once more: they are there.
            zoo.objects(&[node(keys[0], r#""name": "a""#), node(keys[1], r#""name": "b""#)]).await.unwrap();
            let dump = zoo.dump(Format::Jsonl, None, false).await;
            assert_eq!(dump.lines().count(), 2, "{dump}");
            assert!(dump.contains("\"pk\": 0,"), "{dump}");
            zoo.objects(&[node("null", r#""name": "c""#)]).await.unwrap();
            let next = if keys[1] == "5" { 6 } else { 1 };
            assert!(zoo.dump(Format::Jsonl, None, false).await.contains(&format!("\"pk\": {next},")));
            zoo.flush().await;
        }
    }

    async fn rows_that_know_each_other_by_name_alone_may_point_in_a_circle(db in TestDatabase) {
        let zoo = Zoo::new(db, NODES).await;
        let line = |name: &str, next: &str| {
            format!("{{\"model\": \"zoo.node\",\"fields\": {{\"name\": \"{name}\",\"size\": 1,\"next\": [\"{next}\"],\"friends\": [[\"{next}\"]]}}}}\n")
        };
        let text = line("a", "b") + &line("b", "c") + &line("c", "a");
        assert_eq!(zoo.load(Format::Jsonl, &text).await.unwrap().objects, 3);
        assert_eq!(zoo.dump(Format::Jsonl, None, true).await, text);
        zoo.load(Format::Jsonl, &text).await.unwrap();
        assert_eq!(zoo.dump(Format::Jsonl, None, true).await, text);
    }

    async fn a_decimal_keeps_every_digit(db in TestDatabase) {
        // SQLite has doubles alone.
        if db.kind == Kind::Sqlite {
            return;
        }
        let models = "[Heap]\nfields = [{ name = \"grains\", type = \"Decimal\", max_digits = 38, decimal_places = 10 }]\n";
        let zoo = Zoo::new(db, models).await;
        let number = "1234567890123456789012345678.1234567891";
        zoo.db.database.execute(&format!("INSERT INTO zoo_heap (grains) VALUES ({number})"), &[]).await.unwrap();
        let dump = zoo.dump(Format::Jsonl, None, false).await;
        assert!(dump.contains(&format!("\"grains\": \"{number}\"")), "{dump}");
    }

    async fn a_value_that_the_program_has_no_place_for_is_named_with_its_row(db in TestDatabase) {
        // The others' decimals and moments are all finite.
        if db.kind != Kind::Postgresql {
            return;
        }
        let models = "[Heap]\nfields = [{ name = \"grains\", type = \"Decimal\", max_digits = 8, decimal_places = 2 }]\n";
        let zoo = Zoo::new(db, models).await;
        zoo.db.database.execute("INSERT INTO zoo_heap (grains) VALUES (1), ('NaN'), (2)", &[]).await.unwrap();
        let selection = Selection { models: vec![0], ..Selection::default() };
        let error = Pages::read(zoo.db.database.backend(), &zoo.catalog, selection).next().await.unwrap_err();
        assert_eq!(error.to_string(), "zoo.heap 2: column grains holds a numeric beyond the program's range, such as NaN \
            or infinity, not a plain value");
    }

    async fn a_network_keeps_how_long_it_is(db in TestDatabase) {
        if db.kind != Kind::Postgresql {
            return;
        }
        let zoo = Zoo::new(db, "[Net]\nfields = [{ name = \"ip\", type = \"GenericIpAddress\" }]\n").await;
        let nets = ["10.0.0.0/8", "10.0.0.1", "fe80::/10", "::1"];
        for net in nets {
            zoo.db.database.execute(&format!("INSERT INTO zoo_net (ip) VALUES ('{net}')"), &[]).await.unwrap();
        }
        let dump = zoo.dump(Format::Jsonl, None, false).await;
        assert!(nets.iter().all(|net| dump.contains(&format!("\"ip\": \"{net}\"}}"))), "{dump}");
        zoo.flush().await;
        zoo.load(Format::Jsonl, &dump).await.unwrap();
        assert_eq!(zoo.dump(Format::Jsonl, None, false).await, dump);
    }

    async fn what_is_wrong_is_named_and_nothing_is_loaded(db in TestDatabase) {
        let zoo = Zoo::new(db, NODES).await;
        zoo.objects(&[("node", "1", r#""name": "a""#)]).await.unwrap();
        let good = ("node", "2", r#""name": "b""#);
        let cases = [
            (("node", "3", r#""name": "longer""#), "zoo: line 2: zoo.node 3: field `name`: it has 6 characters; at most 5 fit"),
            (("node", "3", r#""name": null"#), "zoo: line 2: zoo.node 3: field `name`: it cannot be NULL"),
            (("node", "3", r#""name": "c", "size": 40000"#), "zoo: line 2: zoo.node 3: field `size`: 40000 is out of range: it takes -32768 to 32767"),
            (("node", "3", r#""name": "c", "size": "x""#), "zoo: line 2: zoo.node 3: field `size`: expected an integer, found \"x\""),
            (("node", "3", r#""name": "c", "sizes": 1"#), "zoo: line 2: zoo.node 3: it has no field `sizes`; did you mean `size`?"),
            (("node", "3", r#""name": "c", "name": "d""#), "zoo: line 2: zoo.node 3: field `name`: it is there twice"),
            (("nodes", "3", ""), "zoo: line 2: there is no model `zoo.nodes`; did you mean `zoo.node`?"),
            (("node", "2", r#""name": "c""#), "zoo: line 2: zoo.node 2: this key is there twice"),
            (("leaf", "3", r#""name": "c""#), "zoo: line 2 (zoo.leaf 3): field `node`: it is missing, and has no default"),
            (("leaf", "3", r#""name": "c", "node": [1, 2]"#), "zoo: line 2: zoo.leaf 3: field `node`: the natural key of zoo.node has 1 parts, and here are 2"),
        ];
        for (bad, told) in cases {
            assert_eq!(zoo.refusal(&[good, bad]).await, told);
        }
        // The database itself refuses one of many in one statement.
        let twice = zoo.refusal(&[good, ("node", "3", r#""name": "a""#)]).await;
        assert!(twice.starts_with("zoo: line 2 (zoo.node 3): "), "{twice}");
        let lost = zoo.refusal(&[("node", "2", r#""name": "b", "next": 99, "friends": [98]"#)]).await;
        assert_eq!(lost, "keys lead nowhere:\n  zoo.node 2: `next` points to zoo.node 99, which is not there\n  \
            zoo.node 2: `friends` points to zoo.node 98, which is not there");
    }

    async fn a_moment_that_no_calendar_or_clock_has_is_refused(db in TestDatabase) {
        let fields = [("day", "Date"), ("time", "Time"), ("moment", "DateTime")];
        let fields = fields.map(|(name, kind)| format!("{{ name = \"{name}\", type = \"{kind}\", null = true }}"));
        let zoo = Zoo::new(db, &format!("[Hour]\nfields = [{}]\n", fields.join(", "))).await;
        let cases = [
            ("day", "0000-01-01", "a date such as 2026-03-04"),
            ("time", "15:04:60", "a time such as 15:04:05"),
            ("moment", "2026-06-30T23:59:60Z", "a moment such as 2026-03-04T15:04:05Z"),
            ("moment", "20260630T235960Z", "a moment such as 2026-03-04T15:04:05Z"),
            ("moment", "0000-12-31T23:59:59Z", "a moment such as 2026-03-04T15:04:05Z"),
        ];
        for (field, text, expected) in cases {
            let told = zoo.refusal(&[("hour", "1", &format!("\"{field}\": \"{text}\""))]).await;
            assert_eq!(told, format!("zoo: line 1: zoo.hour 1: field `{field}`: expected {expected}, found \"{text}\""));
        }
        for text in ["2026-06-30", "2026-06-30 23:59", "2026-06-30T23:59:59.5+02:00"] {
            zoo.objects(&[("hour", "1", &format!("\"moment\": \"{text}\""))]).await.unwrap();
        }
    }

    async fn more_rows_than_a_page_come_as_they_went(db in TestDatabase) {
        let zoo = Zoo::new(db, NODES).await;
        let line = |number: usize| {
            let (next, friend) = ((number + 1) % 4_500 + 1, (number + 7) % 4_500 + 1);
            format!("{{\"model\": \"zoo.node\",\"pk\": {},\"fields\": {{\"name\": \"{number}\",\"size\": 1,\"next\": {next},\"friends\": [{friend}]}}}}\n", number + 1)
        };
        let text: String = (0..4_500).map(line).collect();
        assert_eq!(zoo.load(Format::Jsonl, &text).await.unwrap().objects, 4_500);
        assert_eq!(zoo.dump(Format::Jsonl, None, false).await, text);
        // All of them once more: they are there.
        zoo.load(Format::Jsonl, &text.replace("\"size\": 1", "\"size\": 2")).await.unwrap();
        assert_eq!(zoo.dump(Format::Jsonl, None, false).await, text.replace("\"size\": 1", "\"size\": 2"));
    }
}

/// Runs Django with the models of its own auth, contenttypes and sites over a file of SQLite.
fn django(folder: &std::path::Path, commands: &str) {
    #[expect(clippy::disallowed_methods, reason = "scripts/test hands the program over")]
    let python = std::env::var("MANAGE_TEST_DJANGO").unwrap_or_else(|_| {
        panic!("MANAGE_TEST_DJANGO is not set: run the tests with scripts/test, which installs Django")
    });
    let script = format!("{DJANGO_SETTINGS}{commands}");
    let run = std::process::Command::new(python).args(["-c", &script]).current_dir(folder).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

const DJANGO_SETTINGS: &str = "
import django
from django.conf import settings
apps = ['django.contrib.' + app for app in ('contenttypes', 'auth', 'sites')]
database = {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'django.sqlite3'}
settings.configure(INSTALLED_APPS=apps, DATABASES={'default': database}, USE_TZ=True)
django.setup()
from django.core.management import call_command as call
call('migrate', verbosity=0)
";

const PEOPLE: &str = "
from django.contrib.auth.models import Group, Permission, User
staff = Group.objects.create(name='staff')
staff.permissions.set(Permission.objects.filter(codename__startswith='add'))
ann = User.objects.create_user('ann', 'ann@example.com', 'a pass phrase')
ann.groups.add(staff)
ann.user_permissions.add(Permission.objects.get(codename='view_user'))
";

/// Django's own accounts, with their permissions by natural keys, come here, and go back as they were.
#[test]
fn what_django_itself_wrote_comes_back_to_it_as_it_was() {
    let site = crate::support::Workspace::new();
    site.manage(["migrate", "-v0"]).succeeds();
    site.manage(["flush", "--database", "users", "--yes"]).succeeds();
    let dump = |file: &str, format: &str| {
        format!(
            "call('dumpdata', 'contenttypes', 'auth', output='{file}', format='{format}', indent=1, \
             use_natural_foreign_keys=True, use_natural_primary_keys=True)\n"
        )
    };
    django(site.path(), &format!("{PEOPLE}{}", dump("there.xml", "xml")));
    site.manage(["loaddata", "there.xml", "--database", "users"]).succeeds();
    let natural = ["--natural-foreign", "--natural-primary", "--database", "users"];
    site.manage([&["dumpdata", "auth", "-o", "back.json.gz"][..], &natural].concat()).succeeds();
    let again =
        "call('flush', verbosity=0, interactive=False)\ncall('loaddata', 'back.json.gz', verbosity=0)\n";
    django(site.path(), &format!("{again}{}", dump("again.xml", "xml")));
    let lines = |file: &str| {
        let text = std::fs::read_to_string(site.path().join(file)).unwrap();
        let mut objects: Vec<String> = text.split("<object model").map(str::to_owned).collect();
        objects.sort();
        objects
    };
    assert_eq!(lines("again.xml"), lines("there.xml"));
    assert!(lines("there.xml").len() > 20);
}
