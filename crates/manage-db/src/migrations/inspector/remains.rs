//! What no model can say.

use crate::introspection::{Live, LiveKey, LiveTable, Relation, Remain};

/// When something is made, those first that others need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// In front of the models' tables, which need it: types, sequences, routines that rules call.
    Before,
    /// Tables that models only name, and parts of tables.
    Table,
    /// Rules and indexes of tables.
    Rule,
    /// Keys to tables that all are there.
    Key,
    /// What is called by what follows.
    Routine,
    /// Queries with names.
    View,
    /// What belongs to something above.
    Rest,
}

impl Stage {
    /// `is_called`: by rules or defaults of tables.
    fn of_remain(what: &str, is_called: bool) -> Self {
        match what {
            "extension" | "enum" | "domain" | "range" | "composite type" | "sequence" => Self::Before,
            "function" | "procedure" | "aggregate" if is_called => Self::Before,
            "function" | "procedure" | "aggregate" => Self::Routine,
            _ => Self::Rest,
        }
    }
}

/// Something that no model can say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsaid {
    /// What it is, in a sentence: `trigger order_total of shop_order`.
    pub what: String,
    /// The table that it belongs to, if it does.
    pub table: Option<String>,
    /// When it is made.
    pub stage: Stage,
    /// The statements that make it; none: they are a part of another one's, or cannot be told.
    pub statements: Vec<String>,
    /// Words, in lower case, that a statement holds which makes it.
    pub marks: Vec<String>,
}

impl Unsaid {
    /// Something that stands by itself. `tables`: those whose rules may call it.
    pub(super) fn of_remain(remain: &Remain, tables: &[&LiveTable]) -> Self {
        let name = remain.name.split('(').next().unwrap_or_default();
        let is_whole = |before: &str| !before.ends_with(|sign: char| sign.is_alphanumeric() || sign == '_');
        let calls = |sql: &String| {
            let calls = ["(", "\"(", "`("].map(|end| format!("{name}{end}"));
            calls.iter().any(|call| sql.match_indices(call).any(|(at, _)| is_whole(&sql[..at])))
        };
        let is_called = tables.iter().any(|table| calls(&table.sql) || table.index_sql.iter().any(calls));
        let of = remain.table.as_ref().map(|table| format!(" of {table}")).unwrap_or_default();
        let statements = Some(remain.sql.clone()).filter(|sql| !sql.is_empty()).into_iter().collect();
        // The names of settings are words of the statement that sets them.
        let is_words = ["setting", "comment"].contains(&&*remain.what);
        let words = if is_words { format!("{} {}", remain.what, remain.name) } else { remain.what.clone() };
        let names = [Some(name).filter(|_| !is_words), remain.table.as_deref()];
        Self {
            what: format!("{} {}", remain.what, remain.name).trim_end().to_owned() + &of,
            table: remain.table.clone(),
            stage: Stage::of_remain(&remain.what, is_called),
            statements,
            marks: marks(&words, names.into_iter().flatten()),
        }
    }

    /// A relation of which no model is written, and what belongs to it.
    pub fn of_relation<'a>(live: &'a Live, table: &'a LiveTable) -> impl Iterator<Item = Self> + 'a {
        let own = live.remains.iter().filter(|remain| remain.table.as_ref() == Some(&table.name));
        let own = own.map(|remain| Self::of_remain(remain, &[]));
        std::iter::once(Self::of_only(table)).chain(own)
    }

    fn of_only(table: &LiveTable) -> Self {
        let why = table.remarks.iter().map(|remark| format!(": {remark}")).collect::<String>();
        let what = format!("{} {}{why}", table.relation.word(), table.name);
        Self { table: None, ..Self::of_whole(table, what, table.sql.clone()) }
    }

    /// A whole table or view, which a model names and does not make. `sql`: what makes it.
    pub(super) fn of_table(table: &LiveTable, sql: String, why: &str) -> Self {
        Self::of_whole(table, format!("{} {}: {why}", table.relation.word(), table.name), sql)
    }

    fn of_whole(table: &LiveTable, what: String, mut sql: String) -> Self {
        let is_part = table.relation == Relation::Partition;
        // A part has the columns of the whole, which its statement does not repeat.
        if let (true, Some((head, _))) = (is_part, table.sql.split_once(" (")) {
            sql = format!("{head} {}", table.options.join(" "));
        }
        let indexes = table.index_sql.iter().cloned();
        let statements = Some(sql).filter(|sql| !sql.is_empty()).into_iter().chain(indexes).collect();
        let stage = if table.relation.is_view() { Stage::View } else { Stage::Table };
        let marks = marks(table.relation.word(), [table.name.as_str()]);
        Self { what, table: Some(table.name.clone()), stage, statements, marks }
    }

    /// A rule or an index within a table's definition.
    pub(super) fn of_rule(
        table: &LiveTable,
        sql: &str,
        quote: &dyn Fn(&str) -> String,
        can_add: bool,
    ) -> Self {
        let what = format!("a part of {}: {sql}", table.name);
        // The model makes one key already.
        let can_add = can_add && !sql.to_uppercase().contains("PRIMARY KEY");
        let statement = can_add.then(|| format!("ALTER TABLE {} ADD {sql}", quote(&table.name)));
        Self::of_statement(table, what, sql, Stage::Rule, statement)
    }

    /// What stands behind the columns of a table.
    pub(super) fn of_option(table: &LiveTable, option: &str) -> Self {
        let option: Vec<&str> = option.split_whitespace().collect();
        let what = format!("table {} is made with {}", table.name, option.join(" "));
        // Servers tell more of it than was said.
        let words = option[..option.len().min(3)].join(" ");
        Self::of_statement(table, what, &words, Stage::Rule, None)
    }

    /// What the model makes otherwise.
    pub(super) fn of_remark(table: &LiveTable, remark: &str) -> Self {
        let sentence = remark.split([':', ',']).next().unwrap_or_default();
        Self::of_statement(table, remark.to_owned(), sentence, Stage::Rule, None)
    }

    /// What a table has besides what its model says. `words`: those by which a statement is known that makes it.
    pub(super) fn of_statement(
        table: &LiveTable,
        what: String,
        words: &str,
        stage: Stage,
        statement: Option<String>,
    ) -> Self {
        let marks = marks(words, [table.name.as_str()]);
        let statements = statement.into_iter().collect();
        Self { what, table: Some(table.name.clone()), stage, statements, marks }
    }

    /// A key that no field can say.
    pub(super) fn of_key(
        table: &LiveTable,
        key: &LiveKey,
        why: &str,
        quote: &dyn Fn(&str) -> String,
        can_add: bool,
    ) -> Self {
        let names = |names: &[String]| names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", ");
        let mut sql = String::new();
        if !key.name.is_empty() {
            sql.push_str(&format!("CONSTRAINT {} ", quote(&key.name)));
        }
        let to = key.table.split('.').map(quote).collect::<Vec<_>>().join(".");
        sql.push_str(&format!(
            "FOREIGN KEY ({}) REFERENCES {to} ({})",
            names(&key.columns),
            names(&key.targets)
        ));
        let actions = [("DELETE", &key.on_delete), ("UPDATE", &key.on_update)];
        for (event, action) in actions {
            sql.push_str(&action.as_ref().map(|action| format!(" ON {event} {action}")).unwrap_or_default());
        }
        if !key.unsaid.is_empty() {
            sql.push_str(&format!(" {}", key.unsaid));
        }
        if key.is_deferred {
            sql.push_str(" DEFERRABLE INITIALLY DEFERRED");
        }
        let what = format!("foreign key ({}) of {} {why}: {sql}", key.columns.join(", "), table.name);
        let statement = can_add.then(|| format!("ALTER TABLE {} ADD {sql}", quote(&table.name)));
        let words = format!("REFERENCES {} {} {}", key.table, key.columns.join(" "), key.unsaid);
        Self::of_statement(table, what, &words, Stage::Key, statement)
    }
}

/// Words of a statement that makes something, in lower case: those of a text, without what may be said otherwise, and names.
fn marks<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    const LOOSE: [&str; 10] =
        ["key", "index", "constraint", "column", "composite", "setting", "is", "of", "on", "asc"];
    let words = text.split(|sign: char| !sign.is_alphanumeric() && sign != '_');
    let words = words.filter(|word| !word.is_empty()).map(str::to_lowercase);
    let words = words.map(|word| if word == "disabled" { "disable".to_owned() } else { word });
    let words = words.filter(|word| !LOOSE.contains(&word.as_str()));
    words.chain(names.into_iter().filter(|name| !name.is_empty()).map(str::to_lowercase)).collect()
}
