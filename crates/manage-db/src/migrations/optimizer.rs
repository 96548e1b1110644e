//! Fewer operations that come to the same models: what is made and then changed is made as it is in the end.

use super::operations::{
    AddConstraint, AddField, AddIndex, AlterConstraint, AlterField, CreateModel, Extent, Operation,
    RemoveConstraint, RemoveField, RemoveIndex, RenameField, RenameIndex, RenameModel, Subjects,
};
use super::state::ProjectState;
use crate::models::{Field, FieldType, ModelState};

/// The operations of a migration of `app`, merged where that gives the same models.
///
/// Nothing crosses an operation that does more than it says: what SQL or code finds is never changed. Rows that exist get
/// the default of the last word about a field, or of the word before where that gives none. Takes time with the square of
/// the number of operations.
pub fn optimized(app: &str, operations: Vec<Operation>) -> Vec<Operation> {
    let mut steps: Vec<Step> = operations.into_iter().map(|operation| Step::new(app, operation)).collect();
    loop {
        let (mut at, mut is_stable) = (0, true);
        while at < steps.len() {
            match merge_at(app, &mut steps, at) {
                true => is_stable = false,
                false => at += 1,
            }
        }
        if is_stable {
            return steps.into_iter().map(|step| step.operation).collect();
        }
    }
}

/// An operation and what it is about.
struct Step {
    operation: Operation,
    subjects: Option<Subjects>,
}

impl Step {
    fn new(app: &str, operation: Operation) -> Self {
        let subjects = operation.change().subjects(app);
        Self { operation, subjects }
    }

    /// Whether it and the one behind it may change places.
    fn may_swap(&self, next: &Self) -> bool {
        self.subjects.as_ref().zip(next.subjects.as_ref()).is_some_and(|(own, next)| own.may_swap(next))
    }
}

/// Merges an operation with one to its right, where the two may meet: it gets there, or that one comes.
fn merge_at(app: &str, steps: &mut Vec<Step>, at: usize) -> bool {
    let mut may_go_right = true;
    for other in at + 1..steps.len() {
        if steps[other].subjects.is_none() {
            return false;
        }
        let may_meet =
            may_go_right || steps[at + 1..other].iter().all(|between| between.may_swap(&steps[other]));
        let merged = if may_meet { merged(app, &steps[at], &steps[other]) } else { None };
        if let Some(merged) = merged {
            let merged = merged.into_iter().map(|operation| Step::new(app, operation));
            if may_go_right {
                steps.splice(other..=other, merged);
                steps.remove(at);
            } else {
                steps.remove(other);
                steps.splice(at..=at, merged);
            }
            return true;
        }
        may_go_right = may_go_right && steps[at].may_swap(&steps[other]);
    }
    false
}

/// What two operations that follow each other come to; none where they stay two.
fn merged(app: &str, first: &Step, second: &Step) -> Option<Vec<Operation>> {
    use Operation as Op;
    let subjects = first.subjects.as_ref().zip(second.subjects.as_ref());
    let (own, others) = subjects.filter(|(own, others)| !own.models.is_disjoint(&others.models))?;
    match (&first.operation, &second.operation) {
        (Op::CreateModel(create), other) => with_created(app, create, other),
        (Op::RenameModel(first), Op::RenameModel(second)) => renamed_twice(first, second),
        (Op::AddField(first), Op::AlterField(second)) => added_and_altered(first, second),
        (Op::AlterField(first), Op::AlterField(second)) => altered_twice(first, second),
        (Op::AddField(AddField { field, .. }), Op::RemoveField(RemoveField { name, .. })) => {
            (field.name == *name).then(Vec::new)
        }
        (Op::AlterField(AlterField { field, .. }), Op::RemoveField(RemoveField { name, .. })) => {
            (field.name == *name).then(|| vec![second.operation.clone()])
        }
        (Op::AddField(first), Op::RenameField(second)) => {
            let field = called(&first.field, second)?;
            Some(vec![Op::AddField(AddField { field, ..first.clone() })])
        }
        (Op::AlterField(first), Op::RenameField(rename)) => {
            let field = called(&first.field, rename)?;
            Some(vec![second.operation.clone(), Op::AlterField(AlterField { field, ..first.clone() })])
        }
        (Op::RenameField(first), Op::RenameField(second)) => field_renamed_twice(first, second),
        (_, Op::DeleteModel(_)) if own.extent == Extent::Parts && own.models == others.models => {
            Some(vec![second.operation.clone()])
        }
        _ => merged_index(&first.operation, &second.operation)
            .or_else(|| merged_constraint(&first.operation, &second.operation))
            .or_else(|| merged_options(&first.operation, &second.operation)),
    }
}

/// A model as it is made when the other operation has been there already.
fn with_created(app: &str, create: &CreateModel, other: &Operation) -> Option<Vec<Operation>> {
    let mut state = ProjectState::default();
    state.add(create.model.clone()).ok()?;
    other.change().state_forwards(app, &mut state).ok()?;
    let Some(model) = state.models().next() else { return Some(Vec::new()) };
    let model = ModelState::clone(model);
    // A file cannot say that a model has no key, and a table that was made stays where models give it up.
    let is_same_table = model.is_managed() == create.model.is_managed();
    (model.primary_key().is_some() && is_same_table)
        .then(|| vec![Operation::CreateModel(CreateModel { model })])
}

fn renamed_twice(first: &RenameModel, second: &RenameModel) -> Option<Vec<Operation>> {
    let whole = RenameModel { from: first.from.clone(), to: second.to.clone() };
    let is_chain = first.to.eq_ignore_ascii_case(&second.from);
    is_chain.then(|| if whole.from == whole.to { vec![] } else { vec![Operation::RenameModel(whole)] })
}

fn field_renamed_twice(first: &RenameField, second: &RenameField) -> Option<Vec<Operation>> {
    let whole = RenameField { to: second.to.clone(), ..first.clone() };
    (first.to == second.from)
        .then(|| if whole.from == whole.to { vec![] } else { vec![Operation::RenameField(whole)] })
}

/// The field under the name that it gets.
fn called(field: &Field, rename: &RenameField) -> Option<Field> {
    let renamed = Field { name: rename.to.clone(), ..field.clone() };
    let plain = Field { db_column: None, ..renamed.clone() };
    // A column that a field has by its name alone is said in no file: the state would forget it.
    let is_said = renamed.db_column.is_none() || renamed.column() != plain.column();
    (field.name == rename.from && is_said).then_some(renamed)
}

fn added_and_altered(first: &AddField, second: &AlterField) -> Option<Vec<Operation>> {
    let (field, preserve_default) = filled(&first.field, second)?;
    Some(vec![Operation::AddField(AddField { field, preserve_default, ..first.clone() })])
}

fn altered_twice(first: &AlterField, second: &AlterField) -> Option<Vec<Operation>> {
    let (field, preserve_default) = filled(&first.field, second)?;
    Some(vec![Operation::AlterField(AlterField { field, preserve_default, ..first.clone() })])
}

/// The field as it is in the end, with the default that rows get which exist, and whether the field keeps it.
fn filled(before: &Field, after: &AlterField) -> Option<(Field, bool)> {
    let field = after.field.clone();
    let gives_default = field.default.is_some() || field.db_default.is_some();
    if before.name != field.name || is_pairs(before) != is_pairs(&field) {
        return None;
    }
    match before.db_default.as_ref().or(before.default.as_ref()) {
        Some(default) if !gives_default => {
            // Of another kind the value would be another, or none.
            let field = Field { default: Some(default.clone()), ..field };
            (before.kind == field.kind).then_some((field, false))
        }
        _ => Some((field, after.preserve_default)),
    }
}

/// Which kind of a many-to-many field it is, if it is one: none becomes another.
fn is_pairs(field: &Field) -> (bool, bool) {
    (field.kind == FieldType::ManyToMany, field.through.is_some())
}

fn merged_index(first: &Operation, second: &Operation) -> Option<Vec<Operation>> {
    match (first, second) {
        (Operation::AddIndex(AddIndex { index, .. }), Operation::RemoveIndex(RemoveIndex { name, .. })) => {
            (index.name == *name).then(Vec::new)
        }
        (Operation::AddIndex(first), Operation::RenameIndex(RenameIndex { from, to, .. })) => {
            let mut whole = first.clone();
            whole.index.name.clone_from(to);
            (first.index.name == *from).then(|| vec![Operation::AddIndex(whole)])
        }
        (Operation::RenameIndex(first), Operation::RenameIndex(second)) => {
            let whole = RenameIndex { to: second.to.clone(), ..first.clone() };
            let is_chain = first.to == second.from;
            is_chain
                .then(|| if whole.from == whole.to { vec![] } else { vec![Operation::RenameIndex(whole)] })
        }
        _ => None,
    }
}

fn merged_constraint(first: &Operation, second: &Operation) -> Option<Vec<Operation>> {
    use Operation as Op;
    let (added, name) = match first {
        Op::AddConstraint(AddConstraint { constraint, .. }) => (true, &constraint.name),
        Op::AlterConstraint(AlterConstraint { constraint, .. }) => (false, &constraint.name),
        _ => return None,
    };
    match (first, second) {
        (_, Op::RemoveConstraint(RemoveConstraint { name: removed, .. })) if removed == name => {
            Some(if added { Vec::new() } else { vec![second.clone()] })
        }
        (Op::AddConstraint(add), Op::AlterConstraint(alter)) if alter.constraint.name == *name => {
            let whole = AddConstraint { constraint: alter.constraint.clone(), ..add.clone() };
            Some(vec![Op::AddConstraint(whole)])
        }
        (_, Op::AlterConstraint(alter)) if alter.constraint.name == *name => Some(vec![second.clone()]),
        _ => None,
    }
}

/// Of what is said anew as a whole the last word counts.
fn merged_options(first: &Operation, second: &Operation) -> Option<Vec<Operation>> {
    use Operation as Op;
    let is_last_word = matches!(
        (first, second),
        (Op::AlterModelOptions(_), Op::AlterModelOptions(_))
            | (Op::AlterModelTable(_), Op::AlterModelTable(_))
            | (Op::AlterModelTableComment(_), Op::AlterModelTableComment(_))
    );
    is_last_word.then(|| vec![second.clone()])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::file::parse_toml;
    use super::super::migration::Key;
    use super::*;
    use crate::backends::DIALECTS;

    const APP: &str = "shop";

    fn operations(lines: &[&str]) -> Vec<Operation> {
        let text: String = lines.iter().map(|line| format!("[[operation]]\n{line}\n")).collect();
        let text = text.replace(", model = ", "\nmodel = ").replace("; ", "\n");
        let file = ("migrations/shop/0002_x.toml", text.as_str());
        let migration = parse_toml(&Key::new(APP, "0002_x"), 2, file, &DIALECTS);
        migration.unwrap().operations.into_iter().map(|located| located.operation).collect()
    }

    fn assert_optimized(before: &[&str], after: &[&str]) {
        assert_eq!(optimized(APP, operations(before)), operations(after), "{before:?}");
    }

    fn assert_kept(lines: &[&str]) {
        assert_optimized(lines, lines);
    }

    const AUTHOR: &str = "op = 'CreateModel'; model = 'Author'; fields = [{ name = 'name', type = 'Text' }]";
    const BOOK: &str = "op = 'CreateModel'; model = 'Book'; fields = [{ name = 'title', type = 'Text' }]";
    const ADD_PAGES: &str = "op = 'AddField'; model = 'Book'; field = { name = 'pages', type = 'Integer', default = 0 }; preserve_default = false";
    const ALTER_PAGES: &str =
        "op = 'AlterField'; model = 'book'; field = { name = 'pages', type = 'Integer', help_text = 'h' }";
    const ADD_AUTHOR: &str =
        "op = 'AddField'; model = 'Book'; field = { name = 'author', type = 'ForeignKey', to = 'Author' }";
    const ADD_INDEX: &str =
        "op = 'AddIndex'; model = 'Book'; index = { name = 'titles', fields = ['title'] }";
    const NOTHING: &str = "op = 'RunRust'; forwards = 'noop'";

    #[test]
    fn what_is_done_to_a_new_model_is_done_when_it_is_made() {
        assert_optimized(
            &[
                BOOK,
                ADD_PAGES,
                ALTER_PAGES,
                ADD_INDEX,
                "op = 'RenameIndex'; model = 'Book'; from = 'titles'; to = 'names'",
                "op = 'AddConstraint'; model = 'Book'; constraint = { name = 'once', unique = ['title'] }",
                "op = 'AlterModelOptions'; model = 'Book'; ordering = ['-title']",
                "op = 'AlterModelTable'; model = 'Book'; table = 'books'",
                "op = 'AlterModelTableComment'; model = 'Book'; comment = 'c'",
                "op = 'RenameField'; model = 'BOOK'; from = 'title'; to = 'name'",
                "op = 'RenameModel'; from = 'Book'; to = 'Volume'",
            ],
            &["op = 'CreateModel'; model = 'Volume'
                table = 'books'; ordering = ['-name']; db_comment = 'c'
                fields = [{ name = 'name', type = 'Text' }, { name = 'pages', type = 'Integer', help_text = 'h' }]
                indexes = [{ name = 'names', fields = ['name'] }]
                constraints = [{ name = 'once', unique = ['name'] }]"],
        );
        assert_optimized(&[BOOK, AUTHOR, "op = 'DeleteModel'; model = 'book'"], &[AUTHOR]);
    }

    #[test]
    fn a_key_waits_for_the_model_that_it_points_to() {
        let with_key = "op = 'CreateModel'; model = 'Book'
            fields = [{ name = 'title', type = 'Text' }, { name = 'author', type = 'ForeignKey', to = 'Author' }]";
        let with_key = with_key
            .replace("fields = [", "fields = [{ name = 'id', type = 'BigAuto', primary_key = true }, ");
        assert_optimized(&[BOOK, AUTHOR, ADD_AUTHOR], &[AUTHOR, &with_key]);
        // Each points to the other: one of the keys has to come behind both.
        let author = AUTHOR.replace("'name', type = 'Text'", "'best', type = 'ForeignKey', to = 'Book'");
        assert_kept(&[BOOK, &author, ADD_AUTHOR]);
    }

    #[test]
    fn nothing_crosses_what_does_more_than_it_says() {
        for barrier in [
            NOTHING,
            "op = 'RunSql'; forwards = 'SELECT 1'",
            "op = 'SeparateDatabaseAndState'",
            "op = 'CreateExtension'; name = 'citext'",
            "op = 'ValidateConstraint'; model = 'Author'; name = 'once'",
        ] {
            assert_kept(&[BOOK, barrier, ADD_PAGES]);
            assert_kept(&[ADD_INDEX, barrier, "op = 'RemoveIndex'; model = 'Book'; name = 'titles'"]);
        }
    }

    #[test]
    fn words_about_one_field_become_one_word() {
        let remove = "op = 'RemoveField'; model = 'Book'; name = 'pages'";
        let rename = "op = 'RenameField'; model = 'Book'; from = 'pages'; to = 'leaves'";
        let again = "op = 'RenameField'; model = 'Book'; from = 'leaves'; to = 'sheets'";
        let back = "op = 'RenameField'; model = 'Book'; from = 'leaves'; to = 'pages'";
        let filled = ADD_PAGES.replace("default = 0", "default = 0, help_text = 'h'");
        assert_optimized(&[ADD_PAGES, ADD_INDEX, ALTER_PAGES], &[ADD_INDEX, &filled]);
        assert_optimized(&[ADD_PAGES, ADD_INDEX, remove], &[ADD_INDEX]);
        assert_optimized(&[ADD_PAGES, rename], &[&ADD_PAGES.replace("pages", "leaves")]);
        assert_optimized(&[ALTER_PAGES, remove], &[remove]);
        let other = ALTER_PAGES.replace("'h'", "'i'");
        assert_optimized(&[ALTER_PAGES, ADD_AUTHOR, &other], &[&other, ADD_AUTHOR]);
        let altered = ALTER_PAGES.replace("pages", "leaves");
        assert_optimized(&[ALTER_PAGES, rename], &[rename, &altered]);
        assert_optimized(&[rename, again], &[&rename.replace("leaves", "sheets")]);
        assert_optimized(&[rename, back], &[]);
        // Rows that exist have the default that the new kind would not take.
        assert_kept(&[ADD_PAGES, &ALTER_PAGES.replace("Integer", "Text")]);
    }

    #[test]
    fn words_about_one_index_or_constraint_or_option_become_one_word() {
        let add = "op = 'AddConstraint'; model = 'Book'; constraint = { name = 'once', unique = ['title'] }; not_valid = true";
        let alter = "op = 'AlterConstraint'; model = 'Book'; constraint = { name = 'once', unique = ['title', 'id'] }";
        let remove = "op = 'RemoveConstraint'; model = 'Book'; name = 'once'";
        assert_optimized(&[add, ADD_PAGES, remove], &[ADD_PAGES]);
        assert_optimized(&[add, alter], &[&add.replace("['title']", "['title', 'id']")]);
        assert_optimized(&[alter, remove], &[remove]);
        let rename = "op = 'RenameIndex'; model = 'Book'; from = 'titles'; to = 'names'";
        assert_optimized(
            &[ADD_INDEX, ADD_PAGES, rename],
            &[ADD_PAGES, &ADD_INDEX.replace("titles", "names")],
        );
        assert_optimized(&[ADD_INDEX, "op = 'RemoveIndex'; model = 'Book'; name = 'titles'"], &[]);
        let options =
            |order: &str| format!("op = 'AlterModelOptions'; model = 'Book'; ordering = ['{order}']");
        assert_optimized(&[&options("a"), AUTHOR, &options("b")], &[AUTHOR, &options("b")]);
        let chain = ["op = 'RenameModel'; from = 'A'; to = 'B'", "op = 'RenameModel'; from = 'B'; to = 'C'"];
        assert_optimized(&chain, &["op = 'RenameModel'; from = 'A'; to = 'C'"]);
    }

    #[test]
    fn a_table_that_stays_behind_is_made_first() {
        assert_kept(&[BOOK, "op = 'AlterModelOptions'; model = 'Book'; managed = false"]);
        // Without a key a file would say another model.
        assert_kept(&[BOOK, "op = 'RemoveField'; model = 'Book'; name = 'id'"]);
    }

    #[test]
    fn a_key_is_given_up_before_another_field_gets_it() {
        assert_kept(&[
            "op = 'AlterField'; model = 'Book'; field = { name = 'id', type = 'BigInteger' }",
            "op = 'AddField'; model = 'Book'; field = { name = 'code', type = 'Uuid', primary_key = true }",
            "op = 'AddField'; model = 'Author'; field = { name = 'book', type = 'ForeignKey', to = 'Book' }",
        ]);
    }

    #[test]
    fn what_was_taken_is_free_before_another_takes_it() {
        assert_kept(&[
            "op = 'RemoveField'; model = 'Book'; name = 'author'",
            "op = 'DeleteModel'; model = 'Author'",
            "op = 'DeleteModel'; model = 'Book'",
        ]);
    }

    /// Numbers that look random and are the same in each run.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, end: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from((self.0 >> 33) % end as u64).unwrap()
        }

        fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
            words[self.below(words.len())]
        }
    }

    const MODELS: [&str; 3] = ["A", "B", "C"];
    const FIELDS: [&str; 4] = ["v", "w", "x", "y"];
    const PARTS: [&str; 3] = ["i", "j", "k"];

    fn any_field(numbers: &mut Numbers) -> String {
        let name = numbers.of(&FIELDS);
        let facts = match numbers.below(9) {
            0 | 1 => format!("type = 'ForeignKey', to = '{}'", numbers.of(&MODELS)),
            2 => format!(
                "type = 'OneToOne', to = '{}', to_field = '{}'",
                numbers.of(&MODELS),
                numbers.of(&FIELDS)
            ),
            3 => format!("type = 'Integer', db_column = '{}'", numbers.of(&["v", "w_id", "q"])),
            4 => format!("type = 'ManyToMany', to = '{}'", numbers.of(&MODELS)),
            5 => format!(
                "type = 'Generated', output = 'Integer', expression = '{} + 1'",
                numbers.of(&FIELDS.map(|other| if other == name { "1" } else { other }))
            ),
            _ => format!("type = 'Integer', default = {}, unique = true", numbers.below(3)),
        };
        format!("{{ name = '{name}', {facts} }}")
    }

    fn any_operation(numbers: &mut Numbers) -> String {
        let [model, other] = [numbers.of(&MODELS), numbers.of(&MODELS)];
        let [field, other_field] = [numbers.of(&FIELDS), numbers.of(&FIELDS)];
        let [part, other_part] = [numbers.of(&PARTS), numbers.of(&PARTS)];
        let preserve = numbers.of(&["true", "false"]);
        let sql = numbers.of(&["", ", condition = 'v > w'"]);
        match numbers.below(20) {
            0 | 1 => format!("op = 'CreateModel'; model = '{model}'; fields = [{}]", any_field(numbers)),
            2 => format!("op = 'DeleteModel'; model = '{model}'"),
            3 => format!("op = 'RenameModel'; from = '{model}'; to = '{other}'"),
            4 => format!("op = 'AlterModelTable'; model = '{model}'; table = '{part}'"),
            5 => format!("op = 'AlterModelTableComment'; model = '{model}'; comment = '{part}'"),
            6 => format!("op = 'AlterModelOptions'; model = '{model}'; ordering = ['-{field}']"),
            7 | 8 => format!(
                "op = 'AddField'; model = '{model}'; preserve_default = {preserve}; field = {}",
                any_field(numbers)
            ),
            9 => format!("op = 'RemoveField'; model = '{model}'; name = '{field}'"),
            10 | 11 => format!(
                "op = 'AlterField'; model = '{model}'; preserve_default = {preserve}; field = {}",
                any_field(numbers)
            ),
            12 | 13 => {
                format!("op = 'RenameField'; model = '{model}'; from = '{field}'; to = '{other_field}'")
            }
            14 => format!(
                "op = 'AddIndex'; model = '{model}'; index = {{ name = '{part}', fields = ['{field}']{sql} }}"
            ),
            15 => format!("op = 'RemoveIndex'; model = '{model}'; name = '{part}'"),
            16 => format!("op = 'RenameIndex'; model = '{model}'; from = '{part}'; to = '{other_part}'"),
            17 => format!(
                "op = 'AddConstraint'; model = '{model}'; constraint = {{ name = '{part}', unique = ['{field}']{sql} }}"
            ),
            18 => format!("op = 'RemoveConstraint'; model = '{model}'; name = '{part}'"),
            _ if numbers.below(4) == 0 => NOTHING.to_owned(),
            _ => format!(
                "op = 'AlterConstraint'; model = '{model}'; constraint = {{ name = '{part}', unique = ['{field}']{sql} }}"
            ),
        }
    }

    /// Whether everything that models name is there, also in their SQL and their ordering, and columns are told apart.
    fn is_whole(state: &ProjectState) -> bool {
        state.models().all(|model| {
            let keys = model.fields.iter().filter_map(|field| Some((field.to.as_deref()?, &field.to_field)));
            let points = |(to, to_field): (&str, &Option<String>)| {
                let target = state.target(model, to);
                target.is_some_and(|target| to_field.iter().all(|name| target.field(name).is_some()))
            };
            let of_indexes = model.options.indexes.iter().filter_map(|index| index.condition.clone());
            let of_rules = model.options.constraints.iter().filter_map(|rule| rule.condition.clone());
            let of_fields = model.fields.iter().filter_map(|field| field.expression.clone());
            let sql =
                of_indexes.chain(of_rules).chain(of_fields).map(|sql| format!("{sql:?}")).collect::<String>();

            let columns: BTreeSet<String> = model.fields.iter().map(Field::column).collect();
            let mut words = sql.split(|sign: char| !sign.is_alphanumeric() && sign != '_');
            columns.len() == model.fields.len()
                && model.fields.iter().all(|field| field.to_field.as_ref() != Some(&field.name))
                && keys.into_iter().all(points)
                && words.all(|word| {
                    word.parse::<u8>().is_ok() || ["", "Same"].contains(&word) || columns.contains(word)
                })
                && model.options.ordering.iter().all(|name| model.field(&name[1..]).is_some())
        })
    }

    fn told(story: &[Operation]) -> String {
        let line = |one: &Operation| format!("{} {}\n", one.name(), one.keys().unwrap()).replace('\n', "; ");
        story.iter().map(|one| line(one) + "\n").collect()
    }

    /// Operations that the state takes one after the other, and the state behind them.
    fn story(numbers: &mut Numbers, state: &ProjectState, length: usize) -> (Vec<Operation>, ProjectState) {
        let (mut state, mut story) = (state.clone(), Vec::new());
        while story.len() < length {
            let operation = operations(&[&any_operation(numbers)]).remove(0);
            let mut next = state.clone();
            if operation.change().state_forwards(APP, &mut next).is_ok() && is_whole(&next) {
                state = next;
                story.push(operation);
            }
        }
        (story, state)
    }

    fn replayed(state: &ProjectState, story: &[Operation]) -> Result<ProjectState, String> {
        let mut state = state.clone();
        for operation in story {
            operation.change().state_forwards(APP, &mut state)?;
        }
        Ok(state)
    }

    #[test]
    fn random_operations_give_the_same_models_by_fewer_operations() {
        let mut numbers = Numbers(7);
        let (mut before, mut after) = (0, 0);
        for _ in 0..300 {
            // Half of the models are there already.
            let (_, start) = story(&mut numbers, &ProjectState::default(), 6);
            let length = numbers.below(14);
            let (story, end) = story(&mut numbers, &start, length);
            let shorter = optimized(APP, story.clone());
            let again = replayed(&start, &shorter);
            assert!(again == Ok(end), "{}became\n{}{again:?}\nfrom {start:?}", told(&story), told(&shorter));
            assert_eq!(optimized(APP, shorter.clone()), shorter);
            assert!(shorter.len() <= story.len());
            (before, after) = (before + story.len(), after + shorter.len());
        }
        assert!(after * 10 < before * 8, "{before} operations became {after}");
    }
}
