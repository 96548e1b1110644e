//! The structs of the shipped apps and the migrations that make their tables say the same.

use std::path::Path;

use manage::AppConfig;
use manage::contrib::{accounts, auth, sessions};
use manage::db::migrations::autodetector::declared;
use manage::db::migrations::load;
use manage::db::migrations::state::ProjectState;
use manage::db::models::Registry;
use manage::files::ProjectFiles;

const APPS: [AppConfig; 4] = [sessions::APP, auth::APP, accounts::APP, wayfarer::blog::APP];

fn migrated() -> ProjectState {
    let labels = APPS.map(|app| app.label.to_owned());
    let graph = load(
        &ProjectFiles::new(Path::new("/nowhere"), APPS.map(|app| app.files).to_vec()),
        &labels,
        &["sqlite"],
    )
    .unwrap();
    let mut state = ProjectState::default();
    for migration in graph.migrations() {
        for located in &migration.operations {
            located.operation.change().state_forwards(&migration.key.app, &mut state).unwrap();
        }
    }
    state
}

#[test]
fn structs_and_migrations_describe_the_same_tables() {
    let mut registry = Registry::default();
    APPS.iter().for_each(|app| (app.models)(&mut registry));
    let state = migrated();
    let (structs, files): (Vec<String>, Vec<String>) = (
        registry.iter().map(|model| model.label()).collect(),
        state.models().map(|model| model.label()).collect(),
    );
    assert_eq!(structs, files);
    let declared = declared(&registry, &state, |_| true);
    for model in declared.models() {
        let of_files = state.get(&model.app, &model.name).unwrap();
        assert_eq!(model, of_files, "{}", model.label());
    }
}

/// Everything that a file can say.
#[derive(manage::db::models::Model)]
#[model(app = "shop", name = "Order", ordering = "-placed_at", verbose_name = "order", managed = false)]
#[model(verbose_name_plural = "orders", db_comment = "what was bought", permissions = [["send", "Can send"]])]
#[model(index(name = "recent", fields = ["-placed_at"], include = "total", condition = "total > 0", method = "btree"))]
#[model(index(name = "lower_note", expressions = ["lower(note)"]))]
#[model(unique(name = "once", fields = "note, state", condition = "state = 'p'"))]
#[model(unique(name = "later", fields = "note", deferrable, nulls_distinct = false))]
#[model(check(name = "positive", sql(postgresql = "total > 0", mysql = "total >= 0")))]
#[model(exclude(name = "apart", sql = "USING gist (state WITH =)"))]
#[model(many_to_many(name = "tags", to = "shop.Tag", through = "shop.Tagging"))]
#[model(many_to_many(
    name = "readers",
    to = "auth.User",
    db_table = "shop_readers",
    help_text = "who looks"
))]
struct Order {
    id: i64,
    #[field(max_length = 1, choices = [["d", "Draft"], ["p", "Published"]], default = "d", help_text = "h")]
    state: String,
    #[field(verbose_name = "remark", db_comment = "c", db_collation = "C")]
    note: Option<String>,
    #[field(db_default(sql = "1 + 1"), default = -3)]
    total: i32,
    #[field(type = "Generated", expression = "total * 2", output = "Integer", stored = false)]
    twice: Option<i32>,
    #[field(db_default = "now")]
    placed_at: jiff::Timestamp,
    #[field(references = "shop.Customer", to_field = "code", on_delete = "SET_NULL", db_constraint = false)]
    customer_id: Option<String>,
}

const ORDER: &str = r#"
[Order]
ordering = ["-placed_at"]
verbose_name = "order"
verbose_name_plural = "orders"
managed = false
db_comment = "what was bought"
permissions = [["send", "Can send"]]
indexes = [
  { name = "recent", fields = ["-placed_at"], include = ["total"], condition = "total > 0", method = "btree" },
  { name = "lower_note", expressions = ["lower(note)"] },
]
constraints = [
  { name = "once", unique = ["note", "state"], condition = "state = 'p'" },
  { name = "later", unique = ["note"], deferrable = true, nulls_distinct = false },
  { name = "positive", check = { postgresql = "total > 0", mysql = "total >= 0" } },
  { name = "apart", exclude = "USING gist (state WITH =)" },
]
fields = [
  { name = "id", type = "BigAuto", primary_key = true },
  { name = "state", type = "Char", max_length = 1, choices = [["d", "Draft"], ["p", "Published"]], default = "d", help_text = "h" },
  { name = "note", type = "Text", null = true, verbose_name = "remark", db_comment = "c", db_collation = "C" },
  { name = "total", type = "Integer", db_default = { sql = "1 + 1" }, default = -3 },
  { name = "twice", type = "Generated", null = true, expression = "total * 2", output = "Integer", stored = false },
  { name = "placed_at", type = "DateTime", db_default = "now" },
  { name = "customer", type = "ForeignKey", null = true, to = "shop.Customer", to_field = "code", on_delete = "SET_NULL", db_constraint = false },
  { name = "tags", type = "ManyToMany", to = "Tag", through = "shop.Tagging" },
  { name = "readers", type = "ManyToMany", to = "auth.User", db_table = "shop_readers", help_text = "who looks" },
]
"#;

#[test]
fn a_struct_says_whatever_a_file_says() {
    let declared = manage::db::models::declared::read("shop", "models/shop.toml", ORDER).unwrap();
    assert_eq!(<Order as manage::db::models::Model>::state(), declared[0]);
}
