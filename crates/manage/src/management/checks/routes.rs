//! Routes: foreign keys that would lead from one database to another.

use crate::checks::Message;
use crate::db::models::{Field, ModelState};
use crate::management::base::Installed;
use crate::setup::Project;

/// The number of what is said about a key from one database to another.
pub(crate) const CROSSING_KEY: &str = "databases.E001";

/// Keys that no database can hold, and routes of apps that are not installed.
pub(super) fn check(project: &Project, _installed: &Installed) -> Vec<Message> {
    let keys = project.models.iter().flat_map(|model| {
        let crossing = model.fields.iter().filter(|field| crosses(project, model, field));
        crossing.map(|field| message(project, model, field)).collect::<Vec<_>>()
    });
    keys.collect()
}

fn crosses(project: &Project, model: &ModelState, field: &Field) -> bool {
    let Some(target) = field.to.as_deref().and_then(|label| project.models.get(label)) else { return false };
    let holds = |alias: &str| project.router.allow_migrate(alias, &target.app);
    field.db_constraint != Some(false) && !project.router.aliases(&model.app).all(holds)
}

fn message(project: &Project, model: &ModelState, field: &Field) -> Message {
    let target = field.to.as_deref().unwrap_or_default();
    let app = target.split('.').next().unwrap_or_default();
    let text = format!(
        "the key points to `{target}` on the database `{}`, but its own table is on `{}`",
        project.router.alias(app),
        project.router.alias(&model.app)
    );
    Message::error(CROSSING_KEY, format!("{}.{}", model.label(), field.name), text)
        .hint("route both apps to one database, or say `db_constraint = false`")
}
