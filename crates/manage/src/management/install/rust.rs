//! The lines of a site in Rust: the module in the crate's root, the app in the list of apps.

use std::fs;
use std::io;
use std::path::Path;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::list::List;
use super::plan::{Edit, Plan, Step};
use super::span::{Change, changed, newline};
use crate::management::error::{CommandError, CommandResult};

/// Where a site may name its apps.
const FILES: [&str; 3] = ["src/lib.rs", "src/main.rs", "src/apps.rs"];

/// How a site names its apps.
const CALL: &str = "`.apps([...])`";

/// What installs an app in a site in Rust.
///
/// # Errors
/// When the site has no crate, a file cannot be read, or another module has the name.
pub(crate) fn in_rust(root: &Path, label: &str) -> CommandResult<Plan> {
    let read = FILES.iter().filter_map(|file| Source::read(root, file).transpose());
    let sources = read.collect::<CommandResult<Vec<Source>>>()?;
    let first = sources.iter().find(|source| source.file != FILES[2]).ok_or_else(|| {
        CommandError::failed(format!("{} has neither lib.rs nor main.rs", root.join("src").display()))
    })?;
    let source = match only_list(&sources) {
        Ok(source) => source,
        Err(reason) => {
            let steps = vec![module_step(first.file, label), app_step(first.file, label)];
            return Ok(Plan::by_hand(steps, reason));
        }
    };
    let crate_root = sources.iter().find(|root| root.is_root_of(source)).unwrap_or(first);
    if crate_root.modules.iter().any(|module| module.name == label && module.is_inline) {
        let text = format!("{} has a module `{label}` already", crate_root.file);
        return Err(CommandError::failed(text).hint("nothing was written; choose another name"));
    }
    Ok(plan(crate_root, source, label))
}

/// The file with the one list of apps, or why it is not known.
fn only_list<'a>(sources: &'a [Source<'a>]) -> Result<&'a Source<'a>, String> {
    if let Some(source) = sources.iter().find(|source| !source.is_read) {
        return Err(format!("{} cannot be read as Rust", source.file));
    }
    let with_list: Vec<&Source> =
        sources.iter().flat_map(|source| source.lists.iter().map(move |_| source)).collect();
    match with_list.as_slice() {
        [source] => Ok(source),
        [] => {
            let files: Vec<&str> = sources.iter().map(|source| source.file).collect();
            Err(format!("{CALL} stands nowhere in {}", files.join(" and ")))
        }
        [first, .., last] if first.file == last.file => {
            Err(format!("{CALL} stands in {} more than once", first.file))
        }
        [first, .., last] => Err(format!("{CALL} stands in {} and in {}", first.file, last.file)),
    }
}

fn plan(crate_root: &Source, source: &Source, label: &str) -> Plan {
    let is_named = source.lists.iter().any(|list| list.names(label));
    let mut plan = if is_named { Plan::done(source.file) } else { Plan::nothing() };
    let mut changes: Vec<(&Source, Vec<Change>)> = Vec::new();
    if !crate_root.modules.iter().any(|module| module.name == label) {
        plan.steps.push(module_step(crate_root.file, label));
        changes.push((crate_root, vec![crate_root.add_module(label)]));
    }
    if let Some(list) = source.lists.iter().find(|list| !list.names(label)) {
        plan.steps.push(app_step(source.file, label));
        let added = list.place.add(&source.text, &app(label));
        match changes.first_mut().filter(|(changed, _)| changed.file == source.file) {
            Some((_, changes)) => changes.extend(added),
            None => changes.push((source, added)),
        }
    }
    plan.edits = Ok(changes.into_iter().map(|(source, changes)| source.edit(changes)).collect());
    plan
}

fn app(label: &str) -> String {
    format!("crate::{label}::APP")
}

fn module_step(file: &str, label: &str) -> Step {
    Step { file: file.to_owned(), line: format!("mod {label};") }
}

fn app_step(file: &str, label: &str) -> Step {
    Step { file: file.to_owned(), line: format!("`{}` into {CALL}", app(label)) }
}

/// A file of the site, by its tokens: comments and strings hold none.
struct Source<'a> {
    file: &'static str,
    root: &'a Path,
    text: String,
    is_read: bool,
    lists: Vec<Apps>,
    modules: Vec<Module>,
    /// Behind the comments and attributes of the whole file.
    top: Option<usize>,
    /// Before the first token behind those.
    first: usize,
}

/// A call `.apps([...])`.
struct Apps {
    place: List,
    /// Its items without spaces.
    items: Vec<String>,
}

/// A `mod` item of the file's own floor.
struct Module {
    name: String,
    is_inline: bool,
    end: usize,
}

impl<'a> Source<'a> {
    fn read(root: &'a Path, file: &'static str) -> CommandResult<Option<Self>> {
        match fs::read_to_string(root.join(file)) {
            Ok(text) => Ok(Some(Self::of(root, file, text))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(CommandError::failed(format!("{file}: cannot be read: {error}"))),
        }
    }

    fn of(root: &'a Path, file: &'static str, text: String) -> Self {
        let parsed = text.parse::<TokenStream>();
        let is_read = parsed.is_ok();
        let tokens: Vec<TokenTree> = parsed.unwrap_or_default().into_iter().collect();
        let inner = inner_attributes(&tokens);
        let top = inner.checked_sub(1).map(|last| tokens[last].span().byte_range().end);
        let first = tokens.get(inner).map_or(text.len(), |token| token.span().byte_range().start);
        let mut lists = Vec::new();
        find_lists(&tokens, &mut lists);
        Self { file, root, is_read, lists, modules: modules(&tokens), top, first, text }
    }

    /// Whether this is the root of the crate in which `source` is.
    fn is_root_of(&self, source: &Self) -> bool {
        self.file == source.file
            || source.file == FILES[2] && self.modules.iter().any(|module| module.name == "apps")
    }

    /// A `mod` line behind the last one; without one, behind what the file says about itself.
    fn add_module(&self, label: &str) -> Change {
        let (line, end) = (format!("mod {label};"), newline(&self.text));
        let last = self.modules.iter().rfind(|module| !module.is_inline);
        let (place, gap) = match (last, self.top) {
            (Some(last), _) => (last.end, ""),
            (None, Some(top)) => (top, end),
            (None, None) => return (self.first..self.first, format!("{line}{end}{end}")),
        };
        // A comment behind it stays on its line.
        let rest = self.text[place..].split_inclusive('\n').next().unwrap_or_default();
        let is_comment = rest.trim().is_empty() || rest.trim_start().starts_with("//");
        match rest.ends_with('\n') && is_comment {
            true => (place + rest.len()..place + rest.len(), format!("{gap}{line}{end}")),
            // The end of a comment of the whole file is the end of its line.
            false => (place..place, format!("{end}{gap}{line}")),
        }
    }

    fn edit(&self, changes: Vec<Change>) -> Edit {
        Edit {
            file: self.file.to_owned(),
            path: self.root.join(self.file),
            before: self.text.clone(),
            after: changed(&self.text, changes),
        }
    }
}

impl Apps {
    fn of(group: &Group) -> Self {
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
        let text = |tokens: &[TokenTree]| tokens.iter().map(ToString::to_string).collect::<String>();
        let place = List {
            open: group.span_open().byte_range().end,
            close: group.span_close().byte_range().start,
            end: tokens.last().map(|token| token.span().byte_range().end),
            has_comma: tokens.last().is_some_and(is_comma),
        };
        Self { place, items: tokens.split(is_comma).map(text).collect() }
    }

    fn names(&self, label: &str) -> bool {
        let name = format!("{label}::APP");
        self.items.iter().any(|item| {
            let item = item.strip_prefix("crate::").or_else(|| item.strip_prefix("self::")).unwrap_or(item);
            item == name
        })
    }
}

/// How many tokens the comments `//!` and attributes `#![...]` at the top are.
fn inner_attributes(tokens: &[TokenTree]) -> usize {
    let is_inner = |three: &&[TokenTree]| {
        matches!(three, [TokenTree::Punct(hash), TokenTree::Punct(mark), TokenTree::Group(group)]
            if hash.as_char() == '#' && mark.as_char() == '!' && group.delimiter() == Delimiter::Bracket)
    };
    tokens.chunks(3).take_while(is_inner).count() * 3
}

fn modules(tokens: &[TokenTree]) -> Vec<Module> {
    let module = |three: &[TokenTree]| {
        let [TokenTree::Ident(word), TokenTree::Ident(name), body] = three else { return None };
        let is_inline = match body {
            TokenTree::Punct(punct) if punct.as_char() == ';' => false,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => true,
            _ => return None,
        };
        let end = body.span().byte_range().end;
        (word == "mod").then(|| Module { name: name.to_string(), is_inline, end })
    };
    tokens.windows(3).filter_map(module).collect()
}

/// Every call `.apps([...])`, but for those of tests.
fn find_lists(tokens: &[TokenTree], found: &mut Vec<Apps>) {
    let mut is_of_tests = false;
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ';' => {
                is_of_tests = false;
            }
            TokenTree::Group(group) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                if is_cfg_test(&tokens[..index], group) {
                    is_of_tests = true;
                } else if is_of_tests {
                    is_of_tests = group.delimiter() != Delimiter::Brace;
                } else if let (true, [TokenTree::Group(list)]) =
                    (is_apps(&tokens[..index], group), inner.as_slice())
                    && list.delimiter() == Delimiter::Bracket
                {
                    found.push(Apps::of(list));
                } else {
                    find_lists(&inner, found);
                }
            }
            _ => {}
        }
    }
}

fn is_cfg_test(before: &[TokenTree], group: &Group) -> bool {
    let is_attribute = matches!(before.last(), Some(TokenTree::Punct(punct)) if punct.as_char() == '#');
    is_attribute && group.stream().to_string().replace(' ', "") == "cfg(test)"
}

fn is_apps(before: &[TokenTree], group: &Group) -> bool {
    let is_method = matches!(before, [.., TokenTree::Punct(dot), TokenTree::Ident(name)]
        if dot.as_char() == '.' && name == "apps");
    is_method && group.delimiter() == Delimiter::Parenthesis
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The one edit of `src/lib.rs` with this text.
    fn installed(text: &str) -> String {
        let source = Source::of(Path::new(""), FILES[0], text.to_owned());
        let plan = plan(&source, only_list(std::slice::from_ref(&source)).unwrap(), "c");
        plan.edits.unwrap().pop().map_or_else(|| text.to_owned(), |edit| edit.after)
    }

    #[test]
    fn an_app_is_added_to_lists_on_one_line_and_on_several() {
        let cases = [
            ("x.apps([a::APP, b::APP]).y()", "x.apps([a::APP, b::APP, crate::c::APP]).y()"),
            ("x.apps([]).y()", "x.apps([crate::c::APP]).y()"),
            ("x.apps([a::APP,])", "x.apps([a::APP, crate::c::APP])"),
            (
                "x\n    .apps([\n        a::APP,\n    ])\n",
                "x\n    .apps([\n        a::APP,\n        crate::c::APP,\n    ])\n",
            ),
            (
                "x.apps([\n    a::APP // ])\n    /* ]) */\n]);",
                "x.apps([\n    a::APP, // ])\n    /* ]) */\n    crate::c::APP,\n]);",
            ),
            ("x.apps([a::APP /* ]) */])", "x.apps([a::APP, crate::c::APP /* ]) */])"),
        ];
        for (before, after) in cases {
            assert_eq!(installed(&format!("mod c;\n{before}")), format!("mod c;\n{after}"));
        }
    }

    #[test]
    fn comments_strings_and_tests_are_no_list() {
        let text = "//! .apps([])\n\nmod c;\n\n/// .apps([x])\nfn f() -> Program {\n    // .apps([y])\n    \
                    let _ = \".apps([z])\";\n    Program::new().apps([é::APP])\n}\n\n#[cfg(test)]\nmod tests {\n    \
                    fn g() { x.apps([super::APP]) }\n}\n";
        assert_eq!(installed(text), text.replace("é::APP", "é::APP, crate::c::APP"));
    }

    #[test]
    fn a_module_goes_behind_the_last_one_or_to_the_top() {
        let list = "fn f() { x.apps([c::APP]) }\n";
        let cases = [
            ("//! a\n\npub mod b; // why\n\n", "//! a\n\npub mod b; // why\nmod c;\n\n"),
            ("//! a\n\nuse b;\n", "//! a\n\nmod c;\n\nuse b;\n"),
            ("use b;\n", "mod c;\n\nuse b;\n"),
            ("//! a\r\n\r\nuse b;\r\n", "//! a\r\n\r\nmod c;\r\n\r\nuse b;\r\n"),
            ("\u{feff}//! mod é;\n", "\u{feff}//! mod é;\n\nmod c;\n"),
            ("mod c;\n", "mod c;\n"),
            ("pub mod c;\n", "pub mod c;\n"),
            ("pub(crate) mod c ;\n", "pub(crate) mod c ;\n"),
            ("/* mod c; */ mod b; fn g() {}\n", "/* mod c; */ mod b;\nmod c; fn g() {}\n"),
        ];
        for (before, after) in cases {
            assert_eq!(installed(&format!("{before}{list}")), format!("{after}{list}"));
        }
    }
}
