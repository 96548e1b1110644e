//! The chain: each link may answer itself, or pass the request on and look at the answer.

use std::sync::Arc;

use async_trait::async_trait;
use axum::response::IntoResponse as _;
use http::header::{ALLOW, CONTENT_LENGTH, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use hyper::body::Body as _;

use super::reception::Reception;
use crate::http::{Body, HttpError, Request, RequestFinished, RequestInfo, Response};
use crate::urls::{PatternError, Resolver, Route, Site};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

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
    /// Inside of those: the one that counts where a route says how often ([`Facts::throttle`](crate::http::Facts)).
    Throttle(Make),
}

/// The rest of the chain, and behind it the views.
#[derive(Clone, Copy)]
pub struct Next<'a> {
    rest: &'a [Box<dyn Middleware>],
    handler: &'a Handler,
    info: &'a Arc<RequestInfo>,
}

impl<'a> Next<'a> {
    /// What the request is: what is also in its extensions, without looking for it there.
    pub fn info(&self) -> &'a Arc<RequestInfo> {
        self.info
    }

    /// Lets the rest answer.
    pub async fn run(self, request: Request) -> Response {
        match self.rest.split_first() {
            Some((first, rest)) => first.handle(request, Next { rest, ..self }).await,
            None => self.handler.view(request, self.info).await,
        }
    }
}

/// Answers requests: the chain and the views of a site.
pub struct Handler {
    /// The site.
    pub site: Arc<Site>,
    reception: Reception,
    resolver: Resolver,
    chain: Vec<Box<dyn Middleware>>,
    /// Whether anybody asked to be told of answered requests.
    is_told: bool,
}

impl Handler {
    /// The links in the order of requests.
    ///
    /// # Errors
    /// When the pattern of a route is malformed or takes another one's paths.
    pub fn new(
        site: Arc<Site>,
        routes: impl IntoIterator<Item = Route>,
        middleware: &[Make],
    ) -> Result<Self, PatternError> {
        let chain = middleware.iter().map(|make| make(&site)).collect();
        let reception = Reception::new(&site.project.settings.security);
        let is_told = site.project.signals.has_receivers::<RequestFinished>();
        Ok(Self { site, reception, resolver: Resolver::new(routes)?, chain, is_told })
    }

    /// Answers a request. Its route is found before everything else, and never again.
    pub async fn answer(&self, mut request: Request) -> Response {
        let info = self.receive(&mut request);
        self.answer_received(request, &info).await
    }

    /// Gives a request its id and finds its route.
    pub(crate) fn receive(&self, request: &mut Request) -> Arc<RequestInfo> {
        let resolved = self.resolver.resolve(request.uri());
        let info = Arc::new(self.reception.info(request, resolved));
        request.extensions_mut().insert(Arc::clone(&info));
        info
    }

    /// Answers a request that was received.
    pub(crate) async fn answer_received(&self, request: Request, info: &Arc<RequestInfo>) -> Response {
        let asked = self.is_told.then(|| (request.method().clone(), request.uri().path().to_owned()));
        let mut response = Next { rest: &self.chain, handler: self, info }.run(request).await;
        response.headers_mut().extend(info.id.header().map(|id| (REQUEST_ID, id)));
        if let Some((method, path)) = asked {
            self.tell(RequestFinished { method, path, status: response.status() });
        }
        response
    }

    /// Tells of an answered request, beside the answer.
    fn tell(&self, finished: RequestFinished) {
        let site = Arc::clone(&self.site);
        tokio::spawn(async move { site.project.signals.send_robust(&site.project, &finished).await });
    }

    /// Lets the view of the route answer.
    async fn view(&self, request: Request, info: &RequestInfo) -> Response {
        let Some(found) = info.route() else { return HttpError::NotFound.into_response() };
        let view = match self.resolver.view(found, request.method()) {
            Ok(view) => view,
            Err(allowed) => return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, allowed)]).into_response(),
        };
        if found.route().facts.login_required && info.user().is_none() {
            return HttpError::LoginRequired { next: None }.into_response();
        }
        let is_head = *request.method() == Method::HEAD;
        let response = view(request, Arc::clone(&self.site)).await;
        if is_head { without_body(response) } else { response }
    }
}

/// The headers of an answer to GET, the length of its body among them.
fn without_body(mut response: Response) -> Response {
    let length = response.body().size_hint().exact().map(HeaderValue::from);
    if let Some(length) = length {
        response.headers_mut().entry(CONTENT_LENGTH).or_insert(length);
    }
    response.map(|_| Body::empty())
}
