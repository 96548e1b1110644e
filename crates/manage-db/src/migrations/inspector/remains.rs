//! What no model can say.

use crate::introspection::{LiveKey, LiveTable, Relation, Remain};

/// Something that no model can say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsaid {
    /// What it is, in a sentence: `trigger order_total of shop_order`.
    pub what: String,
    /// The table that it belongs to, if it does.
    pub table: Option<String>,
    /// The statements that make it; none: they are a part of another one's, or cannot be told.
    pub statements: Vec<String>,
}

impl Unsaid {
    /// Something that stands by itself.
    pub(super) fn of_remain(remain: &Remain) -> Self {
        let of = remain.table.as_ref().map(|table| format!(" of {table}")).unwrap_or_default();
        let statements = Some(remain.sql.clone()).filter(|sql| !sql.is_empty()).into_iter().collect();
        Self {
            what: format!("{} {}", remain.what, remain.name).trim_end().to_owned() + &of,
            table: remain.table.clone(),
            statements,
        }
    }

    /// A relation of which no model is written.
    pub fn of_relation(table: &LiveTable) -> Self {
        let mut sql = table.sql.clone();
        // A part has the columns of the whole, which its statement does not repeat.
        if let (Relation::Partition, Some((head, _))) = (table.relation, sql.split_once(" (")) {
            sql = format!("{head} {}", table.options.join(" "));
        }
        let statements = Some(sql).filter(|sql| !sql.is_empty()).into_iter().collect();
        Self { what: format!("{} {}", table.relation.word(), table.name), table: None, statements }
    }

    /// A whole table or view, which a model names and does not make.
    pub(super) fn of_table(table: &LiveTable, why: &str) -> Self {
        let what = format!("{} {}: {why}", table.relation.word(), table.name);
        Self { what, table: Some(table.name.clone()), statements: vec![table.sql.clone()] }
    }

    /// A rule or an index within a table's definition.
    pub(super) fn of_rule(
        table: &LiveTable,
        sql: &str,
        quote: &dyn Fn(&str) -> String,
        can_add: bool,
    ) -> Self {
        let what = format!("a part of {}: {sql}", table.name);
        let statement = can_add.then(|| format!("ALTER TABLE {} ADD {sql}", quote(&table.name)));
        Self { what, table: Some(table.name.clone()), statements: statement.into_iter().collect() }
    }

    /// What stands behind the columns of a table.
    pub(super) fn of_option(table: &LiveTable, option: &str) -> Self {
        let option: Vec<&str> = option.split_whitespace().collect();
        let what = format!("table {} is made with {}", table.name, option.join(" "));
        Self { what, table: Some(table.name.clone()), statements: Vec::new() }
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
        sql.push_str(
            &key.on_delete.as_ref().map(|action| format!(" ON DELETE {action}")).unwrap_or_default(),
        );
        if !key.unsaid.is_empty() {
            sql.push_str(&format!(" {}", key.unsaid));
        }
        if key.is_deferred {
            sql.push_str(" DEFERRABLE INITIALLY DEFERRED");
        }
        let what = format!("foreign key ({}) of {} {why}: {sql}", key.columns.join(", "), table.name);
        let statement = can_add.then(|| format!("ALTER TABLE {} ADD {sql}", quote(&table.name)));
        Self { what, table: Some(table.name.clone()), statements: statement.into_iter().collect() }
    }
}
