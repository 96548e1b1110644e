//! `cert`: what other programs make of our certificates.

mod desk;

mod constrained;
mod doctor;
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
