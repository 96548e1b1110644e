//! What models and fields of tables are called.

use std::collections::{BTreeMap, BTreeSet};

use crate::models::ModelState;

/// What is known of names.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    /// Label of the app.
    pub app: &'a str,
    /// By table, the names of the models that are made.
    pub models: &'a BTreeMap<&'a str, String>,
    /// By table, the models of others.
    pub known: &'a BTreeMap<String, &'a ModelState>,
    /// Whether a field must not be called so.
    pub is_reserved: &'a dyn Fn(&str) -> bool,
}

impl Names<'_> {
    /// Whether a known model makes the key of a column.
    pub(super) fn makes_key(&self, table: &str, column: &str) -> bool {
        let model = self.known.get(table);
        let mut fields = model.into_iter().flat_map(|model| &model.fields);
        fields.any(|field| {
            field.column() == column && field.kind.is_foreign_key() && field.db_constraint != Some(false)
        })
    }
}

/// The name of a table's model: in capitals, without the label of the app in front.
pub fn model_name(app: &str, table: &str) -> String {
    let own = table.get(..app.len()).filter(|start| start.eq_ignore_ascii_case(app));
    let bare = own.and_then(|_| table[app.len()..].strip_prefix('_')).filter(|rest| !rest.is_empty());
    let words = bare.unwrap_or(table).split(|c: char| !c.is_ascii_alphanumeric());
    let name: String = words.map(capitalised).collect();
    match name.chars().next() {
        Some(first) if first.is_ascii_alphabetic() => name,
        _ => format!("Table{name}"),
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// The name of a column's field: letters, digits and single underscores.
pub(super) fn field_name(column: &str, is_key: bool, is_reserved: &dyn Fn(&str) -> bool) -> String {
    let mut name = String::new();
    for sign in column.chars() {
        match sign {
            _ if sign.is_ascii_alphanumeric() => name.push(sign.to_ascii_lowercase()),
            _ if !name.ends_with('_') && !name.is_empty() => name.push('_'),
            _ => {}
        }
    }
    let name = name.trim_matches('_');
    let short = name.strip_suffix("_id").filter(|short| is_key && !short.is_empty());
    let name = short.unwrap_or(name);
    match name.chars().next() {
        None => "field".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("field_{name}"),
        Some(_) if is_reserved(name) => format!("{name}_field"),
        Some(_) => name.to_owned(),
    }
}

/// The name, or with a number behind it one that is not taken yet, in whatever case.
pub(super) fn free(name: String, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{name}{number}"));
    let found = std::iter::once(name.clone()).chain(numbered).find(|name| taken.insert(name.to_lowercase()));
    found.unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_columns_give_names_that_files_take() {
        for (table, name) in [
            ("shop_order_line", "OrderLine"),
            ("customers", "Customers"),
            ("Shop_Order", "Order"),
            ("shop_", "Shop"),
            ("2fa devices", "Table2faDevices"),
            ("бестand", "And"),
        ] {
            assert_eq!(model_name("shop", table), name, "{table}");
        }
        let is_reserved = |name: &str| name == "type";
        for (column, is_key, name) in [
            ("customer_id", true, "customer"),
            ("customer_id", false, "customer_id"),
            ("Unit Price__net_", false, "unit_price_net"),
            ("2nd", false, "field_2nd"),
            ("type", false, "type_field"),
            ("größe", false, "gr_e"),
            ("___", false, "field"),
            ("_id", true, "id"),
        ] {
            assert_eq!(field_name(column, is_key, &is_reserved), name, "{column}");
        }
        let mut taken = BTreeSet::from(["order".to_owned()]);
        assert_eq!(free("Order".to_owned(), &mut taken), "Order2");
    }
}
