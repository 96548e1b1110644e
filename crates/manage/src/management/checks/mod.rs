//! The checks that need no app.

pub(crate) mod apps;
mod migrations;
mod models;
mod routes;
mod security;
mod templates;
mod urls;

use super::base::Check;
pub(crate) use routes::CROSSING_KEY;

/// All of them, in the order of the report.
pub(crate) const CHECKS: &[Check] = &[
    Check { tag: "apps", is_deploy: false, run: apps::check },
    Check { tag: "migrations", is_deploy: false, run: migrations::check },
    Check { tag: "models", is_deploy: false, run: models::check },
    Check { tag: "databases", is_deploy: false, run: routes::check },
    Check { tag: "urls", is_deploy: false, run: urls::check },
    Check { tag: "templates", is_deploy: false, run: templates::check },
    Check { tag: "security", is_deploy: true, run: security::check },
];
