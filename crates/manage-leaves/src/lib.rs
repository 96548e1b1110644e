//! What the crates of `manage` share and no site has to know of: they use nothing of ours.
//!
//! Random bytes and digests, words for people, the one clock, the process's environment.

pub mod crypto;
pub mod environment;
pub mod text;
pub mod timezone;
