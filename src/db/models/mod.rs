//! Models: tables as data, and rows as structs.

// What a table is.
mod constraints;
mod fields;

// A model, whatever it was made from.
mod meta;

// All models of a project.
pub mod declared;
mod registry;

pub use constraints::{Constraint, Index};
pub use fields::{Choice, DefaultValue, Field, FieldType, OnDelete};
pub use meta::{ModelState, Options};
pub use registry::Registry;
