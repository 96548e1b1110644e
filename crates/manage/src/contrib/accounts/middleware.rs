//! Holds the limits that routes declare.

use std::sync::Arc;

use async_trait::async_trait;
use axum::response::IntoResponse as _;

use super::throttle;
use crate::db;
use crate::http::{HttpError, Request, RequestInfo, Response, Throttle};
use crate::middleware::{Middleware, Next};
use crate::urls::Site;

/// Counts what people send to a route that says how often they may. Reading counts for nothing.
pub(super) struct Throttling {
    site: Arc<Site>,
}

impl Throttling {
    /// For a site.
    pub(super) fn make(site: &Arc<Site>) -> Box<dyn Middleware> {
        Box::new(Self { site: Arc::clone(site) })
    }

    /// The seconds to wait, where there were too many before.
    async fn wait(&self, info: &RequestInfo, limit: Throttle) -> db::Result<Option<u64>> {
        let database = self.site.project.database_of("accounts")?;
        throttle::count(database, limit, info.user(), info.client).await
    }
}

#[async_trait]
impl Middleware for Throttling {
    async fn handle(&self, request: Request, next: Next<'_>) -> Response {
        let limit = next.info().facts().throttle.filter(|_| !request.method().is_safe());
        let Some(limit) = limit else { return next.run(request).await };
        match self.wait(next.info(), limit).await {
            Ok(None) => next.run(request).await,
            Ok(Some(wait_seconds)) => HttpError::TooManyRequests { wait_seconds }.into_response(),
            Err(error) => HttpError::from(error).into_response(),
        }
    }
}
