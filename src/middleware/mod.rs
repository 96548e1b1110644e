//! What happens to every request and answer, in the order that `project/middleware.rs` lists.

mod chain;

pub mod access_log;
pub mod common;
pub mod csrf;
pub mod error_pages;
pub mod request_info;
pub mod security;
pub mod static_files;

pub use chain::{Handler, Make, Middleware, Next};
