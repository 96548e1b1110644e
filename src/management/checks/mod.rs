//! The checks that need no app.

mod models;
mod routes;
mod security;

use crate::checks::Check;
use crate::setup::Project;

/// All of them, in the order of the report.
pub const CHECKS: &[Check<Project>] = &[
    Check { tag: "models", is_deploy: false, run: models::check },
    Check { tag: "databases", is_deploy: false, run: routes::check },
    Check { tag: "security", is_deploy: true, run: security::check },
];
