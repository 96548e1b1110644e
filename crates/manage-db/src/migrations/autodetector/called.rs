//! What migrations are called that are to be written.

use jiff::Timestamp;

use crate::migrations::naming;
use crate::migrations::operations::Operation;

/// How migrations are called.
#[derive(Debug, Clone, Copy)]
pub struct Naming<'a> {
    /// The name behind the number; none: it follows from the operations.
    pub name: Option<&'a str>,
    /// When they are made, for names that follow from nothing else and for numbers that are moments.
    pub now: Timestamp,
}

/// The number behind `last`. Where numbers are moments, it is this moment.
pub(in crate::migrations) fn next_number(last: Option<u64>, now: Timestamp) -> u64 {
    const MOMENTS: u64 = 10_000_000_000_000;
    let last = last.unwrap_or_default();
    let moment = now.strftime("%Y%m%d%H%M%S").to_string().parse().unwrap_or_default();
    if last < MOMENTS { last + 1 } else { u64::max(last + 1, moment) }
}

/// The name behind the number.
pub(super) fn name(operations: &[Operation], is_initial: bool, given: Naming<'_>) -> String {
    let suggested = || naming::suggested(operations, is_initial);
    let own = given.name.map(str::to_owned);
    own.or_else(suggested).unwrap_or_else(|| given.now.strftime("auto_%Y%m%d_%H%M").to_string())
}
