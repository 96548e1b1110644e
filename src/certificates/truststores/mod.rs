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

pub use call::{Answer, Call, Input, Programs};
pub use flow::{Outcome, Report, install, status, uninstall};
pub use machine::Machine;
pub use search::{Purpose, stores};
pub use store::{Anchor, Entry, Found, Kind, LABEL_PREFIX, TrustStore};

#[cfg(test)]
mod tests;
