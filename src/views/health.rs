//! Whether the process lives, and whether it can answer.

use std::sync::Arc;

use axum::extract::State;
use http::{HeaderValue, StatusCode, header};

use super::json;
use crate::db::Value;
use crate::http::Response;
use crate::urls::Site;

/// The process lives. `GET /healthz`
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether every database answers. `GET /readyz`
pub async fn readyz(State(site): State<Arc<Site>>) -> Response {
    let connections = &site.project.connections;
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
    let body =
        serde_json::json!({ "status": if is_ready { "ok" } else { "unavailable" }, "databases": answers });
    let mut response = json(body.to_string());
    if !is_ready {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
