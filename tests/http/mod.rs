//! The server over real sockets.

mod errors;
mod forgery;
mod limits;
mod panics;
mod serving;
mod static_files;
