//! `REFERENCES` and what follows it.

use super::reader::Reader;
use crate::backends::base::live::LiveKey;

/// Reads what stands behind `REFERENCES`.
pub(super) fn key(reader: &mut Reader<'_, '_>, name: &str, columns: Vec<String>) -> Option<LiveKey> {
    let mut table = reader.name()?;
    while reader.eat_sign(".") {
        // One of another schema is none of the tables here.
        table = format!("{table}.{}", reader.name()?);
    }
    let targets = reader.names().unwrap_or_default();
    let mut key = LiveKey { name: name.to_owned(), columns, table, targets, ..LiveKey::default() };
    let mut unsaid: Vec<&str> = Vec::new();
    loop {
        let start = reader.clone();
        if reader.eat(&["ON", "DELETE"]) {
            key.on_delete = action(reader).filter(|action| action != "NO ACTION");
        } else if reader.eat(&["ON", "UPDATE"]) {
            key.on_update = action(reader).filter(|action| action != "NO ACTION");
        } else if reader.eat(&["MATCH"]) {
            if !reader.next()?.is_word("SIMPLE") {
                unsaid.push(reader.since(&start));
            }
        } else if reader.eat(&["DEFERRABLE", "INITIALLY", "DEFERRED"]) {
            key.is_deferred = true;
        } else if reader.eat(&["DEFERRABLE", "INITIALLY", "IMMEDIATE"]) || reader.eat(&["DEFERRABLE"]) {
            unsaid.push(reader.since(&start));
        } else if !(reader.eat(&["NOT", "DEFERRABLE"]) || reader.eat(&["INITIALLY", "IMMEDIATE"])) {
            break;
        }
    }
    key.unsaid = unsaid.join(" ");
    Some(key)
}

/// An action in capitals.
fn action(reader: &mut Reader<'_, '_>) -> Option<String> {
    let start = reader.clone();
    let first = reader.next()?;
    if first.is_word("SET") || first.is_word("NO") {
        reader.next()?;
    }
    Some(reader.since(&start).split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase())
}
