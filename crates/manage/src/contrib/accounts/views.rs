//! Views.

use std::sync::Arc;

use axum::extract::State;
use minijinja::{Value, context};

use super::device::device;
use super::forms::{self, LoginForm, SignupForm, WRONG_LOGIN};
use super::throttle::{self, Verdict};
use crate::contrib::auth::models::CreateUser;
use crate::contrib::auth::{self, AuthSettings, CurrentUser, User, password_validation};
use crate::contrib::sessions::{self, Session};
use crate::crypto;
use crate::forms::ALL_FIELDS;
use crate::http::{FormData, HttpError, ViewResult, redirect};
use crate::timezone;
use crate::urls::Site;
use crate::views::{Context, Form, Path, encoded, page};

/// The group of everybody who signs up.
const EVERYBODY: &str = "traveller";

/// The form to sign in with. `GET /accounts/login/`
pub(super) async fn login_form(State(site): State<Arc<Site>>, context: Context) -> ViewResult {
    let query = context.query()?;
    if context.user().is_some() {
        return Ok(redirect(forms::next(&query, &settings(&site).login_redirect_url)));
    }
    let form = LoginForm::bind(&query);
    let empty = context! { values => context! { login => form.login }, errors => () };
    page(&site, &context, "accounts/login.html", names(empty, &query))
}

/// Signs in. `POST /accounts/login/`
pub(super) async fn login(
    State(site): State<Arc<Site>>,
    context: Context,
    session: Session,
    Form(data): Form,
) -> ViewResult {
    let settings = settings(&site);
    let mut form = LoginForm::bind(&data);
    if form.errors.is_empty() {
        let database = site.project.database_of("accounts")?;
        let attempt = match throttle::begin(database, settings, &form.login, context.info.client).await? {
            Verdict::Allowed(attempt) => attempt,
            Verdict::Wait { seconds } => return Err(HttpError::TooManyRequests { wait_seconds: seconds }),
        };
        if let Some(user) = auth::authenticate(&site.project, &form.login, &form.password).await? {
            throttle::succeeded(database, &attempt).await?;
            auth::login(&site.project, &session, &context.info, &user).await?;
            return Ok(redirect(forms::next(&data, &settings.login_redirect_url)));
        }
        form.errors.add(ALL_FIELDS, WRONG_LOGIN);
    }
    page(&site, &context, "accounts/login.html", names(form.to_value(), &data))
}

/// Signs out. `POST /accounts/logout/`
pub(super) async fn logout(State(site): State<Arc<Site>>, context: Context, session: Session) -> ViewResult {
    auth::logout(&session, &context.info);
    Ok(redirect(&settings(&site).logout_redirect_url))
}

/// The form to sign up with. `GET /accounts/signup/`
pub(super) async fn signup_form(State(site): State<Arc<Site>>, context: Context) -> ViewResult {
    let query = context.query()?;
    let settings = settings(&site);
    if !settings.signup_open {
        return Err(HttpError::PermissionDenied);
    }
    if context.user().is_some() {
        return Ok(redirect(forms::next(&query, &settings.login_redirect_url)));
    }
    let empty = context! { values => context! { username => "", email => "" }, errors => () };
    signup_page(&site, &context, empty, &query)
}

/// Makes an account and signs in. `POST /accounts/signup/`
pub(super) async fn signup(
    State(site): State<Arc<Site>>,
    context: Context,
    session: Session,
    Form(data): Form,
) -> ViewResult {
    let settings = settings(&site);
    if !settings.signup_open {
        return Err(HttpError::PermissionDenied);
    }
    let mut form = SignupForm::bind(&data, settings.password_min_length);
    if form.errors.is_empty() {
        match create(&site, &form).await? {
            Some(user) => {
                auth::login(&site.project, &session, &context.info, &user).await?;
                return Ok(redirect(forms::next(&data, &settings.login_redirect_url)));
            }
            None => form.errors.add("username", "This username is taken. Choose another one."),
        }
    }
    signup_page(&site, &context, form.to_value(), &data)
}

/// The new account; none when somebody has the name, be it since a moment ago.
async fn create(site: &Site, form: &SignupForm) -> ViewResult<Option<User>> {
    let database = site.project.database_of("auth")?;
    if User::is_taken(database, &form.username).await? {
        return Ok(None);
    }
    let password = auth::hash(form.password.clone()).await?;
    let new = CreateUser {
        username: &form.username,
        email: &form.email,
        password: &password,
        is_superuser: false,
        group: Some(EVERYBODY),
    };
    match new.save(&site.project).await {
        Ok(id) => Ok(User::by_id(database, id).await?),
        Err(error) if error.is_unique_violation() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn signup_page(site: &Site, context: &Context, form: Value, data: &FormData) -> ViewResult {
    let rules = password_validation::help_texts(settings(site).password_min_length);
    let rules = Value::from_iter(rules);
    let names = context! { password_rules => rules, ..names(form, data) };
    page(site, context, "accounts/signup.html", names)
}

/// One's own sessions. `GET /accounts/sessions/`
pub(super) async fn sessions(
    State(site): State<Arc<Site>>,
    context: Context,
    session: Session,
    user: CurrentUser,
) -> ViewResult {
    let user = user.or_login(None)?;
    let current = session.key();
    let stored = sessions::of_user(site.project.database_of("sessions")?, user.id).await?;
    let shown = stored.into_iter().map(|stored| {
        context! {
            id => public_id(&stored.key),
            device => device(&stored.user_agent),
            ip => stored.ip,
            created => timezone::long_moment(stored.created_at),
            last_seen => timezone::long_moment(stored.last_seen),
            expires => timezone::long_moment(stored.expire_date),
            current => current.as_deref() == Some(stored.key.as_str()),
        }
    });
    page(&site, &context, "accounts/sessions.html", context! { sessions => Value::from_iter(shown) })
}

/// Ends one of one's own sessions. `POST /accounts/sessions/{id}/revoke/`
pub(super) async fn session_revoke(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    context: Context,
    session: Session,
    user: CurrentUser,
) -> ViewResult {
    let list = site.url("accounts:sessions", &[]);
    let user = user.or_login(Some(list.clone()))?;
    let database = site.project.database_of("sessions")?;
    let stored = sessions::of_user(database, user.id).await?;
    let revoked = stored.iter().find(|stored| public_id(&stored.key) == id).ok_or(HttpError::NotFound)?;
    if session.key().as_deref() == Some(revoked.key.as_str()) {
        auth::logout(&session, &context.info);
        return Ok(redirect(&settings(&site).logout_redirect_url));
    }
    sessions::delete(database, &revoked.key).await?;
    Ok(redirect(&list))
}

/// Ends all of one's own sessions but this one. `POST /accounts/sessions/revoke-others/`
pub(super) async fn sessions_revoke_others(
    State(site): State<Arc<Site>>,
    session: Session,
    user: CurrentUser,
) -> ViewResult {
    let list = site.url("accounts:sessions", &[]);
    let user = user.or_login(Some(list.clone()))?;
    let kept = session.key().unwrap_or_default();
    sessions::delete_others(site.project.database_of("sessions")?, user.id, &kept).await?;
    Ok(redirect(&list))
}

/// Names a session in an address without giving its key away.
fn public_id(key: &str) -> String {
    crypto::sha256_hex(key.as_bytes())[..32].to_owned()
}

fn settings(site: &Site) -> &AuthSettings {
    site.project.settings.app()
}

fn names(form: Value, data: &FormData) -> Value {
    let next = forms::next(data, "").to_owned();
    let next_param = Value::from_safe_string(encoded(&next));
    context! { form => form, next => next, next_param => next_param }
}
