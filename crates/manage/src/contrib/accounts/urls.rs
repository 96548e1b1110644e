//! Addresses.

use std::time::Duration;

use super::views;
use crate::urls::Route;

/// Forms to sign up that one address may send: a school or an office shares one.
const SIGN_UPS: u32 = 20;
const SIGN_UP_WINDOW: Duration = Duration::from_secs(300);

/// The app's addresses.
pub(super) fn urlpatterns() -> Vec<Route> {
    vec![
        Route::get("accounts:login", "/accounts/login/", views::login_form).and_post(views::login),
        Route::post("accounts:logout", "/accounts/logout/", views::logout),
        Route::get("accounts:signup", "/accounts/signup/", views::signup_form)
            .and_post(views::signup)
            .throttle("sign-up", SIGN_UPS, SIGN_UP_WINDOW),
        Route::get("accounts:sessions", "/accounts/sessions/", views::sessions),
        Route::post("accounts:session_revoke", "/accounts/sessions/{id}/revoke/", views::session_revoke),
        Route::post(
            "accounts:sessions_revoke_others",
            "/accounts/sessions/revoke-others/",
            views::sessions_revoke_others,
        ),
    ]
}
