//! What is found, said by the database once more: what it reads from its own words it may tell in others.

use super::scratch::retold;
use crate::backends::base::live::LiveTable;
use crate::backends::base::tables::{Column, Default, Rule, Table};
use crate::backends::base::{Backend, Connection};

/// The table that was found, with its expressions as the database tells them when they are said to it again; as it was where
/// that cannot be. `expected`: the table that it is compared with.
pub async fn respelled(
    backend: &dyn Backend,
    connection: &mut dyn Connection,
    expected: &Table,
    found: &LiveTable,
) -> LiveTable {
    let said = said(expected, found);
    let Ok(told) = retold(backend, connection, &[&said]).await else { return found.clone() };
    let Some(told) = told.first() else { return found.clone() };
    let mut table = found.clone();
    for column in &mut table.columns {
        let Some(again) = told.column(&column.name) else { continue };
        column.default = column.default.take().map(|sql| again.default.clone().unwrap_or(sql));
        column.generated = column.generated.take().map(|own| again.generated.clone().unwrap_or(own));
    }
    for constraint in &mut table.constraints {
        let again = told.constraints.iter().find(|again| again.name == constraint.name);
        again.into_iter().for_each(|again| take_words(&mut constraint.rule, &again.rule));
    }
    for index in &mut table.indexes {
        let again = told.indexes.iter().find(|again| again.name == index.name);
        again.into_iter().for_each(|again| index.clone_from(again));
    }
    table
}

/// The expressions as they are told, of a rule that is of the same sort.
fn take_words(rule: &mut Rule, told: &Rule) {
    match (rule, told) {
        (Rule::Check(sql), Rule::Check(again)) | (Rule::Exclude(sql), Rule::Exclude(again)) => {
            sql.clone_from(again);
        }
        (Rule::Unique { condition, .. }, Rule::Unique { condition: again, .. }) => {
            condition.clone_from(again);
        }
        _ => {}
    }
}

/// The expected table with the expressions that were found under the same names.
fn said(expected: &Table, found: &LiveTable) -> Table {
    let mut table = expected.clone();
    for column in &mut table.columns {
        let Some(own) = found.column(&column.name) else { continue };
        *column = Column {
            default: own.default.clone().filter(|_| column.default.is_some()).map(Default::Sql),
            generated: own.generated.clone().filter(|_| column.generated.is_some()),
            ..column.clone()
        };
    }
    for constraint in &mut table.constraints {
        let own = found.constraints.iter().find(|own| own.name == constraint.name);
        let is_expression = |rule: &Rule| !matches!(rule, Rule::Unique { condition: None, .. });
        own.filter(|own| is_expression(&own.rule)).into_iter().for_each(|own| constraint.clone_from(own));
    }
    for index in &mut table.indexes {
        let own = found.indexes.iter().find(|own| own.name == index.name);
        own.into_iter().for_each(|own| index.clone_from(own));
    }
    table
}
