//! Rules as they stand at a column or by themselves.

use super::reader::Reader;
use crate::backends::base::tables::{Constraint, Rule};

/// A condition that rows meet.
pub(super) fn check(name: String, sql: &Reader<'_, '_>) -> Constraint {
    Constraint { name, rule: Rule::Check(sql.unwrapped().text().to_owned()) }
}

/// Columns that no two rows share.
pub(super) fn unique(name: String, columns: Vec<String>) -> Constraint {
    let rule = Rule::Unique { columns, condition: None, deferrable: false, nulls_distinct: true };
    Constraint { name, rule }
}
