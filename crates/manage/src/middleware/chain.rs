//! The chain: each link may answer itself, or pass the request on and look at the answer.

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use tower::ServiceExt as _;

use crate::http::{Request, Response};
use crate::urls::{Route, Site, router};

/// One link of the chain.
#[async_trait]
pub trait Middleware: Send + Sync {
    /// Answers the request, usually with what `next` answers.
    async fn handle(&self, request: Request, next: Next<'_>) -> Response;
}

/// Makes a link for a site.
pub type Make = fn(&Arc<Site>) -> Box<dyn Middleware>;

/// A link that an app brings, and where it stands.
#[derive(Clone, Copy)]
pub enum Link {
    /// Around the error pages: for what a page of an error needs as well. It must not fail.
    Outer(Make),
    /// Right around the views.
    Inner(Make),
}

/// The rest of the chain, and behind it the views.
#[derive(Clone, Copy)]
pub struct Next<'a> {
    rest: &'a [Box<dyn Middleware>],
    router: &'a Router,
}

impl Next<'_> {
    /// Lets the rest answer.
    pub async fn run(self, request: Request) -> Response {
        match self.rest.split_first() {
            Some((first, rest)) => first.handle(request, Next { rest, router: self.router }).await,
            None => match self.router.clone().oneshot(request).await {
                Ok(response) => response,
                Err(impossible) => match impossible {},
            },
        }
    }
}

/// Answers requests: the chain and the views of a site.
pub struct Handler {
    /// The site.
    pub site: Arc<Site>,
    chain: Vec<Box<dyn Middleware>>,
    router: Router,
}

impl Handler {
    /// The links in the order of requests.
    pub fn new(site: Arc<Site>, routes: &[Route], middleware: &[Make]) -> Self {
        let chain = middleware.iter().map(|make| make(&site)).collect();
        let router = router(routes, Arc::clone(&site));
        Self { site, chain, router }
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request) -> Response {
        Next { rest: &self.chain, router: &self.router }.run(request).await
    }
}
