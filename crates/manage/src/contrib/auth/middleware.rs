//! Finds out who sends a request.

use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::FromRequestParts;
use axum::response::IntoResponse as _;
use http::header::{CACHE_CONTROL, HeaderValue};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Method, Uri};

use super::login::is_fresh;
use super::models::User;
use super::settings::AuthSettings;
use crate::contrib::sessions::Session;
use crate::db;
use crate::http::{HttpError, Request, RequestInfo, Response, redirect};
use crate::middleware::{Middleware, Next};
use crate::urls::Site;
use crate::views::encoded;

/// Finds out who signed in: [`RequestInfo::user`], which views get as [`CurrentUser`].
pub(super) struct Authentication {
    site: Arc<Site>,
}

impl Authentication {
    /// For a site.
    pub(super) fn make(site: &Arc<Site>) -> Box<dyn Middleware> {
        Box::new(Self { site: Arc::clone(site) })
    }

    /// Leads those who have to sign in to the page for that, and from there back to what they asked for.
    fn to_login(&self, response: Response, asked: Option<&Uri>) -> Response {
        let error = response.extensions().get::<Arc<HttpError>>();
        let Some(HttpError::LoginRequired { next }) = error.map(|error| &**error) else { return response };
        let AuthSettings { login_url, .. } = self.site.project.settings.app();
        let login = if login_url.contains('/') { login_url.clone() } else { self.site.url(login_url, &[]) };
        let asked = asked.and_then(Uri::path_and_query).map(PathAndQuery::as_str);
        let mut answer = match next.as_deref().or(asked) {
            Some(next) => redirect(&format!("{login}?next={}", encoded(next))),
            None => redirect(&login),
        };
        answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer
    }

    async fn user(&self, session: &Session) -> db::Result<Option<User>> {
        let Some(id) = session.user_id() else { return Ok(None) };
        let project = &self.site.project;
        let found = User::by_id(project.database_of("auth")?, id).await?;
        let user = found.filter(|user| user.is_active && is_fresh(session, &project.settings, user));
        if user.is_none() {
            session.flush();
        }
        Ok(user)
    }
}

#[async_trait]
impl Middleware for Authentication {
    async fn handle(&self, request: Request, next: Next<'_>) -> Response {
        let info = next.info();
        if let Some(session) = request.extensions().get::<Session>() {
            match self.user(session).await {
                Ok(Some(user)) => info.set_user(Arc::new(user)),
                // The session just ended; a token that is made now has to fit the next request.
                Ok(None) if !session.has_key() => info.csrf.rebind(""),
                Ok(None) => {}
                Err(error) => return HttpError::from(error).into_response(),
            }
        }
        // Programs are told; only people are led elsewhere.
        if info.facts().json {
            return next.run(request).await;
        }
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        let asked = is_read.then(|| request.uri().clone());
        self.to_login(next.run(request).await, asked.as_ref())
    }
}

/// The account of the person who signed in, if anybody did.
#[derive(Debug, Clone)]
pub struct CurrentUser(pub Option<Arc<User>>);

impl CurrentUser {
    /// The account.
    ///
    /// # Errors
    /// [`HttpError::LoginRequired`] when nobody signed in; after that it goes on with `next`.
    pub fn or_login(self, next: Option<String>) -> Result<Arc<User>, HttpError> {
        self.0.ok_or(HttpError::LoginRequired { next })
    }
}

impl<S: Sync> FromRequestParts<S> for CurrentUser {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.get::<Arc<RequestInfo>>().and_then(|info| info.user_as())))
    }
}
