//! Tables as a database tells of them, in its own words.

use super::tables::{Constraint, Generated, Index};

/// A table or view that is there.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LiveTable {
    /// Its name.
    pub name: String,
    /// What it is.
    pub relation: Relation,
    /// Its columns, in order; of a view, when they were asked for.
    pub columns: Vec<LiveColumn>,
    /// The columns that identify a row.
    pub primary_key: Vec<String>,
    /// Its foreign keys.
    pub keys: Vec<LiveKey>,
    /// Its indexes, apart from those that constraints bring. A plain unique one is a constraint.
    pub indexes: Vec<Index>,
    /// Its constraints, apart from its keys. A name that the database does not keep is empty.
    pub constraints: Vec<Constraint>,
    /// The remark that is kept with it.
    pub comment: Option<String>,
    /// How text is compared where a column does not say it, if the table says it.
    pub collation: Option<String>,
    /// Rules and indexes of its definition that nothing here holds, such as a key over the beginning of a text.
    pub unsaid: Vec<String>,
    /// What stands behind its columns and nothing here holds, such as how its rows are divided.
    pub options: Vec<String>,
    /// Sentences about what a model makes otherwise and nothing here holds, such as a rule that not all rows keep.
    pub remarks: Vec<String>,
    /// The statement that makes it.
    pub sql: String,
    /// The statements that make its indexes, where those stand by themselves.
    pub index_sql: Vec<String>,
}

/// What a relation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Relation {
    /// A table.
    #[default]
    Table,
    /// A part of a table that is divided.
    Partition,
    /// A table of another server.
    ForeignTable,
    /// A query with a name.
    View,
    /// A query with a name, whose rows are kept.
    MaterializedView,
    /// A table whose rows a program of the database makes up.
    VirtualTable,
}

impl Relation {
    /// The relation that a word of the queries names.
    pub fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "table" => Self::Table,
            "partition" => Self::Partition,
            "foreign table" => Self::ForeignTable,
            "view" => Self::View,
            "materialized view" => Self::MaterializedView,
            "virtual table" => Self::VirtualTable,
            _ => return None,
        })
    }

    /// What people call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Partition => "partition",
            Self::ForeignTable => "foreign table",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::VirtualTable => "virtual table",
        }
    }

    /// Whether it is a query with a name.
    pub fn is_view(self) -> bool {
        matches!(self, Self::View | Self::MaterializedView)
    }
}

/// A column that is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LiveColumn {
    /// Its name.
    pub name: String,
    /// Its type, with what else belongs to it and has no place here, such as `ON UPDATE`.
    pub type_name: String,
    /// Whether NULL is allowed.
    pub null: bool,
    /// Whether the database counts it up, where that is not a part of the type.
    pub is_auto: bool,
    /// What new rows get, as SQL.
    pub default: Option<String>,
    /// How text is compared, where that is not as everywhere.
    pub collation: Option<String>,
    /// The remark that is kept with it.
    pub comment: Option<String>,
    /// The expression it is computed from.
    pub generated: Option<Generated>,
}

/// A foreign key that is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LiveKey {
    /// Its name, where the database keeps one.
    pub name: String,
    /// The columns that point.
    pub columns: Vec<String>,
    /// The table they point to.
    pub table: String,
    /// The columns they point to; none: its primary key.
    pub targets: Vec<String>,
    /// What SQL says happens on deletion; none: nothing.
    pub on_delete: Option<String>,
    /// What SQL says happens when what it points to changes; none: nothing.
    pub on_update: Option<String>,
    /// Whether it may be checked at the end of the transaction, and is.
    pub is_deferred: bool,
    /// What else its definition says, such as `MATCH FULL`.
    pub unsaid: String,
}

/// Something that is no table, index or constraint: a trigger, a type, a routine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remain {
    /// What it is.
    pub what: String,
    /// The table that it belongs to, if it does.
    pub table: Option<String>,
    /// Its name.
    pub name: String,
    /// The statement that makes it.
    pub sql: String,
}

impl LiveTable {
    /// The column called `name`.
    pub fn column(&self, name: &str) -> Option<&LiveColumn> {
        self.columns.iter().find(|column| column.name == name)
    }
}

impl LiveKey {
    /// Whether it does this when what it points to is deleted or changes.
    pub(crate) fn does(&self, action: &str) -> bool {
        [&self.on_delete, &self.on_update].into_iter().any(|own| own.as_deref() == Some(action))
    }
}
