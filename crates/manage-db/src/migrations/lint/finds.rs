//! How each rule finds what it is about.

use super::subject::{Breach, Subject};
use crate::backends::base::Features;
use crate::backends::base::changes::{Alter, Alteration, TableChange};
use crate::backends::base::tables::{Column, Constraint, Default, Rule, Table};

/// A column that the database asks of everybody who writes a row.
pub(super) fn required_column(subject: Subject<'_>, _: &Features) -> Vec<Breach> {
    subject.alterations(|alter, one| match one {
        Alteration::AddColumn(column) if is_asked_for(column) => Some(format!(
            "adds the column `{}` to {}, and rows that old programs insert have no value for it",
            column.name, alter.new.name
        )),
        _ => None,
    })
}

fn is_asked_for(column: &Column) -> bool {
    !column.null && column.default.is_none() && column.generated.is_none() && !column.kind.is_auto()
}

/// A column that takes no NULL any more.
pub(super) fn null_forbidden(subject: Subject<'_>, _: &Features) -> Vec<Breach> {
    subject.alterations(|alter, one| {
        let Alteration::AlterColumn { old, new } = one else { return None };
        let is_new = old.null && !new.null && !alter.concurrently && !is_held(&alter.old, old);
        let (column, table) = (&new.name, &alter.new.name);
        is_new.then(|| {
            format!(
                "forbids NULL in the column `{column}` of {table}, which old programs may still write; every row is looked at"
            )
        })
    })
}

/// Whether a check keeps NULL out already.
fn is_held(table: &Table, column: &Column) -> bool {
    let plain = |sql: &str| -> String {
        sql.chars().filter(|sign| sign.is_alphanumeric() || *sign == '_').collect::<String>().to_lowercase()
    };
    let wanted = plain(&format!("{} IS NOT NULL", column.name));
    table.constraints.iter().any(|one| matches!(&one.rule, Rule::Check(sql) if plain(sql) == wanted))
}

/// A column that goes.
pub(super) fn dropped_column(subject: Subject<'_>, _: &Features) -> Vec<Breach> {
    subject.alterations(|alter, one| match one {
        Alteration::DropColumn(column) => Some(format!(
            "removes the column `{}` of {}, which old programs still read",
            column.name, alter.new.name
        )),
        _ => None,
    })
}

/// A table that goes.
pub(super) fn dropped_table(subject: Subject<'_>, _: &Features) -> Vec<Breach> {
    match subject {
        Subject::Change(TableChange::Drop(table)) => {
            let what = format!("removes the table {}, which old programs still use", table.name);
            vec![Breach::of(&table.name, what)]
        }
        _ => Vec::new(),
    }
}

/// A column that is called otherwise.
pub(super) fn renamed_column(subject: Subject<'_>, _: &Features) -> Vec<Breach> {
    let Subject::Change(TableChange::Alter(alter)) = subject else { return Vec::new() };
    let table = &alter.new.name;
    let breach = |(from, to): (String, String)| {
        let what =
            format!("renames the column `{from}` of {table} to `{to}`: old programs know no other name");
        Breach { renamed: Some([from, to].map(|name| format!("{table}.{name}"))), ..Breach::of(table, what) }
    };
    // Two that take each other's name are both still there.
    let is_lost = |(new, old): &(&String, &String)| new != old && alter.new.column(old).is_none();
    let renamed = alter.origins.iter().filter(is_lost);
    renamed.map(|(new, old)| breach((old.clone(), new.clone()))).collect()
}

/// A table that is called otherwise.
pub(super) fn renamed_table(subject: Subject<'_>, _: &Features) -> Vec<Breach> {
    match subject {
        Subject::Change(TableChange::Rename { from, to }) => {
            let what = format!("renames the table {from} to {to}: old programs know no other name");
            vec![Breach { renamed: Some([from.clone(), to.clone()]), ..Breach::of(from, what) }]
        }
        _ => Vec::new(),
    }
}

/// A column whose values are written anew.
pub(super) fn retyped_column(subject: Subject<'_>, features: &Features) -> Vec<Breach> {
    subject.alterations(|alter, one| match one {
        Alteration::AlterColumn { old, new } if is_written_anew(old, new, features) => Some(format!(
            "changes the type of the column `{}` of {}, and every row is written anew under a lock",
            new.name, alter.new.name
        )),
        _ => None,
    })
}

fn is_written_anew(old: &Column, new: &Column, features: &Features) -> bool {
    let is_other = match (&old.db_type, &new.db_type) {
        (None, None) => !(features.keeps_rows)(old.kind, new.kind),
        (old, new) => old != new,
    };
    is_other || old.collation != new.collation
}

/// A foreign key or a check that every row is held to at once.
pub(super) fn validated_at_once(subject: Subject<'_>, features: &Features) -> Vec<Breach> {
    let told = |alter: &Alter, what: String| {
        Some(format!("{what} to {}, and every row is looked at under a lock", alter.new.name))
    };
    let is_pointing = |column: &Column| {
        // A database that can look at rows later knows as well that a column without values points nowhere.
        let is_filled = column.default.is_some() || column.fill.is_some();
        column.foreign_key.is_some() && (is_filled || !features.can_validate_later)
    };
    subject.alterations(|alter, one| match one {
        Alteration::AddForeignKey(column) if !alter.concurrently => {
            told(alter, format!("adds a foreign key of the column `{}`", column.name))
        }
        Alteration::AddColumn(column) if is_pointing(column) => {
            told(alter, format!("adds the column `{}` with a foreign key", column.name))
        }
        Alteration::AddConstraint(Constraint { name, rule: Rule::Check(_) })
            if !(features.can_validate_later && (alter.not_valid || alter.concurrently)) =>
        {
            told(alter, format!("adds the check `{name}`"))
        }
        Alteration::AlterColumn { old, new } if is_checked_anew(old, new, features) => told(
            alter,
            format!("adds a check of the column `{}`, which takes no negative numbers any more,", new.name),
        ),
        _ => None,
    })
}

/// Whether a check comes that goes with the type.
fn is_checked_anew(old: &Column, new: &Column, features: &Features) -> bool {
    let is_plain = new.db_type.is_none() && new.foreign_key.is_none();
    !features.has_unsigned && is_plain && new.kind.is_positive() && !old.kind.is_positive()
}

/// What lets no value be there twice, over the rows that exist.
pub(super) fn unique_at_once(subject: Subject<'_>, _: &Features) -> Vec<Breach> {
    let told = |alter: &Alter, what: String| {
        Some(format!("{what} {}, and nobody writes to it until its index is built", alter.new.name))
    };
    subject.alterations(|alter, one| match one {
        Alteration::AddConstraint(Constraint { name, rule: Rule::Unique { .. } }) if !alter.concurrently => {
            told(alter, format!("adds the unique constraint `{name}` to"))
        }
        Alteration::AddConstraint(Constraint { name, rule: Rule::Exclude(_) }) => {
            told(alter, format!("adds the exclusion constraint `{name}` to"))
        }
        Alteration::AddIndex(index) if index.unique && !alter.concurrently => {
            told(alter, format!("adds the unique index `{}` to", index.name))
        }
        Alteration::AlterColumn { old, new } if new.primary_key && !old.primary_key => {
            told(alter, format!("makes the column `{}` the primary key of", new.name))
        }
        _ => None,
    })
}

/// An index that is built while writers wait.
pub(super) fn blocking_index(subject: Subject<'_>, _: &Features) -> Vec<Breach> {
    subject.alterations(|alter, one| match one {
        Alteration::AddIndex(index) if !index.unique && !alter.concurrently => Some(format!(
            "builds the index `{}` on {}, and nobody writes to it meanwhile",
            index.name, alter.new.name
        )),
        _ => None,
    })
}

/// Rows and tables changed in one transaction.
pub(super) fn rows_beside_tables(subject: Subject<'_>, _: &Features) -> Vec<Breach> {
    match subject {
        Subject::RowsBeside(table) => {
            let what = format!(
                "changes rows and the table {table} in one transaction: nobody else uses the table until all rows are done"
            );
            vec![Breach::of(table, what)]
        }
        _ => Vec::new(),
    }
}

/// What nothing undoes.
pub(super) fn one_way(subject: Subject<'_>, _: &Features) -> Vec<Breach> {
    match subject {
        Subject::OneWay => {
            vec![Breach { table: None, what: "cannot be undone: nothing says how".to_owned(), renamed: None }]
        }
        _ => Vec::new(),
    }
}

/// A new column whose value is computed for each row that exists.
pub(super) fn computed_column(subject: Subject<'_>, _: &Features) -> Vec<Breach> {
    subject.alterations(|alter, one| match one {
        Alteration::AddColumn(column) if is_computed(column) => Some(format!(
            "adds the column `{}` to {}, whose value is computed for every row under a lock",
            column.name, alter.new.name
        )),
        Alteration::AlterColumn { old, new } if is_stored(new) && old.generated != new.generated => {
            Some(format!(
                "has the column `{}` of {} computed anew for every row under a lock",
                new.name, alter.new.name
            ))
        }
        _ => None,
    })
}

fn is_stored(column: &Column) -> bool {
    column.generated.as_ref().is_some_and(|generated| generated.stored)
}

/// Counted up, stored, or by an expression of which nobody knows whether it is the same for each row.
fn is_computed(column: &Column) -> bool {
    let is_own = |value: &Default| matches!(value, Default::Uuid | Default::Sql(_));
    let given = column.default.iter().chain(&column.fill).next();
    column.kind.is_auto() || is_stored(column) || given.is_some_and(is_own)
}
