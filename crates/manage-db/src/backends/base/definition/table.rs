//! `CREATE TABLE`.

use super::column::column;
use super::index::index;
use super::key::key;
use super::reader::Reader;
use super::rule::check;
use crate::backends::base::live::LiveTable;
use crate::backends::base::tables::{Constraint, Rule};
use crate::backends::base::tokens::TokenKind;

/// Reads what stands behind `CREATE TABLE`.
pub(super) fn statement(mut reader: Reader<'_, '_>) -> Option<LiveTable> {
    reader.eat(&["IF", "NOT", "EXISTS"]);
    let mut table = LiveTable { name: reader.qualified()?, ..LiveTable::default() };
    for item in reader.group()?.items() {
        match is_rule(&item) {
            true => rule(item, &mut table)?,
            false => column(item, &mut table)?,
        }
    }
    for column in table.columns.iter_mut().filter(|column| table.primary_key.contains(&column.name)) {
        column.null = false;
    }
    options(reader, &mut table);
    Some(table)
}

/// Whether it is no column. Words that begin a rule may be the names of columns as well.
fn is_rule(item: &Reader<'_, '_>) -> bool {
    let is_bracket = |at: usize| item.tokens().get(at).is_some_and(|token| token.is_sign("("));
    let is_named = || {
        let is_name = item.tokens().get(1).is_some_and(|token| token.kind == TokenKind::Name);
        is_name && (is_bracket(2) || item.clone().tokens().get(2).is_some_and(|token| token.is_word("USING")))
    };
    let begins = |word: &str| item.is_at(&[word]);
    begins("CONSTRAINT")
        || item.is_at(&["PRIMARY", "KEY"])
        || item.is_at(&["FOREIGN", "KEY"])
        || item.is_at(&["UNIQUE", "KEY"])
        || item.is_at(&["UNIQUE", "NULLS"])
        || ((begins("UNIQUE") || begins("CHECK")) && is_bracket(1))
        || begins("EXCLUDE")
        || ((begins("KEY") || begins("INDEX")) && is_named())
        || ["FULLTEXT", "SPATIAL", "VECTOR"].iter().any(|kind| item.is_at(&[kind, "KEY"]))
        || item.is_at(&["PERIOD", "FOR"])
}

fn rule(mut reader: Reader<'_, '_>, table: &mut LiveTable) -> Option<()> {
    let whole = reader.clone();
    let mut name = String::new();
    if reader.eat(&["CONSTRAINT"]) {
        name = reader.name()?;
    }
    if reader.eat(&["PRIMARY", "KEY"]) {
        let mut items = reader.group()?.items();
        table.primary_key = items.iter_mut().map(Reader::name).collect::<Option<_>>()?;
        // One says the order of a key of one column here as well.
        reader.eat(&["USING", "BTREE"]);
        if items.iter().any(|item| !item.is_empty()) {
            table.unsaid.push(whole.text().to_owned());
            return Some(());
        }
    } else if reader.eat(&["FOREIGN", "KEY"]) {
        let columns = reader.names()?;
        reader.eat(&["REFERENCES"]).then_some(())?;
        let key = key(&mut reader, &name, columns)?;
        table.keys.push(key);
    } else if reader.eat(&["CHECK"]) {
        table.constraints.push(check(name.clone(), &reader.group()?));
    } else if reader.eat(&["UNIQUE"]) {
        table.constraints.extend(unique_rule(&mut reader, name.clone()));
    } else if reader.eat(&["EXCLUDE"]) {
        table.constraints.push(Constraint { name, rule: Rule::Exclude(reader.text().to_owned()) });
        return Some(());
    } else if reader.eat_any(&["KEY", "INDEX"]) {
        let name = reader.name()?;
        match index(reader, name, false) {
            Some(index) => table.indexes.push(index),
            None => table.unsaid.push(whole.text().to_owned()),
        }
        return Some(());
    }
    for words in [["NOT", "VALID"], ["NOT", "ENFORCED"]] {
        if reader.eat(&words) {
            let words = words.join(" ");
            table.remarks.push(format!(
                "constraint {name} of {} is {words}: the model's holds for every row",
                table.name
            ));
        }
    }
    if !reader.is_empty() {
        table.unsaid.push(whole.text().to_owned());
    }
    Some(())
}

/// None where the rule says more than names of columns; what it says is left over then.
fn unique_rule(reader: &mut Reader<'_, '_>, given: String) -> Option<Constraint> {
    let mut ahead = reader.clone();
    let name = match ahead.eat_any(&["KEY", "INDEX"]) {
        true => ahead.name()?,
        false => given,
    };
    let nulls_distinct = !ahead.eat(&["NULLS", "NOT", "DISTINCT"]);
    let columns = ahead.names()?;
    ahead.eat(&["USING", "BTREE"]);
    let deferrable = ahead.eat(&["DEFERRABLE", "INITIALLY", "DEFERRED"]);
    ahead.is_empty().then_some(())?;
    *reader = ahead;
    let rule = Rule::Unique { columns, condition: None, deferrable, nulls_distinct };
    Some(Constraint { name, rule })
}

/// Words behind the columns that are told elsewhere, or say how far a counter is.
const QUIET: [&str; 2] = ["AUTO_INCREMENT", "CHARSET"];

/// Words behind the columns with one value each.
const VALUED: [&str; 12] = [
    "ENGINE",
    "ROW_FORMAT",
    "STATS_PERSISTENT",
    "STATS_AUTO_RECALC",
    "STATS_SAMPLE_PAGES",
    "AVG_ROW_LENGTH",
    "MAX_ROWS",
    "MIN_ROWS",
    "CHECKSUM",
    "DELAY_KEY_WRITE",
    "PACK_KEYS",
    "PAGE_CHECKSUM",
];

/// What stands behind the columns.
fn options(mut reader: Reader<'_, '_>, table: &mut LiveTable) {
    while !reader.is_empty() {
        let start = reader.clone();
        if reader.eat_sign(",") || reader.eat_sign(";") {
            continue;
        }
        reader.eat(&["DEFAULT"]);
        let is_character_set = reader.eat(&["CHARACTER", "SET"]);
        if reader.eat(&["COLLATE"]) {
            reader.eat_sign("=");
            table.collation = reader.name();
        } else if reader.eat(&["COMMENT"]) {
            reader.eat_sign("=");
            table.comment = reader.text_value().filter(|text| !text.is_empty());
        } else if reader.eat_any(&VALUED) {
            reader.eat_sign("=");
            reader.next();
            table.options.push(reader.since(&start).to_owned());
        } else if is_character_set || reader.eat_any(&QUIET) {
            reader.eat_sign("=");
            reader.next();
        } else {
            while reader.next().is_some() {}
            table.options.push(reader.since(&start).to_owned());
        }
    }
}
