//! The one integration test program: one link instead of many.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
#![expect(unreachable_pub, reason = "what tests share has no other crate to be seen by")]

mod support;

mod accounts;
mod architecture;
mod backends;
mod blog;
mod certificates;
mod commands;
mod earlier;
mod history;
mod http;
mod tutorial;
