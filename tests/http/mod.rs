//! The server over real sockets.

mod bodies;
mod errors;
mod forgery;
mod limits;
mod panics;
mod people;
mod routes;
mod serving;
mod signals;
mod static_files;
mod workers;
