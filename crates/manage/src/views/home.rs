//! The front page of a project that has none.

use std::sync::Arc;

use axum::extract::State;
use minijinja::{Value, context};

use super::{Context, page};
use crate::http::ViewResult;
use crate::urls::Site;

/// What is served, for the developer of a project without a page for `/`.
pub(super) async fn home(State(site): State<Arc<Site>>, context: Context) -> ViewResult {
    let project = &site.project;
    let apps = project.apps.iter().map(|label| {
        let models = project.models.of_app(label).map(|model| model.name.clone());
        context! { label => label, models => Value::from_iter(models), database => project.router.alias(label) }
    });
    let addresses = site.names.iter().map(|(name, pattern)| context! { name => name, pattern => pattern });
    let names = context! { apps => Value::from_iter(apps), addresses => Value::from_iter(addresses) };
    page(&site, &context, "manage/home.html", names)
}
