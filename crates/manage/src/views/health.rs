//! Whether the process lives, and whether it can answer.

use std::sync::Arc;

use axum::extract::State;
use http::{HeaderValue, StatusCode, header};

use super::json;
use crate::db::Value;
use crate::http::Response;
use crate::setup::Project;
use crate::urls::Site;

/// The process lives. `GET /healthz`
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether every database answers and has its migrations. `GET /readyz`
pub async fn readyz(State(site): State<Arc<Site>>) -> Response {
    let project = &site.project;
    let connections = &project.connections;
    let mut answers = serde_json::Map::new();
    let mut is_ready = true;
    for alias in connections.aliases() {
        let answer = match connections.database(alias) {
            Ok(database) => database.query::<(Value,)>("SELECT 1", &[]).await.map(drop),
            Err(error) => Err(error),
        };
        if let Err(error) = &answer {
            tracing::warn!(database = alias, %error, "not ready");
            is_ready = false;
        }
        answers.insert(alias.to_owned(), if answer.is_ok() { "ok" } else { "away" }.into());
    }
    let Project { watcher, files, apps, router, .. } = project;
    let pending = watcher.missing(files, apps, connections, router).await;
    if let Err(error) = &pending {
        tracing::warn!(%error, "cannot tell which migrations are applied");
    }
    is_ready &= pending.as_ref().is_ok_and(|count| *count == 0);
    let status = if is_ready { "ok" } else { "unavailable" };
    let body =
        serde_json::json!({ "status": status, "databases": answers, "pending_migrations": pending.ok() });
    let mut response = json(body.to_string());
    if !is_ready {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
