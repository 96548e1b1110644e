//! Names that templates ask for, found without rendering them.

use super::source::{names, read};
use crate::files::ProjectFiles;

/// A name of an address or a static file in a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The template, without the folder.
    pub template: String,
    /// Line, from 1.
    pub line: usize,
    /// The function: `url` or `static`.
    pub function: &'static str,
    /// Its first argument.
    pub name: String,
}

/// Every `url('...')` and `static('...')` with a literal name, in the order of templates and lines.
pub(crate) fn references(files: &ProjectFiles) -> Vec<Reference> {
    let mut found = Vec::new();
    for template in names(files) {
        let Ok(Some(text)) = read(files, &template) else { continue };
        for (index, line) in text.lines().enumerate() {
            for function in ["url", "static"] {
                found.extend(literals(line, function).map(|name| Reference {
                    template: template.clone(),
                    line: index + 1,
                    function,
                    name: name.to_owned(),
                }));
            }
        }
    }
    found
}

/// The literal first arguments of `function` in a line.
fn literals<'a>(line: &'a str, function: &'static str) -> impl Iterator<Item = &'a str> {
    line.match_indices(function).filter_map(move |(start, _)| {
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        if line[..start].ends_with(is_name) {
            return None;
        }
        let argument = line[start + function.len()..].strip_prefix('(')?.trim_start();
        let quote = argument.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        argument[1..].split(quote).next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_names_are_found_and_others_are_not() {
        let line = r#"{{ url('a:b', x) }} {{ static("c/d.css") }} {{ curl('no') }} {{ url(name) }} {{ url( "e" ) }}"#;
        assert_eq!(literals(line, "url").collect::<Vec<_>>(), ["a:b", "e"]);
        assert_eq!(literals(line, "static").collect::<Vec<_>>(), ["c/d.css"]);
    }
}
