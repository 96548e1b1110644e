//! `cert`: what other programs make of our certificates.
#![expect(clippy::print_stderr, reason = "a test that cannot be tried here says so")]

mod desk;

mod constrained;
mod errors;
mod files;
mod lists;
mod mkcert;
mod names;
mod profile;
mod requests;
mod stores;
mod stores_browsers;
mod stores_world;
