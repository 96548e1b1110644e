//! libpq's options, under libpq's names.

use std::time::Duration;

use tokio_postgres::config::{ChannelBinding, Config, TargetSessionAttrs};

use crate::backends::base::Options;
use crate::error::Result;

/// Those that are read.
pub(crate) const KNOWN: [&str; 17] = [
    "application_name",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "fallback_application_name",
    "gssencmode",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "options",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "target_session_attrs",
    "tcp_user_timeout",
];

/// Takes over what the driver does.
///
/// # Errors
/// When a value is none of libpq's.
pub(super) fn apply(options: &Options<'_>, config: &mut Config) -> Result<()> {
    if let (None, Some(name)) = (options.text("application_name"), options.text("fallback_application_name"))
    {
        config.application_name(name);
    }
    // Text is UTF-8 here, and there is no GSSAPI; who says so is right.
    options.choice("client_encoding", &[("utf8", ()), ("utf-8", ()), ("unicode", ()), ("auto", ())])?;
    options.choice("gssencmode", &[("disable", ()), ("prefer", ())])?;
    let attributes = [
        ("any", TargetSessionAttrs::Any),
        ("read-write", TargetSessionAttrs::ReadWrite),
        ("primary", TargetSessionAttrs::ReadWrite),
        ("read-only", TargetSessionAttrs::ReadOnly),
    ];
    if let Some(attributes) = options.choice("target_session_attrs", &attributes)? {
        config.target_session_attrs(attributes);
    }
    let bindings = [
        ("disable", ChannelBinding::Disable),
        ("prefer", ChannelBinding::Prefer),
        ("require", ChannelBinding::Require),
    ];
    if let Some(binding) = options.choice("channel_binding", &bindings)? {
        config.channel_binding(binding);
    }
    keepalives(options, config)
}

fn keepalives(options: &Options<'_>, config: &mut Config) -> Result<()> {
    if let Some(is_on) = options.choice("keepalives", &[("0", false), ("1", true)])? {
        config.keepalives(is_on);
    }
    if let Some(idle) = options.seconds("keepalives_idle")? {
        config.keepalives_idle(idle);
    }
    if let Some(interval) = options.seconds("keepalives_interval")? {
        config.keepalives_interval(interval);
    }
    if let Some(count) = options.parsed("keepalives_count", "a whole number")? {
        config.keepalives_retries(count);
    }
    if let Some(milliseconds) = options.parsed("tcp_user_timeout", "a whole number of milliseconds")? {
        config.tcp_user_timeout(Duration::from_millis(milliseconds));
    }
    Ok(())
}
