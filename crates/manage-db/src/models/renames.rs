//! What a model names is called otherwise.

use std::collections::BTreeMap;

use super::meta::ModelState;
use crate::SqlText;
use crate::backends::base::with_renamed;

impl ModelState {
    /// Calls a field otherwise wherever the model names it, and its column in the model's SQL.
    pub(crate) fn rename_field(&mut self, from: &str, to: &str) {
        let Some(position) = self.fields.iter().position(|field| field.name == from) else { return };
        let column = self.fields[position].column();
        to.clone_into(&mut self.fields[position].name);
        let renamed = self.fields[position].column();
        let options = &mut self.options;
        let indexed =
            options.indexes.iter_mut().flat_map(|index| index.fields.iter_mut().chain(&mut index.include));
        let unique = options.constraints.iter_mut().flat_map(|constraint| &mut constraint.unique);
        for name in indexed.chain(unique).chain(&mut options.ordering) {
            let sign = if name.starts_with('-') { "-" } else { "" };
            if name.trim_start_matches('-') == from {
                *name = format!("{sign}{to}");
            }
        }
        self.rename_column(&column, &renamed);
    }

    /// Calls a column otherwise in the model's SQL.
    pub(crate) fn rename_column(&mut self, from: &str, to: &str) {
        if from == to {
            return;
        }
        let names = BTreeMap::from([(from.to_owned(), to.to_owned())]);
        let options = &mut self.options;
        let indexes = options.indexes.iter_mut();
        let of_indexes = indexes.flat_map(|index| index.expressions.iter_mut().chain(&mut index.condition));
        let of_constraints = options.constraints.iter_mut().flat_map(|constraint| {
            [&mut constraint.check, &mut constraint.exclude, &mut constraint.condition].into_iter().flatten()
        });
        let of_fields = self.fields.iter_mut().filter_map(|field| field.expression.as_mut());
        for sql in of_indexes.chain(of_constraints).chain(of_fields) {
            rewrite(sql, &names);
        }
    }
}

fn rewrite(sql: &mut SqlText, names: &BTreeMap<String, String>) {
    match sql {
        SqlText::Same(text) => *text = with_renamed(text, names),
        SqlText::PerDialect(texts) => {
            for text in texts.values_mut() {
                *text = with_renamed(text, names);
            }
        }
    }
}
