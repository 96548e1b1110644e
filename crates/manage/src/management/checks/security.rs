//! What must not go into production so (Django 6.1 `check --deploy`, the items that apply here).

use std::collections::HashSet;

use crate::checks::Message;
use crate::conf::{INSECURE_SECRET_KEY, Secret, Settings};
use crate::management::base::Installed;
use crate::setup::Project;

const REFERRER_POLICIES: [&str; 8] = [
    "no-referrer",
    "no-referrer-when-downgrade",
    "origin",
    "origin-when-cross-origin",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
];

/// Django's security list over the settings.
pub(super) fn check(project: &Project, _installed: &Installed) -> Vec<Message> {
    let settings = &project.settings;
    let mut found = transport(settings);
    found.extend(keys(settings));
    found.extend(exposure(settings));
    found.extend(databases(settings));
    found
}

fn transport(settings: &Settings) -> Vec<Message> {
    let security = &settings.security;
    let mut found = Vec::new();
    let mut warn = |id, key: &str, text: &str| found.push(Message::warning(id, key, text));
    if security.hsts_seconds == 0 {
        warn("security.W004", "security.hsts_seconds", "browsers are not told to insist on https");
    } else {
        if !security.hsts_include_subdomains {
            warn(
                "security.W005",
                "security.hsts_include_subdomains",
                "subdomains may still be visited by http",
            );
        }
        if !security.hsts_preload {
            warn(
                "security.W021",
                "security.hsts_preload",
                "the site cannot be put on the browsers' preload list",
            );
        }
    }
    if !security.ssl_redirect {
        warn(
            "security.W008",
            "security.ssl_redirect",
            "http is answered instead of being redirected to https",
        );
    }
    if settings.csrf.cookie_secure != Some(true) {
        warn("security.W016", "csrf.cookie_secure", "the CSRF cookie may travel over http");
    }
    found
}

fn keys(settings: &Settings) -> Vec<Message> {
    let mut found = Vec::new();
    if is_weak(&settings.secret_key) {
        let text = "the key has fewer than 50 characters, fewer than 5 different ones, or is the one for development";
        found.push(
            Message::warning("security.W009", "secret_key", text)
                .hint("set SECRET_KEY to 50 random characters"),
        );
    }
    if settings.secret_key_fallbacks.iter().any(is_weak) {
        let text = "an older key is too weak to be accepted any longer";
        found.push(Message::warning("security.W025", "secret_key_fallbacks", text));
    }
    found
}

fn is_weak(Secret(key): &Secret) -> bool {
    key.chars().count() < 50 || key.chars().collect::<HashSet<_>>().len() < 5 || key == INSECURE_SECRET_KEY
}

fn exposure(settings: &Settings) -> Vec<Message> {
    let security = &settings.security;
    let mut found = Vec::new();
    if settings.debug {
        found.push(Message::warning(
            "security.W018",
            "debug",
            "error pages show how the program works inside",
        ));
    }
    if security.x_frame_options != "DENY" {
        let text = "pages may be shown in frames of this site";
        found.push(Message::warning("security.W019", "security.x_frame_options", text));
    }
    if settings.allowed_hosts.is_empty() || settings.allowed_hosts.iter().any(|host| host == "*") {
        let text = "the site's host names are not listed";
        found.push(Message::warning("security.W020", "allowed_hosts", text));
    }
    let referrer_policy = security.referrer_policy.as_ref().and_then(|value| value.to_str().ok());
    let Some(policies) = referrer_policy else {
        let text = "browsers tell other sites where their visitors come from";
        found.push(Message::warning("security.W022", "security.referrer_policy", text));
        return found;
    };
    if !policies.split(',').all(|policy| REFERRER_POLICIES.contains(&policy.trim())) {
        let text = format!("`{policies}` is no referrer policy");
        found.push(Message::error("security.E023", "security.referrer_policy", text));
    }
    found
}

/// Not in Django: a server on another machine should prove who it is.
fn databases(settings: &Settings) -> Vec<Message> {
    let is_far =
        |host: &str| !matches!(host, "" | "localhost" | "127.0.0.1" | "::1") && !host.starts_with('/');
    let verifies = |options: &std::collections::BTreeMap<String, String>| {
        ["sslmode", "ssl_mode"].iter().any(|key| {
            options.get(*key).is_some_and(|mode| mode == "verify-full" || mode == "verify_identity")
        })
    };
    let far = settings
        .databases
        .iter()
        .filter(|(_, database)| is_far(&database.host) && !verifies(&database.options));
    far.map(|(alias, _)| {
        let text = "the server's certificate and name are not verified";
        Message::warning("databases.W002", format!("databases.{alias}.options"), text)
            .hint("set `sslmode = \"verify-full\"`, or `ssl_mode = \"verify_identity\"`")
    })
    .collect()
}
