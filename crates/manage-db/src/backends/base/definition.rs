//! The statements by which databases say what their tables are, read by tokens: one reader for all of them.

// Where in a statement one is.
mod reader;

// Parts of tables.
mod index;
mod key;
mod rule;

mod column;

mod table;

use super::live::LiveTable;
use super::tables::Index;
use super::tokens::{Syntax, TokenKind};
use reader::Reader;

/// What a statement says of a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Definition {
    /// `CREATE TABLE`
    Table(Box<LiveTable>),
    /// `CREATE INDEX`
    Index {
        /// Name of its table.
        table: String,
        /// The index; none where it says what nobody else could.
        index: Option<Index>,
    },
    /// `COMMENT ON TABLE`, `COMMENT ON COLUMN`
    Comment {
        /// Name of the table.
        table: String,
        /// Name of the column; none: it is the table's.
        column: Option<String>,
        /// The remark.
        text: String,
    },
}

/// What a statement says of a table, if it is one that does.
pub(crate) fn definition(sql: &str, syntax: Syntax) -> Option<Definition> {
    let tokens = reader::tokens(sql, syntax);
    let mut reader = Reader::new(sql, &tokens, syntax);
    if reader.eat(&["COMMENT", "ON"]) {
        return comment(reader);
    }
    reader.eat(&["CREATE"]).then_some(())?;
    let is_unique = reader.eat(&["UNIQUE"]);
    if reader.eat(&["INDEX"]) {
        let (table, index) = index::statement(reader, is_unique)?;
        return Some(Definition::Index { table, index });
    }
    let mut options = Vec::new();
    while !reader.eat(&["TABLE"]) {
        if reader.eat(&["UNLOGGED"]) {
            options.push("UNLOGGED".to_owned());
        } else {
            reader.eat_any(&["TEMPORARY", "TEMP", "FOREIGN"]).then_some(())?;
        }
    }
    let mut table = LiveTable { sql: sql.to_owned(), ..table::statement(reader)? };
    table.options.splice(..0, options);
    Some(Definition::Table(Box::new(table)))
}

/// The statement that makes a table, without those of its foreign keys that stand by themselves.
pub(crate) fn without_keys(sql: &str, syntax: Syntax) -> String {
    let tokens = reader::tokens(sql, syntax);
    let Some(open) = tokens.iter().position(|token| token.is_sign("(")) else { return sql.to_owned() };
    let mut rest = Reader::new(sql, &tokens[open..], syntax);
    let begin = rest.clone();
    let Some(group) = rest.group() else { return sql.to_owned() };
    let is_key = |item: &Reader<'_, '_>| {
        let mut item = item.clone();
        let _named = item.eat(&["CONSTRAINT"]).then(|| item.name());
        item.is_at(&["FOREIGN", "KEY"])
    };
    let left = group.items().into_iter().filter(|item| !is_key(item)).map(|item| item.text());
    let start = tokens[open].at;
    let end = start + rest.since(&begin).len();
    format!("{}({}){}", &sql[..start], left.collect::<Vec<_>>().join(", "), &sql[end..])
}

/// Parts of a text that are equal when it says the same: without signs around names, in lower case but for texts, and without
/// brackets around the whole.
pub(crate) fn plain_sql(sql: &str, syntax: Syntax) -> String {
    let tokens = reader::tokens(sql, syntax);
    let words: Vec<String> = reader::unwrapped(&tokens).iter().map(reader::plain).collect();
    words.join(" ")
}

/// The words and names of a statement, in lower case and without signs around names; also those in texts, which may be
/// programs, or names in another dialect.
pub(crate) fn plain_words(sql: &str, syntax: Syntax) -> Vec<String> {
    let mut words = Vec::new();
    for token in reader::tokens(sql, syntax) {
        let lower = reader::plain(&token).to_lowercase();
        match token.kind {
            TokenKind::Text => {
                words.push(lower.trim_matches(['\'', '"']).to_owned());
                let inner = lower.split(|sign: char| !sign.is_alphanumeric() && sign != '_');
                words.extend(inner.filter(|word| !word.is_empty()).map(str::to_owned));
            }
            TokenKind::Word | TokenKind::Name | TokenKind::Number => words.push(lower),
            _ => {}
        }
    }
    words
}

fn comment(mut reader: Reader<'_, '_>) -> Option<Definition> {
    let is_column = reader.eat(&["COLUMN"]);
    (is_column || reader.eat(&["TABLE"])).then_some(())?;
    let table = reader.name()?;
    let column = match is_column && reader.eat_sign(".") {
        true => Some(reader.name()?),
        false => None,
    };
    reader.eat(&["IS"]).then_some(())?;
    Some(Definition::Comment { table, column, text: reader.text_value()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backends::base::live::{LiveColumn, LiveKey};
    use crate::backends::base::tables::{Constraint, Generated, IndexPart, Rule};
    use crate::backends::script_rules;

    fn table(sql: &str, dialect: &str) -> LiveTable {
        match definition(sql, script_rules(dialect).syntax) {
            Some(Definition::Table(table)) => *table,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_table_is_read_however_people_write_it() {
        let sql = "create table if not exists \"main\".[order] (\n id INTEGER PRIMARY KEY autoincrement, -- the key\n \
                   key text collate nocase default 'a,b' not null unique, total numeric(10, 2) DEFAULT -0.5 CHECK (total > (1)),\n \
                   twice int GENERATED ALWAYS AS (total * 2) STORED, c references customer on delete set null,\n \
                   constraint \"once\" unique (key, total), foreign key (key, total) references t (a, b) on update cascade\n) strict";
        let read = table(sql, "sqlite");
        let column = |name: &str, type_name: &str| LiveColumn {
            name: name.to_owned(),
            type_name: type_name.to_owned(),
            null: true,
            ..LiveColumn::default()
        };
        assert_eq!(read.name, "order");
        assert_eq!((read.primary_key, read.options), (vec!["id".to_owned()], vec!["strict".to_owned()]));
        let collation = Some("nocase".to_owned());
        let sum = Some(Generated { sql: "total * 2".to_owned(), stored: true });
        assert_eq!(
            read.columns,
            [
                LiveColumn { is_auto: true, null: false, ..column("id", "INTEGER") },
                LiveColumn {
                    null: false,
                    collation,
                    default: Some("'a,b'".to_owned()),
                    ..column("key", "text")
                },
                LiveColumn { default: Some("-0.5".to_owned()), ..column("total", "numeric(10, 2)") },
                LiveColumn { generated: sum, ..column("twice", "int") },
                column("c", ""),
            ]
        );
        let names = |rule: &Constraint| match &rule.rule {
            Rule::Unique { columns, .. } => format!("{}: {}", rule.name, columns.join(" ")),
            Rule::Check(sql) | Rule::Exclude(sql) => sql.clone(),
        };
        assert_eq!(
            read.constraints.iter().map(names).collect::<Vec<_>>(),
            [": key", "total > (1)", "once: key total"]
        );
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
        let set_null = Some("SET NULL".to_owned());
        let one = LiveKey {
            columns: words(&["c"]),
            table: "customer".to_owned(),
            on_delete: set_null,
            ..LiveKey::default()
        };
        let two = LiveKey {
            columns: words(&["key", "total"]),
            table: "t".to_owned(),
            targets: words(&["a", "b"]),
            on_update: Some("CASCADE".to_owned()),
            ..LiveKey::default()
        };
        assert_eq!(read.keys, [one, two]);
    }

    #[test]
    fn a_server_tells_its_tables_with_what_belongs_to_them() {
        let sql = "CREATE TABLE `t` (\n  `id` int(10) unsigned NOT NULL AUTO_INCREMENT,\n  `state` enum('a','it''s') \
                   CHARACTER SET utf8mb3 COLLATE utf8mb3_bin DEFAULT 'a' COMMENT 'it''s',\n  `at` timestamp(6) NULL DEFAULT \
                   current_timestamp(6) ON UPDATE current_timestamp(6),\n  `bits` bit(1) DEFAULT b'0',\n  PRIMARY KEY (`id`),\n  \
                   UNIQUE KEY `one` (`state`),\n  KEY `two` (`at` DESC,`id`),\n  KEY `part` (`state`(3)),\n  FULLTEXT KEY `words` \
                   (`state`),\n  CONSTRAINT `c` CHECK (`id` > 0)\n) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 \
                   COLLATE=utf8mb4_bin COMMENT='of \\'us\\''";
        let read = table(sql, "mysql");
        let told: Vec<String> = read
            .columns
            .iter()
            .map(|one| format!("{} {} {:?} {:?}", one.name, one.type_name, one.default, one.collation))
            .collect();
        assert_eq!(
            told,
            [
                "id int(10) unsigned None None",
                "state enum('a','it''s') Some(\"'a'\") Some(\"utf8mb3_bin\")",
                "at timestamp(6) ON UPDATE current_timestamp(6) Some(\"current_timestamp(6)\") None",
                "bits bit(1) Some(\"b'0'\") None",
            ]
        );
        assert!(read.columns[0].is_auto && !read.columns[0].null && read.columns[2].null);
        assert_eq!(read.columns[1].comment.as_deref(), Some("it's"));
        assert_eq!(read.indexes.iter().map(|index| &*index.name).collect::<Vec<_>>(), ["two"]);
        let down = IndexPart::Column { name: "at".to_owned(), descending: true, opclass: None };
        assert_eq!(read.indexes[0].parts[0], down);
        assert_eq!(read.unsaid, ["KEY `part` (`state`(3))", "FULLTEXT KEY `words` (`state`)"]);
        assert_eq!(
            (read.collation.as_deref(), read.comment.as_deref()),
            (Some("utf8mb4_bin"), Some("of 'us'"))
        );
    }

    #[test]
    fn an_index_is_read_as_far_as_others_could_say_it() {
        let read = |sql: &str| match definition(sql, script_rules("postgresql").syntax) {
            Some(Definition::Index { index, .. }) => index,
            other => panic!("{other:?}"),
        };
        let index = read(
            "CREATE UNIQUE INDEX i ON ONLY public.t USING gin (b varchar_pattern_ops DESC, lower((a)::text)) INCLUDE (c) WHERE (d > 0)",
        )
        .unwrap();
        let column = IndexPart::Column {
            name: "b".to_owned(),
            descending: true,
            opclass: Some("varchar_pattern_ops".to_owned()),
        };
        assert_eq!(index.parts, [column, IndexPart::Expression("lower((a)::text)".to_owned())]);
        assert_eq!((index.method.as_deref(), index.condition.as_deref()), (Some("gin"), Some("d > 0")));
        assert_eq!(index.include, ["c"]);
        for unsaid in [
            "(a NULLS FIRST)",
            "(a) WITH (fillfactor='70')",
            "(a COLLATE \"C\")",
            "(lower(a) DESC)",
            "(lower(a), b DESC)",
        ] {
            assert_eq!(read(&format!("CREATE INDEX i ON t USING btree {unsaid}")), None, "{unsaid}");
        }
    }

    #[test]
    fn signs_that_say_nothing_make_no_difference() {
        let plain = |sql: &str| plain_sql(sql, script_rules("postgresql").syntax);
        assert_eq!(plain("((\"total\" >= 0))"), plain("TOTAL>=0"));
        assert_ne!(plain("(a) or (b)"), plain("a) or (b"));
        assert_ne!(plain("a = 'X'"), plain("a = 'x'"));
    }
}
