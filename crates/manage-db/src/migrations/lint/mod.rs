//! What is unsafe beside programs that run, and on tables with many rows: rules with codes that stay.
//!
//! A rule looks at one change of a table, as the differ says it, or at what an operation is besides. It knows no rows; how
//! many there are decides who asks.

mod subject;

mod finds;

mod rules;

mod finding;

pub use finding::{Finding, Size};
pub use rules::{RULES, Rule, rule};
pub(crate) use subject::{Breach, Subject};
