//! What rules look at, and what they say of it.

use crate::backends::base::changes::{Alter, Alteration, TableChange};

/// One thing that a migration does on a database.
#[derive(Clone, Copy)]
pub(crate) enum Subject<'a> {
    /// Something becomes of a table that was there before.
    Change(&'a TableChange),
    /// Rows are changed in the transaction in which something becomes of this table.
    RowsBeside(&'a str),
    /// Nothing undoes an operation.
    OneWay,
}

/// What a rule found.
pub(crate) struct Breach {
    /// The table whose rows matter, as it is called at this point; none: whatever the tables hold.
    pub table: Option<String>,
    /// What is done, in words that follow the code.
    pub what: String,
    /// Of what is called otherwise the name before and after, with the table where it is a column's.
    pub renamed: Option<[String; 2]>,
}

impl Breach {
    /// About this table.
    pub(super) fn of(table: &str, what: String) -> Self {
        Self { table: Some(table.to_owned()), what, renamed: None }
    }

    /// Whether it gives back the name that the other one took away.
    pub(crate) fn takes_back(&self, other: &Self) -> bool {
        let pair = self.renamed.as_ref().zip(other.renamed.as_ref());
        pair.is_some_and(|([from, to], [before, after])| from == after && to == before)
    }
}

impl Subject<'_> {
    /// What is found in each thing that becomes of a table which stays.
    pub(super) fn alterations(self, find: impl Fn(&Alter, Alteration<'_>) -> Option<String>) -> Vec<Breach> {
        let Self::Change(TableChange::Alter(alter)) = self else { return Vec::new() };
        let before = alter.before();
        let found = alter.alterations(&before).into_iter().filter_map(|one| find(alter, one));
        found.map(|what| Breach::of(&alter.new.name, what)).collect()
    }
}
