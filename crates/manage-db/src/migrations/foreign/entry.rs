//! What another tool's history says.

/// What one tool remembers on one database.
#[derive(Debug)]
pub(in crate::migrations) struct Foreign {
    /// Its table.
    pub table: &'static str,
    /// What the rows say, in their order.
    pub entries: Vec<Entry>,
}

/// A row, or several that say one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::migrations) struct Entry {
    /// What the tool calls it.
    pub label: String,
    /// What it says.
    pub what: What,
}

/// What rows can say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::migrations) enum What {
    /// A migration is applied.
    Applied {
        /// Its app, where the tool knows apps.
        app: Option<String>,
        /// The number that its file begins with; none where that is no number.
        number: Option<u64>,
        /// Its name, without the number where that is told apart.
        name: Option<String>,
    },
    /// All files up to this number are applied.
    UpTo(u64),
    /// A migration was begun and not finished.
    Failed,
    /// Nothing that could be taken over, for this reason.
    Nothing(&'static str),
}

impl Entry {
    /// An applied migration with a version and perhaps a name.
    pub(super) fn numbered(version: &str, name: Option<&str>) -> Self {
        let label = match name {
            Some(name) => format!("{version} {name}"),
            None => version.to_owned(),
        };
        let (number, name) = (version.parse().ok(), name.map(str::to_owned));
        Self { label, what: What::Applied { app: None, number, name } }
    }

    /// An applied migration with a whole name.
    pub(super) fn named(app: &str, name: &str) -> Self {
        let what = What::Applied { app: Some(app.to_owned()), number: None, name: Some(name.to_owned()) };
        Self { label: format!("{app}.{name}"), what }
    }

    /// The same label with something else to say.
    pub(super) fn but(self, what: What) -> Self {
        Self { what, ..self }
    }
}
