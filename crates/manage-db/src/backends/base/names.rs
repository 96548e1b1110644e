//! Names that nobody gave, and names that are too long.

use manage_leaves::crypto;

/// Longest name that is made up for an index or constraint, whatever the database would allow.
const MAX_GENERATED_BYTES: usize = 63;

/// A name for an index or constraint that nobody gave, shaped as Django's: `<table>_<columns>_<8 hex><suffix>`.
///
/// It depends on its arguments alone, so that it never has to be looked up.
pub(crate) fn generated_name<S: AsRef<str>>(table: &str, columns: &[S], suffix: &str) -> String {
    let columns: Vec<&str> = columns.iter().map(AsRef::as_ref).collect();
    let digest = crypto::sha256_hex(format!("{table}\0{}", columns.join("\0")).as_bytes());
    let end = format!("{}{suffix}", &digest[..8]);
    let columns = columns.join("_");
    let name = format!("{table}_{columns}_{end}");
    let name = if name.len() <= MAX_GENERATED_BYTES {
        name
    } else {
        // The name of a referenced table may make the ending itself too long.
        let end = cut(&end, MAX_GENERATED_BYTES - 12);
        let share = (MAX_GENERATED_BYTES - end.len()) / 2 - 1;
        format!("{}_{}_{end}", cut(table, share), cut(&columns, share))
    };
    if name.starts_with(['_', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']) {
        format!("D{}", cut(&name, MAX_GENERATED_BYTES - 1))
    } else {
        name
    }
}

/// Pairs of names, before and after, in an order in which none is there twice. A ring of names is cut open by a name that
/// ends in `third`.
pub(crate) fn in_free_order(
    mut open: Vec<(String, String)>,
    third: &str,
    is_same: impl Fn(&str, &str) -> bool,
) -> Vec<(String, String)> {
    let mut done = Vec::with_capacity(open.len());
    while !open.is_empty() {
        match open.iter().position(|(_, new)| open.iter().all(|(old, _)| !is_same(old, new))) {
            Some(position) => done.push(open.remove(position)),
            None => {
                let between = shortened(&format!("{}{third}", open[0].0), MAX_GENERATED_BYTES);
                done.push((std::mem::replace(&mut open[0].0, between.clone()), between));
            }
        }
    }
    done
}

/// `name`, or where it is longer than `max_bytes` its beginning and a hash of the whole.
pub(crate) fn shortened(name: &str, max_bytes: usize) -> String {
    if name.len() <= max_bytes {
        return name.to_owned();
    }
    let digest = crypto::sha256_hex(name.as_bytes());
    format!("{}_{}", cut(name, max_bytes.saturating_sub(9)), &digest[..8])
}

/// The longest beginning of `text` of at most `max_bytes`.
fn cut(text: &str, max_bytes: usize) -> &str {
    let mut end = max_bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_name_is_stable_and_fits() {
        let name = generated_name("blog_article", &["author_id"], "_fk_auth_user_id");
        assert!(name.starts_with("blog_article_author_id_") && name.ends_with("_fk_auth_user_id"), "{name}");
        assert_eq!(name, generated_name("blog_article", &["author_id"], "_fk_auth_user_id"));
        assert_ne!(name, generated_name("blog_article", &["author"], "_fk_auth_user_id"));
        let long = generated_name(&"t".repeat(90), &["c".repeat(90)], &format!("_fk_{}", "é".repeat(90)));
        assert!(long.len() <= 63, "{long}");
        assert!(generated_name("1st", &["a"], "").starts_with('D'));
    }

    #[test]
    fn a_long_name_keeps_its_beginning_and_differs_from_its_neighbours() {
        assert_eq!(shortened("short", 64), "short");
        let (one, two) = (shortened(&format!("{}1", "n".repeat(70)), 63), shortened(&"n".repeat(71), 63));
        assert_eq!(one.len(), 63);
        assert_ne!(one, two);
    }
}
