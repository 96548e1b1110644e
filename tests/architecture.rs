//! The rule of direction, the rooms without `async`, and no vendor's name outside of `db/backends`.
//!
//! A module uses only its own children and modules declared in an earlier group of its parent's `mod.rs`. Groups are
//! divided by blank lines or comments. Modules called `tests` are exempt.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Rooms whose code never waits.
const ROOMS_WITHOUT_ASYNC: &[&str] = &[
    "certificates",
    "conf",
    "crypto",
    "db::backends::base::schema",
    "db::migrations::error",
    "db::migrations::file",
    "db::migrations::graph",
    "db::migrations::loader",
    "db::migrations::operations",
    "db::migrations::plan",
    "db::migrations::state",
    "db::models::constraints",
    "db::models::declared",
    "db::models::fields",
    "db::models::meta",
    "db::models::registry",
    "db::router",
    "files",
    "forms",
    "text",
    "timezone",
    "urls",
];

const VENDORS: [&str; 5] = ["postgres", "mysql", "mariadb", "sqlite", "sqlstate_"];

/// Where vendors' names are at home: their own folder, and the settings, which take an engine's name as text.
const ROOMS_OF_VENDORS: [&str; 2] = ["db::backends", "conf"];

/// One module of `src/`.
struct Module {
    path: Vec<String>,
    file: PathBuf,
    tokens: TokenStream,
    /// Its children and the number of their group.
    children: BTreeMap<String, usize>,
    /// What it re-exports, and from where.
    exports: BTreeMap<String, Vec<String>>,
}

type Modules = BTreeMap<Vec<String>, Module>;

#[test]
fn no_module_uses_what_stands_beside_or_above_it() {
    let modules = modules();
    assert!(modules.len() > 30, "the modules were not found");
    let breaches: Vec<String> = modules.values().flat_map(|module| breaches(module, &modules)).collect();
    assert!(
        breaches.is_empty(),
        "{} breaches of the rule of direction:\n{}",
        breaches.len(),
        breaches.join("\n")
    );
}

#[test]
fn rooms_that_never_wait_hold_no_async() {
    for module in modules().values() {
        let path = module.path.join("::");
        if ROOMS_WITHOUT_ASYNC.iter().any(|room| path == *room || path.starts_with(&format!("{room}::"))) {
            let waits = flatten(&module.tokens).iter().any(|token| token == "async" || token == "await");
            assert!(!waits, "{} has `async` in a room that must have none", module.file.display());
        }
    }
}

#[test]
fn vendors_are_named_in_their_own_folder_alone() {
    let mut named = Vec::new();
    for module in modules().values() {
        let path = module.path.join("::");
        if ROOMS_OF_VENDORS.iter().any(|room| path == *room || path.starts_with(&format!("{room}::"))) {
            continue;
        }
        let mut tokens = flatten(&without_dialects(&module.tokens));
        tokens.retain(|token| VENDORS.iter().any(|vendor| token.to_lowercase().contains(vendor)));
        named.extend(tokens.into_iter().map(|token| format!("{}: {token}", module.file.display())));
    }
    assert!(named.is_empty(), "a vendor is named outside of db/backends:\n{}", named.join("\n"));
}

#[test]
fn a_planted_breach_is_seen() {
    let source = "use crate::{conf, db};\nfn f() { crate::project::main(vec![]); super::beside::g(); }";
    let mut modules = modules();
    let path = vec!["text".to_owned()];
    let planted = module(path.clone(), PathBuf::from("src/text.rs"), source);
    modules.insert(path.clone(), planted);
    let breaches = breaches(&modules[&path], &modules);
    assert_eq!(
        breaches,
        [
            "src/text.rs: `text` (group 0) uses `project` (group 13)",
            "src/text.rs: `text` uses `beside` of the root",
            "src/text.rs: a brace at the root escapes the check: write one `use` per module",
        ]
        .map(|line| line.replace("13", &group_of(&modules, "project").to_string()))
    );
}

fn group_of(modules: &Modules, room: &str) -> usize {
    modules[&Vec::new()].children[room]
}

fn breaches(module: &Module, modules: &Modules) -> Vec<String> {
    let mut found = Vec::new();
    let file = module.file.display();
    for reference in references(&module.tokens, &module.path) {
        if reference.first().is_some_and(|name| name == "{") {
            found.push(format!("{file}: a brace at the root escapes the check: write one `use` per module"));
            continue;
        }
        let target = resolve(&reference, modules);
        let common = module.path.iter().zip(&target).take_while(|(a, b)| a == b).count();
        let (Some(own), Some(other)) = (module.path.get(common), target.get(common)) else {
            // An ancestor's own item is above; a descendant is a child.
            if target.len() < module.path.len() && reference.len() > target.len() {
                let above = if target.is_empty() { "the root".to_owned() } else { target.join("::") };
                found.push(format!(
                    "{file}: `{}` uses `{}` of {above}",
                    module.path.join("::"),
                    reference[target.len()]
                ));
            }
            continue;
        };
        let parent = &modules[&module.path[..common]];
        let (own_group, other_group) = (parent.children[own], parent.children[other]);
        if other_group >= own_group {
            let name =
                |last: &String| [&module.path[..common], std::slice::from_ref(last)].concat().join("::");
            found.push(format!(
                "{file}: `{}` (group {own_group}) uses `{}` (group {other_group})",
                name(own),
                name(other)
            ));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The module that a path leads to, through re-exports.
fn resolve(reference: &[String], modules: &Modules) -> Vec<String> {
    let mut path: Vec<String> = Vec::new();
    for (index, name) in reference.iter().enumerate() {
        let mut longer = path.clone();
        longer.push(name.clone());
        if modules.contains_key(&longer) {
            path = longer;
        } else if let Some(source) = modules.get(&path).and_then(|module| module.exports.get(name)) {
            let onward = [source.as_slice(), &reference[index + 1..]].concat();
            return if onward == reference { path } else { resolve(&onward, modules) };
        } else {
            break;
        }
    }
    path
}

/// Absolute paths that begin with `crate`, `super` or `self`.
fn references(tokens: &TokenStream, module: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    collect_references(&tokens.clone().into_iter().collect::<Vec<_>>(), module, &mut found);
    found
}

fn collect_references(tokens: &[TokenTree], module: &[String], found: &mut Vec<Vec<String>>) {
    let mut position = 0;
    while position < tokens.len() {
        match &tokens[position] {
            TokenTree::Ident(ident) if ident == "crate" || ident == "super" || ident == "self" => {
                let before = position.checked_sub(1).map(|before| tokens[before].to_string());
                if before.as_deref() != Some(":") && is_path(tokens, position + 1) {
                    let (base, next) = base(tokens, position, module);
                    collect_paths(&tokens[next..], &base, ident == "crate", found);
                }
            }
            TokenTree::Group(group) => {
                let is_tests = position >= 2
                    && tokens[position - 1].to_string() == "tests"
                    && tokens[position - 2].to_string() == "mod";
                if !is_tests {
                    collect_references(&group.stream().into_iter().collect::<Vec<_>>(), module, found);
                }
            }
            _ => {}
        }
        position += 1;
    }
}

fn is_path(tokens: &[TokenTree], position: usize) -> bool {
    let colon = |position: usize| tokens.get(position).is_some_and(|token| token.to_string() == ":");
    colon(position) && colon(position + 1)
}

/// The module that `crate::`, `self::` or `super::super::` stands for, and where the path goes on.
fn base(tokens: &[TokenTree], mut position: usize, module: &[String]) -> (Vec<String>, usize) {
    let mut base = if tokens[position].to_string() == "crate" { Vec::new() } else { module.to_vec() };
    while tokens.get(position).is_some_and(|token| token.to_string() == "super") {
        base.pop();
        position += 3;
        if tokens.get(position).is_none_or(|token| token.to_string() != "super") {
            return (base, position);
        }
    }
    (base, position + 3)
}

/// Follows a path and its braces to every name at its end.
fn collect_paths(tokens: &[TokenTree], base: &[String], is_root: bool, found: &mut Vec<Vec<String>>) {
    match tokens.first() {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
            if is_root {
                found.push(vec!["{".to_owned()]);
                return;
            }
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            for part in inner.split(|token| token.to_string() == ",").filter(|part| !part.is_empty()) {
                collect_paths(part, base, false, found);
            }
        }
        Some(TokenTree::Ident(name)) if name == "self" => found.push(base.to_vec()),
        Some(TokenTree::Ident(name)) => {
            let path = [base, &[name.to_string()]].concat();
            if is_path(tokens, 1) {
                collect_paths(&tokens[3..], &path, false, found);
            } else {
                found.push(path);
            }
        }
        _ => found.push(base.to_vec()),
    }
}

fn modules() -> Modules {
    let mut modules = Modules::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    read_module(&source.join("lib.rs"), &source, Vec::new(), &mut modules);
    modules
}

fn read_module(file: &Path, folder: &Path, path: Vec<String>, modules: &mut Modules) {
    let text = fs::read_to_string(file).unwrap();
    let relative = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
    let module = module(path.clone(), relative.to_owned(), &text);
    for child in module.children.keys() {
        let inner = folder.join(child);
        let flat = folder.join(format!("{child}.rs"));
        let file = if flat.exists() { flat } else { inner.join("mod.rs") };
        if file.exists() {
            read_module(&file, &inner, [path.as_slice(), std::slice::from_ref(child)].concat(), modules);
        }
    }
    modules.insert(path, module);
}

fn module(path: Vec<String>, file: PathBuf, text: &str) -> Module {
    let tokens: TokenStream = text.parse().unwrap();
    let exports = exports(&tokens, &path);
    Module { path, file, tokens, children: children(text), exports }
}

/// The `mod name;` lines of a file and their groups.
fn children(text: &str) -> BTreeMap<String, usize> {
    let mut children = BTreeMap::new();
    let mut group = 0;
    let mut in_group = false;
    for line in text.lines() {
        let declaration =
            line.strip_prefix("pub(crate) ").or_else(|| line.strip_prefix("pub ")).unwrap_or(line);
        match declaration.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) {
            Some(name) => {
                children.insert(name.to_owned(), group);
                in_group = true;
            }
            None if in_group && (line.trim().is_empty() || line.starts_with("//")) => {
                group += 1;
                in_group = false;
            }
            None => {}
        }
    }
    children
}

/// The names that `pub use` lines bring up, and the paths behind them.
fn exports(tokens: &TokenStream, module: &[String]) -> BTreeMap<String, Vec<String>> {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut exports = BTreeMap::new();
    for (position, window) in tokens.windows(3).enumerate() {
        if window[0].to_string() != "pub" || window[1].to_string() != "use" {
            continue;
        }
        let mut found = Vec::new();
        match window[2].to_string().as_str() {
            "crate" | "super" | "self" => {
                let (base, next) = base(&tokens, position + 2, module);
                collect_paths(&tokens[next..], &base, false, &mut found);
            }
            _ => collect_paths(&tokens[position + 2..], module, false, &mut found),
        }
        exports.extend(found.into_iter().filter_map(|path| Some((path.last()?.clone(), path))));
    }
    exports
}

/// Every identifier and string of the code; doc comments and test modules are left out.
fn flatten(tokens: &TokenStream) -> Vec<String> {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut found = Vec::new();
    for (position, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => {
                let before = |back: usize| position.checked_sub(back).map(|at| tokens[at].to_string());
                let is_attribute = matches!(before(1).as_deref(), Some("#" | "!"));
                let is_tests = before(1).as_deref() == Some("tests") && before(2).as_deref() == Some("mod");
                if !is_attribute && !is_tests {
                    found.extend(flatten(&group.stream()));
                }
            }
            TokenTree::Punct(_) => {}
            other => found.push(other.to_string()),
        }
    }
    found
}

/// The tokens without the braces of `Dialects { ... }`, where one statement stands in each dialect.
fn without_dialects(tokens: &TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut kept = Vec::new();
    for (position, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => {
                let name = position.checked_sub(1).map(|before| tokens[before].to_string());
                if name.as_deref() != Some("Dialects") {
                    let inner = without_dialects(&group.stream());
                    kept.push(TokenTree::Group(proc_macro2::Group::new(group.delimiter(), inner)));
                }
            }
            other => kept.push(other.clone()),
        }
    }
    kept.into_iter().collect()
}
