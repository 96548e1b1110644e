//! What a server tells of.

use http::{Method, StatusCode};

/// A request was answered (Django's `request_finished`). Receivers run beside the answer, which does not wait for them.
#[derive(Debug, Clone)]
pub struct RequestFinished {
    /// How the request was asked.
    pub method: Method,
    /// What was asked for, without the query.
    pub path: String,
    /// What it came to.
    pub status: StatusCode,
}
