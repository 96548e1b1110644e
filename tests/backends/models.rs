//! The structs of the shipped apps and the migrations that make their tables say the same.

use std::path::Path;

use manage::AppConfig;
use manage::contrib::{accounts, auth, sessions};
use manage::db::migrations::load;
use manage::db::migrations::state::ProjectState;
use manage::db::models::{ModelState, Registry};
use manage::files::ProjectFiles;

const APPS: [AppConfig; 4] = [sessions::APP, auth::APP, accounts::APP, wayfarer::blog::APP];

fn migrated() -> ProjectState {
    let labels = APPS.map(|app| app.label.to_owned());
    let graph =
        load(&ProjectFiles::new(Path::new("/nowhere"), APPS.map(|app| app.files).to_vec()), &labels).unwrap();
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
    for model in registry.iter() {
        let of_files = state.get(&model.app, &model.name).unwrap();
        assert_eq!(described(model), described(of_files), "{}", model.label());
    }
}

/// The model without what no database stores.
fn described(model: &ModelState) -> ModelState {
    let mut model = model.clone();
    let label = format!("{}.{}", model.app, model.name);
    for field in &mut model.fields {
        field.on_delete =
            field.on_delete.or(field.kind.is_foreign_key().then_some(manage::db::models::OnDelete::Cascade));
        if field.to.as_deref() == Some(label.as_str()) {
            field.to = Some("self".to_owned());
        }
    }
    model
}
