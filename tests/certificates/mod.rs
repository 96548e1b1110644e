//! `cert`: what other programs make of our certificates.

mod desk;

mod doctor;
mod errors;
mod files;
mod lists;
mod mkcert;
mod names;
mod stores;
mod stores_browsers;
mod stores_world;
