//! Finds out who sends a request.

use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::FromRequestParts;
use axum::response::IntoResponse as _;
use http::request::Parts;

use super::login::is_fresh;
use super::models::User;
use crate::contrib::sessions::Session;
use crate::db;
use crate::http::{HttpError, Request, RequestInfo, Response, Visitor};
use crate::middleware::{Middleware, Next};
use crate::urls::Site;

/// Gives the requests of people who signed in their [`CurrentUser`].
pub struct Authentication {
    site: Arc<Site>,
}

impl Authentication {
    /// For a site.
    pub fn make(site: &Arc<Site>) -> Box<dyn Middleware> {
        Box::new(Self { site: Arc::clone(site) })
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
    async fn handle(&self, mut request: Request, next: Next<'_>) -> Response {
        let Some(session) = request.extensions().get::<Session>().cloned() else {
            return next.run(request).await;
        };
        match self.user(&session).await {
            Ok(Some(user)) => {
                let user = Arc::new(user);
                if let Some(info) = request.extensions().get::<Arc<RequestInfo>>() {
                    let visitor = Visitor { user_id: user.id, name: user.username.as_str().into() };
                    drop(info.visitor.set(visitor));
                }
                request.extensions_mut().insert(user);
            }
            Ok(None) if session.key().is_none() => {
                // The session just ended; a token that is made now has to fit the next request.
                if let Some(info) = request.extensions().get::<Arc<RequestInfo>>() {
                    info.csrf.rebind("");
                }
            }
            Ok(None) => {}
            Err(error) => return HttpError::from(error).into_response(),
        }
        next.run(request).await
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
        Ok(Self(parts.extensions.get::<Arc<User>>().cloned()))
    }
}
