//! The checks that need no app.

mod models;
mod routes;
mod security;
mod templates;
mod urls;

use super::base::Check;
pub use routes::CROSSING_KEY;

/// All of them, in the order of the report.
pub const CHECKS: &[Check] = &[
    Check { tag: "models", is_deploy: false, run: models::check },
    Check { tag: "databases", is_deploy: false, run: routes::check },
    Check { tag: "urls", is_deploy: false, run: urls::check },
    Check { tag: "templates", is_deploy: false, run: templates::check },
    Check { tag: "security", is_deploy: true, run: security::check },
];
