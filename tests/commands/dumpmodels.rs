use manage::db::models::Registry;
use manage::db::models::declared;

use crate::support::Workspace;

#[test]
fn the_models_of_an_app_in_rust_are_the_same_once_they_are_declared() {
    let site = Workspace::new();
    site.manage(["migrate", "-v0"]).succeeds();
    for app in [manage::contrib::auth::APP, wayfarer::blog::APP] {
        let mut registry = Registry::default();
        (app.models)(&mut registry);
        let text = site.manage(["dumpmodels", app.label]).succeeds();
        let read = declared::read(app.label, "models/app.toml", &text).unwrap();
        assert_eq!(
            read.iter().collect::<Vec<_>>(),
            registry.iter().map(|model| &**model).collect::<Vec<_>>()
        );
    }
    site.manage(["dumpmodels", "bolg"])
        .fails_with(2, "error: no installed app with label `bolg`\nhint: did you mean `blog`?\n");
}
