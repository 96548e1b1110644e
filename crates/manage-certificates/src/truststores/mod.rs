//! Where clients look for the authorities that they trust: one file for each kind of store, all with the same verbs.

mod store;

mod call;

mod machine;

mod chromium;
mod firefox;
mod java;
mod macos;
mod nss;
mod system;

mod windows;

mod search;

mod flow;

pub use flow::{Outcome, Report, install, status, uninstall};
pub use machine::Machine;
pub use store::{Anchor, Kind};

#[cfg(test)]
mod tests;
