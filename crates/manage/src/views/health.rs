//! Whether the process lives, and whether it can answer.

use std::sync::Arc;

use axum::extract::State;
use http::{HeaderValue, StatusCode, header};
use tokio::sync::Semaphore;

use super::json;
use crate::db::Value;
use crate::db::migrations::{self, Session};
use crate::http::Response;
use crate::setup::Project;
use crate::urls::Site;

/// The process lives. `GET /healthz`
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// The migrations that some database has not applied, and whether there is none that any has.
///
/// # Errors
/// When the files are broken or a database is away.
pub async fn pending_migrations(project: &Project) -> migrations::Result<Pending> {
    let graph = migrations::load(&project.files, &project.apps)?;
    let mut pending = Pending { migrations: Vec::new(), is_new: true };
    for alias in project.connections.aliases() {
        let session = Session::open(project.connections.backend(alias)?).await?;
        let applied = session.history.keys();
        session.close().await?;
        pending.is_new &= applied.is_empty();
        let lives = |app: &str| project.router.allow_migrate(alias, app);
        let missing = graph.migrations().filter(|migration| lives(&migration.key.app));
        let missing = missing.filter(|migration| !applied.contains(&migration.key));
        pending.migrations.extend(missing.map(|migration| migration.key.to_string()));
    }
    Ok(pending)
}

/// What the databases lack.
#[derive(Debug, Clone)]
pub struct Pending {
    /// Migrations by app and name.
    pub migrations: Vec<String>,
    /// Whether nothing was ever applied anywhere.
    pub is_new: bool,
}

/// One look at a time: each reads the migrations and opens a connection per database, and anybody may ask.
static LOOK: Semaphore = Semaphore::const_new(1);

/// Whether every database answers and has its migrations. `GET /readyz`
pub async fn readyz(State(site): State<Arc<Site>>) -> Response {
    let _look = LOOK.acquire().await;
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
    let pending = pending_migrations(&site.project).await.map(|pending| pending.migrations.len());
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
