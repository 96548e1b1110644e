//! One line for each request.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;

use super::{Middleware, Next};
use crate::http::{Request, Response};
use crate::urls::Site;

/// Writes the access log, where the settings ask for it.
pub(crate) struct AccessLog {
    is_on: bool,
}

impl AccessLog {
    /// For a site.
    pub(crate) fn make(site: &Arc<Site>) -> Box<dyn Middleware> {
        Box::new(Self { is_on: site.project.settings.logging.access_log })
    }
}

#[async_trait]
impl Middleware for AccessLog {
    async fn handle(&self, request: Request, next: Next<'_>) -> Response {
        if !self.is_on || !tracing::enabled!(target: "manage::access", tracing::Level::INFO) {
            return next.run(request).await;
        }
        let started = Instant::now();
        let info = next.info();
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let response = next.run(request).await;
        let (status, took) = (response.status().as_u16(), started.elapsed().as_micros() as f64 / 1_000.0);
        tracing::info!(target: "manage::access", "{} {method} {uri} {status} {took:.1} ms {}", info.client, info.id);
        response
    }
}
