//! What a migration is called behind its number, where nobody says it.

use super::operations::{FillField, Operation};

/// From here on further operations are `_and_more`, as in Django 6.1.
const LONGEST: usize = 52;

/// Django's name of a migration that does this: `initial` for a first one, otherwise what its operations do; none where one
/// of them has no words for it.
pub(super) fn suggested(operations: &[Operation], is_initial: bool) -> Option<String> {
    if is_initial {
        return Some("initial".to_owned());
    }
    // What is done on the way back says nothing of the way there.
    let is_meant = |one: &&Operation| !matches!(one, Operation::FillField(FillField { backwards: true, .. }));
    let mut fragments = operations.iter().filter(is_meant).map(fragment);
    let mut name = fragments.next()??;
    let rest: Vec<String> = fragments.collect::<Option<_>>()?;
    for fragment in rest {
        if name.len() + 1 + fragment.len() > LONGEST {
            name.push_str("_and_more");
            break;
        }
        name = format!("{name}_{fragment}");
    }
    Some(name)
}

/// What an operation does, in the letters of a file's name.
fn fragment(operation: &Operation) -> Option<String> {
    use Operation as Of;
    let words: Vec<&str> = match operation {
        Of::CreateModel(one) => vec![&one.model.name],
        Of::DeleteModel(one) => vec!["delete", &one.model],
        Of::RenameModel(one) => vec!["rename", &one.from, &one.to],
        Of::MoveModel(one) => vec!["move", &one.model, "to", &one.to_app],
        Of::AlterModelTable(one) => vec!["alter", &one.model, "table"],
        Of::AlterModelTableComment(one) => vec!["alter", &one.model, "table_comment"],
        Of::AlterModelOptions(one) => vec!["alter", &one.model, "options"],
        Of::AddField(one) => vec![&one.model, &one.field.name],
        Of::RemoveField(one) => vec!["remove", &one.model, &one.name],
        Of::AlterField(one) => vec!["alter", &one.model, &one.field.name],
        Of::RenameField(one) => vec!["rename", &one.from, &one.model, &one.to],
        Of::AddIndex(one) => vec![&one.model, &one.index.name],
        Of::RemoveIndex(one) => vec!["remove", &one.model, &one.name],
        Of::RenameIndex(one) => vec!["rename", &one.from, &one.to],
        Of::AddConstraint(one) => vec![&one.model, &one.constraint.name],
        Of::RemoveConstraint(one) => vec!["remove", &one.model, &one.name],
        Of::AlterConstraint(one) => vec!["alter", &one.model, &one.constraint.name],
        Of::ValidateConstraint(one) => vec!["validate", &one.model, &one.name],
        Of::FillField(one) => vec!["fill", &one.model, &one.name],
        Of::SwapFields(one) => vec!["swap", &one.model, &one.fields[0]],
        Of::AddTrigger(one) => vec!["sync", &one.model, &one.trigger.field],
        Of::RemoveTrigger(one) => vec!["release", &one.model, &one.trigger.field],
        Of::CreateExtension(one) => vec!["create_extension", &one.name],
        Of::RunSql(_) | Of::RunRust(_) | Of::SeparateDatabaseAndState(_) => return None,
    };
    let letter = |sign: char| if sign.is_ascii_alphanumeric() { sign.to_ascii_lowercase() } else { '_' };
    Some(words.join("_").chars().map(letter).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::migrations::operations::{AddField, DeleteModel, RenameField, RunRust};
    use crate::models::{Field, FieldType};

    fn add(name: &str) -> Operation {
        let field = Field::new(name, FieldType::Integer);
        Operation::AddField(AddField { model: "Article".to_owned(), field, preserve_default: true })
    }

    #[test]
    fn a_migration_is_called_after_what_it_does() {
        let delete = || Operation::DeleteModel(DeleteModel { model: "Tag".to_owned() });
        let rename = Operation::RenameField(RenameField {
            model: "Article".to_owned(),
            from: "a".to_owned(),
            to: "b".to_owned(),
        });
        let rust =
            Operation::RunRust(RunRust { forwards: "blog.x".to_owned(), backwards: None, elidable: false });
        assert_eq!(suggested(&[add("lead")], true).as_deref(), Some("initial"));
        assert_eq!(suggested(&[add("lead"), delete()], false).as_deref(), Some("article_lead_delete_tag"));
        assert_eq!(suggested(&[rename], false).as_deref(), Some("rename_a_article_b"));
        assert_eq!(suggested(&[add("lead"), rust], false), None);
        assert_eq!(suggested(&[], false), None);
        let long = suggested(&[add("a_name_that_is_long_by_itself_alone"), add("another_one")], false);
        assert_eq!(long.as_deref(), Some("article_a_name_that_is_long_by_itself_alone_and_more"));
    }
}
