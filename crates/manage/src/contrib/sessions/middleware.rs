//! Reads the session before the view, keeps it afterwards.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderValue;
use http::header::{SET_COOKIE, USER_AGENT};
use jiff::SignedDuration;

use super::session::{KEY_LENGTH, Session};
use super::settings::SessionSettings;
use super::store;
use crate::crypto;
use crate::db;
use crate::http::{Cookie, HttpError, Request, Response, SameSite, cookie};
use crate::middleware::{Middleware, Next};
use crate::text;
use crate::timezone;
use crate::urls::Site;

/// How old `last_seen` may get: a write for every request would cost more than it tells.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// Tells the forms' tokens to which session they belong.
pub(super) struct Keys {
    cookie_name: String,
}

impl Keys {
    /// For a site.
    pub(super) fn make(site: &Arc<Site>) -> Box<dyn Middleware> {
        let SessionSettings { cookie_name, .. } = site.project.settings.app();
        Box::new(Self { cookie_name: cookie_name.clone() })
    }
}

#[async_trait]
impl Middleware for Keys {
    async fn handle(&self, request: Request, next: Next<'_>) -> Response {
        if let Some(key) = cookie(request.headers(), &self.cookie_name) {
            next.info().csrf.rebind(key);
        }
        next.run(request).await
    }
}

/// Gives every request a [`Session`].
pub(super) struct Sessions {
    site: Arc<Site>,
}

impl Sessions {
    /// For a site.
    pub(super) fn make(site: &Arc<Site>) -> Box<dyn Middleware> {
        Box::new(Self { site: Arc::clone(site) })
    }

    fn settings(&self) -> &SessionSettings {
        self.site.project.settings.app()
    }

    async fn load(&self, key: &str, session: &Session) -> db::Result<()> {
        let database = self.site.project.database_of("sessions")?;
        let Some(loaded) = store::load(database, key).await? else { return Ok(()) };
        if timezone::now().duration_since(loaded.last_seen) > SEEN_EVERY {
            store::touch(database, key).await?;
        }
        let mut state = session.lock();
        state.key = Some(key.to_owned());
        state.data = serde_json::from_str(&loaded.data).unwrap_or_default();
        state.user_id = loaded.user_id;
        state.is_stored = true;
        Ok(())
    }

    /// Keeps what changed; returns the key of a new session.
    async fn save(&self, session: &Session, sender: &Sender) -> db::Result<Option<String>> {
        let (work, abandoned) = taken(session);
        if work.is_none() && abandoned.is_none() {
            return Ok(None);
        }
        let database = self.site.project.database_of("sessions")?;
        let mut made = None;
        if let Some(Work { key, data, user_id, is_stored }) = work {
            if is_stored {
                store::update(database, &key, &data, user_id).await?;
            } else {
                let age_seconds = self.settings().cookie_age;
                let (ip, user_agent) = (&sender.client.to_string(), &sender.user_agent());
                let new = store::New { key: &key, data: &data, user_id, ip, user_agent, age_seconds };
                store::insert(database, new).await?;
                made = Some(key);
            }
        }
        if let Some(key) = abandoned {
            store::delete(database, &key).await?;
        }
        Ok(made)
    }

    fn set_cookie(&self, response: &mut Response, value: &str, is_secure: bool) {
        let settings = self.settings();
        let cookie = Cookie {
            name: &settings.cookie_name,
            value,
            max_age: if value.is_empty() { 0 } else { settings.cookie_age },
            http_only: true,
            secure: settings.cookie_secure.unwrap_or(is_secure),
            same_site: SameSite::named(settings.cookie_samesite),
        };
        response.headers_mut().extend(cookie.header().map(|header| (SET_COOKIE, header)));
    }

    async fn answer(&self, mut request: Request, next: Next<'_>) -> Result<Response, HttpError> {
        let info = next.info();
        let session = Session::default();
        let sent = cookie(request.headers(), &self.settings().cookie_name);
        if let Some(key) = sent.as_deref().filter(|key| is_plausible(key)) {
            self.load(key, &session).await?;
        }
        if sent.is_some() && !session.has_key() {
            // The cookie is about to be deleted; a token that is made now has to fit the next request.
            info.csrf.rebind("");
        }
        let agent = request.headers().get(USER_AGENT).cloned();
        let sender = Sender { client: info.client, agent };
        request.extensions_mut().insert(session.clone());
        let mut response = next.run(request).await;
        if response.status().is_server_error() {
            return Ok(response);
        }
        if let Some(key) = self.save(&session, &sender).await? {
            self.set_cookie(&mut response, &key, info.is_secure);
        } else if sent.is_some() && !session.has_key() {
            self.set_cookie(&mut response, "", info.is_secure);
        }
        Ok(response)
    }
}

/// A row to write.
struct Work {
    key: String,
    data: String,
    user_id: Option<i64>,
    is_stored: bool,
}

/// What is to be written and which row is to go.
fn taken(session: &Session) -> (Option<Work>, Option<String>) {
    let mut state = session.lock();
    let abandoned = state.abandoned.take();
    if !state.is_changed {
        return (None, abandoned);
    }
    let key = state.key.get_or_insert_with(|| crypto::random_string(KEY_LENGTH)).clone();
    let data = serde_json::Value::Object(state.data.clone()).to_string();
    (Some(Work { key, data, user_id: state.user_id, is_stored: state.is_stored }), abandoned)
}

#[async_trait]
impl Middleware for Sessions {
    async fn handle(&self, request: Request, next: Next<'_>) -> Response {
        self.answer(request, next).await.unwrap_or_else(axum::response::IntoResponse::into_response)
    }
}

/// Whether it can be a key at all; anything else is not worth a query.
fn is_plausible(key: &str) -> bool {
    (8..=40).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Who sends a request, for the row of a new session.
struct Sender {
    client: IpAddr,
    agent: Option<HeaderValue>,
}

impl Sender {
    /// What the browser calls itself.
    fn user_agent(&self) -> String {
        let agent = self.agent.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default();
        text::truncate(agent, 250)
    }
}
