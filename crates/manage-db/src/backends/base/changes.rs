//! What can become of tables: what the differ of migrations says and the editors of the vendors write.

use std::collections::BTreeMap;

use super::identifiers::{mentions, with_renamed};
use super::names::in_free_order;
use super::tables::{Column, Constraint, ForeignKey, Index, IndexPart, Rule, Table, Trigger};

/// A change of one table.
#[derive(Debug, Clone, PartialEq)]
pub enum TableChange {
    /// A table comes, with its indexes and constraints.
    Create(Table),
    /// A table goes.
    Drop(Table),
    /// A table is called otherwise.
    Rename {
        /// Its name before.
        from: String,
        /// Its name after.
        to: String,
    },
    /// A table gets other columns, indexes, constraints or another comment.
    Alter(Box<Alter>),
    /// Rows that were there before a constraint are held to it.
    Validate {
        /// Name of the table.
        table: String,
        /// Name of the constraint.
        constraint: String,
    },
    /// A column is kept in step from here on, or no longer.
    Trigger {
        /// What sets it.
        trigger: Box<Trigger>,
        /// Whether it comes.
        is_wanted: bool,
    },
    /// What a database can do besides comes or goes.
    Extension {
        /// Its name.
        name: String,
        /// Whether it comes.
        is_wanted: bool,
    },
}

impl TableChange {
    /// Whether it is about the table called `name`, under any of its names.
    pub(crate) fn is_about(&self, name: &str) -> bool {
        match self {
            Self::Create(table) | Self::Drop(table) => table.name == name,
            Self::Rename { from, to } => from == name || to == name,
            Self::Alter(alter) => alter.new.name == name,
            Self::Validate { table, .. } => table == name,
            Self::Trigger { trigger, .. } => trigger.table == name,
            Self::Extension { .. } => true,
        }
    }
}

/// What becomes of a table that stays.
#[derive(Debug, Clone, PartialEq)]
pub struct Alter {
    /// The table before, under the name that it has after.
    pub old: Table,
    /// The table after.
    pub new: Table,
    /// For each column that is kept: the new name and the old one.
    pub origins: BTreeMap<String, String>,
    /// Indexes come and go without blocking writers, where the database can.
    pub concurrently: bool,
    /// New constraints hold for new rows only, where the database can.
    pub not_valid: bool,
}

/// One thing that becomes of a table, in the order in which they are done.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the names say it; those of columns are the new ones")]
pub enum Alteration<'a> {
    /// The key of the column goes, and maybe the column.
    DropForeignKey(&'a Column),
    DropConstraint(&'a Constraint),
    DropIndex(&'a Index),
    DropColumn(&'a Column),
    RenameColumn {
        from: &'a str,
        to: &'a str,
    },
    AlterColumn {
        old: &'a Column,
        new: &'a Column,
    },
    /// With its foreign key.
    AddColumn(&'a Column),
    RenameForeignKey {
        old: &'a Column,
        new: &'a Column,
    },
    RenameConstraint {
        old: &'a Constraint,
        new: &'a Constraint,
    },
    RenameIndex {
        old: &'a Index,
        new: &'a Index,
    },
    AddConstraint(&'a Constraint),
    AddForeignKey(&'a Column),
    AddIndex(&'a Index),
    Comment(Option<&'a str>),
}

impl Alter {
    /// A change of a table whose columns keep their names, if it is one.
    pub(crate) fn plain(old: Table, new: Table) -> Self {
        let kept = new.columns.iter().filter(|column| old.column(&column.name).is_some());
        let origins = kept.map(|column| (column.name.clone(), column.name.clone())).collect();
        Self { old, new, origins, concurrently: false, not_valid: false }
    }

    /// The table before, with the columns that are kept under their new names and without the others.
    pub(crate) fn before(&self) -> Table {
        let names: BTreeMap<String, String> =
            self.origins.iter().map(|(new, old)| (old.clone(), new.clone())).collect();
        let mut table = self.old.clone();
        table.columns.retain(|column| names.contains_key(&column.name));
        table.rename_columns(&names);
        table
    }

    /// Columns that go.
    pub(crate) fn dropped(&self) -> impl Iterator<Item = &Column> {
        self.old.columns.iter().filter(|column| !self.origins.values().any(|old| *old == column.name))
    }

    /// What becomes of the table that was `before`.
    pub(crate) fn alterations<'a>(&'a self, before: &'a Table) -> Vec<Alteration<'a>> {
        let dropped: Vec<&Column> = self.dropped().collect();
        let replaced: Vec<&str> = dropped
            .iter()
            .map(|column| column.name.as_str())
            .filter(|name| self.new.column(name).is_some() && !self.origins.contains_key(*name))
            .collect();
        let kept: Vec<(&Column, &Column)> =
            self.new.columns.iter().filter_map(|new| Some((before.column(&new.name)?, new))).collect();
        let uses = |index: &Index| replaced.iter().any(|name| index.uses(name));
        let indexes =
            Matched::new(&before.indexes, &self.new.indexes, Index::is_like, |index| &index.name, uses);
        let uses = |constraint: &Constraint| replaced.iter().any(|name| constraint.uses(name));
        let constraints = Matched::new(
            &before.constraints,
            &self.new.constraints,
            |a: &Constraint, b| a.rule == b.rule,
            |constraint| &constraint.name,
            uses,
        );
        let mut all = Vec::new();
        let lost = dropped.iter().copied().filter(|column| column.foreign_key.is_some());
        let changed = |(old, new): &&(&'a Column, &'a Column)| !old.points_as(new);
        let keys = || kept.iter().filter(changed);
        all.extend(lost.map(Alteration::DropForeignKey));
        all.extend(
            keys()
                .filter(|(old, _)| old.foreign_key.is_some())
                .map(|(old, _)| Alteration::DropForeignKey(old)),
        );
        all.extend(constraints.gone.into_iter().map(Alteration::DropConstraint));
        all.extend(indexes.gone.into_iter().map(Alteration::DropIndex));
        all.extend(dropped.into_iter().map(Alteration::DropColumn));
        let renamed = self.origins.iter().filter(|(new, old)| new != old);
        all.extend(renamed.map(|(to, from)| Alteration::RenameColumn { from, to }));
        let altered = kept.iter().filter(|(old, new)| !old.is_like(new));
        all.extend(altered.map(|(old, new)| Alteration::AlterColumn { old, new }));
        let added = self.new.columns.iter().filter(|column| before.column(&column.name).is_none());
        all.extend(added.map(Alteration::AddColumn));
        let named = kept.iter().filter(|(old, new)| old.points_as(new) && old.foreign_key != new.foreign_key);
        all.extend(named.map(|(old, new)| Alteration::RenameForeignKey { old, new }));
        all.extend(
            constraints.renamed.into_iter().map(|(old, new)| Alteration::RenameConstraint { old, new }),
        );
        all.extend(indexes.renamed.into_iter().map(|(old, new)| Alteration::RenameIndex { old, new }));
        all.extend(constraints.come.into_iter().map(Alteration::AddConstraint));
        all.extend(
            keys()
                .filter(|(_, new)| new.foreign_key.is_some())
                .map(|(_, new)| Alteration::AddForeignKey(new)),
        );
        all.extend(indexes.come.into_iter().map(Alteration::AddIndex));
        if before.comment != self.new.comment {
            all.push(Alteration::Comment(self.new.comment.as_deref()));
        }
        all
    }

    /// Whether nothing becomes of the table.
    pub(crate) fn is_empty(&self) -> bool {
        self.alterations(&self.before()).is_empty()
    }

    /// Whether a column goes for which this holds.
    pub(crate) fn drops(&self, is_meant: impl Fn(&str) -> bool) -> bool {
        self.dropped().any(|column| is_meant(&column.name))
    }

    /// Renamed columns, each with its new name, in an order in which no name is there twice.
    pub(crate) fn renames(&self) -> Vec<(String, String)> {
        let renamed = self.origins.iter().filter(|(new, old)| new != old);
        let pairs = renamed.map(|(new, old)| (old.clone(), new.clone())).collect();
        in_free_order(pairs, "__renamed", |one, other| one == other)
    }

    /// Whether columns take each other's name.
    pub(crate) fn swaps(&self) -> bool {
        self.renames().len() > self.origins.iter().filter(|(new, old)| new != old).count()
    }

    /// The change in three steps: what is computed from a column whose type changes goes first and comes last. None:
    /// nothing is.
    pub(crate) fn in_three(&self, is_retyped: impl Fn(&Column, &Column) -> bool) -> Option<[Self; 3]> {
        let retyped: Vec<(&str, &str)> = self
            .origins
            .iter()
            .filter(|(new, old)| {
                let pair = self.old.column(old).zip(self.new.column(new));
                pair.is_some_and(|(old, new)| is_retyped(old, new))
            })
            .map(|(new, old)| (old.as_str(), new.as_str()))
            .collect();
        let old = self.old.without_computed(|reads| retyped.iter().any(|(old, _)| reads(old)));
        let new = self.new.without_computed(|reads| retyped.iter().any(|(_, new)| reads(new)));
        let is_same = old == self.old && new == self.new;
        let first = Self::plain(self.old.clone(), old.clone());
        let last = Self::plain(new.clone(), self.new.clone());
        (!is_same).then(|| [first, Self { old, new, ..self.clone() }, last])
    }

    /// This change and the one that follows as one, if the rows come to the same.
    pub(crate) fn followed_by(&self, later: &Self) -> Option<Self> {
        let mut whole = Self { old: self.old.clone(), origins: BTreeMap::new(), ..later.clone() };
        for (new, between) in &later.origins {
            if let Some(old) = self.origins.get(between) {
                whole.origins.insert(new.clone(), old.clone());
            }
        }
        for column in &mut whole.new.columns {
            let between = later.origins.get(&column.name).and_then(|name| self.new.column(name));
            column.fill = column.fill.take().or_else(|| between?.fill.clone());
            let old = whole.origins.get(&column.name).and_then(|name| whole.old.column(name));
            let steps = [old, between].into_iter().flatten();
            if steps.clone().any(|step| !step.kind.converts_to(column.kind)) {
                return None;
            }
        }
        let taken = whole
            .dropped()
            .any(|column| whole.origins.get(&column.name).is_some_and(|old| *old != column.name));
        (!taken).then_some(whole)
    }
}

/// Things with names that are there before and after.
struct Matched<'a, T> {
    gone: Vec<&'a T>,
    renamed: Vec<(&'a T, &'a T)>,
    come: Vec<&'a T>,
}

impl<'a, T: PartialEq> Matched<'a, T> {
    /// `is_lost`: goes with a column although another of its name comes.
    fn new(
        old: &'a [T],
        new: &'a [T],
        is_like: impl Fn(&T, &T) -> bool,
        name: impl Fn(&T) -> &str,
        is_lost: impl Fn(&T) -> bool,
    ) -> Self {
        let is_kept = |item: &T, others: &[T]| {
            !is_lost(item) && others.iter().any(|other| name(other) == name(item) && is_like(other, item))
        };
        let mut gone: Vec<&T> = old.iter().filter(|item| !is_kept(item, new)).collect();
        let mut come: Vec<&T> = new.iter().filter(|item| !is_kept(item, old)).collect();
        let mut renamed = Vec::new();
        come.retain(|item| {
            let same = gone.iter().position(|other| !is_lost(item) && is_like(other, item));
            let found = same.map(|position| gone.remove(position));
            renamed.extend(found.map(|other| (other, *item)));
            found.is_none()
        });
        Self { gone, renamed, come }
    }
}

impl Table {
    /// The table without the indexes and constraints whose SQL is meant.
    fn without_computed(&self, is_meant: impl Fn(&dyn Fn(&str) -> bool) -> bool) -> Self {
        let mut table = self.clone();
        table.indexes.retain(|index| !is_meant(&|column| index.reads(column)));
        table.constraints.retain(|constraint| !is_meant(&|column| constraint.reads(column)));
        table
    }

    /// Calls columns otherwise, wherever the table names them.
    pub(crate) fn rename_columns(&mut self, names: &BTreeMap<String, String>) {
        let rename = |name: &mut String| {
            if let Some(new) = names.get(name) {
                name.clone_from(new);
            }
        };
        let rewrite = |sql: &mut String| *sql = with_renamed(sql, names);
        for column in &mut self.columns {
            rename(&mut column.name);
            column.generated.iter_mut().for_each(|generated| rewrite(&mut generated.sql));
            let own = column.foreign_key.iter_mut().filter(|key| key.table == self.name);
            own.for_each(|key| rename(&mut key.column));
        }
        for index in &mut self.indexes {
            for part in &mut index.parts {
                match part {
                    IndexPart::Column { name, .. } => rename(name),
                    IndexPart::Expression(sql) => rewrite(sql),
                }
            }
            index.include.iter_mut().for_each(rename);
            index.condition.iter_mut().for_each(rewrite);
        }
        for constraint in &mut self.constraints {
            match &mut constraint.rule {
                Rule::Check(sql) | Rule::Exclude(sql) => rewrite(sql),
                Rule::Unique { columns, condition, .. } => {
                    columns.iter_mut().for_each(rename);
                    condition.iter_mut().for_each(rewrite);
                }
            }
        }
    }
}

impl Column {
    /// Whether it is the same but for its key and for what rows that exist would get.
    fn is_like(&self, other: &Self) -> bool {
        Self { fill: None, foreign_key: None, ..self.clone() }
            == Self { fill: None, foreign_key: None, ..other.clone() }
    }

    /// Whether it points to the same rows, whatever its key is called.
    fn points_as(&self, other: &Self) -> bool {
        match (&self.foreign_key, &other.foreign_key) {
            (Some(one), Some(two)) => {
                let name = String::new;
                ForeignKey { name: name(), ..one.clone() } == ForeignKey { name: name(), ..two.clone() }
            }
            (one, two) => one.is_none() && two.is_none(),
        }
    }
}

impl Index {
    fn is_like(&self, other: &Self) -> bool {
        *self == Self { name: self.name.clone(), ..other.clone() }
    }

    /// Whether it uses the column.
    pub(crate) fn uses(&self, column: &str) -> bool {
        let is_part = |part: &IndexPart| matches!(part, IndexPart::Column { name, .. } if name == column);
        self.parts.iter().any(is_part) || self.include.iter().any(|name| name == column) || self.reads(column)
    }

    /// Whether its SQL names the column.
    fn reads(&self, column: &str) -> bool {
        let expressions = self.parts.iter().filter_map(|part| match part {
            IndexPart::Expression(sql) => Some(sql),
            IndexPart::Column { .. } => None,
        });
        expressions.chain(&self.condition).any(|sql| mentions(sql, column))
    }
}

impl Constraint {
    /// Whether it uses the column.
    pub(crate) fn uses(&self, column: &str) -> bool {
        matches!(&self.rule, Rule::Unique { columns, .. } if columns.iter().any(|name| name == column))
            || self.reads(column)
    }

    /// Whether its SQL names the column.
    fn reads(&self, column: &str) -> bool {
        match &self.rule {
            Rule::Check(sql) | Rule::Exclude(sql) => mentions(sql, column),
            Rule::Unique { condition, .. } => condition.as_ref().is_some_and(|sql| mentions(sql, column)),
        }
    }
}
