//! A field whose rows each get a value of their own comes in three steps: as one that may be NULL, then its rows are filled some
//! at a time, then it becomes what it is to be.
//!
//! In one step every row would be written while the table is locked, and a unique one could not be told from the rest
//! before that (Django 6.1, "Migrations that add unique fields").

use super::step::{Step, is_by_row};
use crate::migrations::migration::Stage;
use crate::migrations::operations::{AddField, AlterField, FillField, Operation};
use crate::models::Field;

/// Operations of a migration of `app` in the steps that they need: one, or three.
pub(super) fn parted(app: &str, operations: Vec<Operation>) -> Vec<Step> {
    let (mut first, mut fills, mut then) = (Vec::new(), Vec::new(), Vec::new());
    for operation in operations {
        match &operation {
            Operation::AddField(add) if is_filled_by_row(&add.field) => {
                let (added, filled, altered) = three(add);
                first.push(added);
                fills.push(filled);
                then.push(altered);
            }
            other if may_come_before(app, &then, other) => first.push(operation),
            _ => then.push(operation),
        }
    }
    if fills.is_empty() {
        return vec![Step { operations: first, atomic: true, stage: Stage::Expand }];
    }
    let steps = [(first, true), (fills, false), (then, true)];
    steps.map(|(operations, atomic)| Step { operations, atomic, stage: Stage::Expand }).into()
}

/// Whether rows that exist each get a value of their own, and have to have one.
fn is_filled_by_row(field: &Field) -> bool {
    let is_generated = field.default.as_ref().is_some_and(|default| is_by_row(field, default));
    is_generated && field.db_default.is_none() && !field.primary_key && (!field.null || field.is_unique())
}

/// It comes without its default, which would fill it at once.
fn three(add: &AddField) -> (Operation, Operation, Operation) {
    let AddField { model, field, preserve_default } = add.clone();
    let open = Field { null: true, unique: false, default: None, ..field.clone() };
    let fill = FillField {
        model: model.clone(),
        name: field.name.clone(),
        value: field.default.clone(),
        from: None,
        backwards: false,
        batch: None,
    };
    let add = AddField { model: model.clone(), field: open, preserve_default: true };
    let alter = AlterField { model, field, preserve_default, concurrently: false };
    (Operation::AddField(add), Operation::FillField(fill), Operation::AlterField(alter))
}

/// Whether an operation may be done before others that were found before it.
fn may_come_before(app: &str, others: &[Operation], operation: &Operation) -> bool {
    let Some(own) = operation.change().subjects(app) else { return others.is_empty() };
    others.iter().all(|other| other.change().subjects(app).is_some_and(|other| other.may_swap(&own)))
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::models::{DefaultValue, FieldType};

    fn add(name: &str, kind: FieldType, change: impl FnOnce(&mut Field)) -> Operation {
        let mut field = Field::new(name, kind);
        change(&mut field);
        Operation::AddField(AddField { model: "Article".to_owned(), field, preserve_default: true })
    }

    fn described(steps: &[Step]) -> Vec<Vec<String>> {
        let of = |step: &Step| step.operations.iter().map(|one| one.change().describe()).collect();
        steps.iter().map(of).collect()
    }

    #[test]
    fn what_each_row_needs_of_its_own_comes_in_three_steps() {
        let text = |text: &str| Some(DefaultValue::Literal(toml::Value::from(text)));
        let token = || {
            add("token", FieldType::Uuid, |field| {
                field.unique = true;
                field.default = text("uuid7");
            })
        };
        let at = || add("at", FieldType::DateTime, |field| field.default = text("now"));
        let steps = parted("blog", vec![at(), token(), at()]);
        assert_eq!(
            described(&steps),
            [
                vec!["Add field at to article", "Add field token to article"],
                vec!["Fill field token of article"],
                // What may need something of the altered field waits for it.
                vec!["Alter field token on article", "Add field at to article"],
            ]
        );
        assert_eq!(steps.iter().map(|step| step.atomic).collect::<Vec<_>>(), [true, false, true]);
        // One value for all rows, or none that they need.
        let open = add("token", FieldType::Uuid, |field| {
            field.null = true;
            field.default = text("uuid7");
        });
        assert_eq!(parted("blog", vec![at(), open]).len(), 1);
        assert_eq!(parted("blog", Vec::new()).len(), 1);
    }
}
