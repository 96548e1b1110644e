//! The rule of direction inside each crate, the rooms without `async`, and no vendor's name outside of the backends.
//!
//! A module uses only its own children and modules declared in an earlier group of its parent's file. Groups are
//! divided by blank lines or comments. Modules called `tests` are exempt. Between crates the compiler holds it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Every crate of the house, with the file that its modules begin at.
const CRATES: [(&str, &str); 6] = [
    ("wayfarer", "src/lib.rs"),
    ("manage", "crates/manage/src/lib.rs"),
    ("manage_db", "crates/manage-db/src/lib.rs"),
    ("manage_certificates", "crates/manage-certificates/src/lib.rs"),
    ("manage_leaves", "crates/manage-leaves/src/lib.rs"),
    ("manage_derive", "crates/manage-derive/src/lib.rs"),
];

/// Rooms whose code never waits.
const ROOMS_WITHOUT_ASYNC: &[&str] = &[
    "manage::conf",
    "manage::files",
    "manage::forms",
    "manage::urls",
    "manage_certificates",
    "manage_db::backends::base::schema",
    "manage_db::migrations::error",
    "manage_db::migrations::file",
    "manage_db::migrations::graph",
    "manage_db::migrations::loader",
    "manage_db::migrations::operations",
    "manage_db::migrations::plan",
    "manage_db::migrations::state",
    "manage_db::models::constraints",
    "manage_db::models::declared",
    "manage_db::models::fields",
    "manage_db::models::meta",
    "manage_db::models::registry",
    "manage_db::files",
    "manage_db::router",
    "manage_db::settings",
    "manage_leaves",
];

const VENDORS: [&str; 5] = ["postgres", "mysql", "mariadb", "sqlite", "sqlstate_"];

/// Where vendors' names are at home: their own folder, and the settings, which take an engine's name as text.
const ROOMS_OF_VENDORS: [&str; 3] = ["manage_db::backends", "manage_db::settings", "manage::conf"];

/// One module of a crate.
struct Module {
    path: Vec<String>,
    file: PathBuf,
    tokens: TokenStream,
    /// Its children and the number of their group.
    children: BTreeMap<String, usize>,
    /// What it re-exports, and from where.
    exports: BTreeMap<String, Vec<String>>,
    /// What it re-exports of other crates.
    foreign: BTreeSet<String>,
}

/// The modules of one crate.
type Modules = BTreeMap<Vec<String>, Module>;

/// Every module of every crate with its whole path.
fn everywhere() -> Vec<(String, Module)> {
    let named = |(name, file): (&str, &str)| {
        let modules = modules(file).into_values();
        modules
            .map(|module| ([&[name.to_owned()], module.path.as_slice()].concat().join("::"), module))
            .collect::<Vec<_>>()
    };
    CRATES.into_iter().flat_map(named).collect()
}

fn is_in(path: &str, rooms: &[&str]) -> bool {
    rooms.iter().any(|room| path == *room || path.starts_with(&format!("{room}::")))
}

#[test]
fn no_module_uses_what_stands_beside_or_above_it() {
    let breaches: Vec<String> = CRATES
        .iter()
        .flat_map(|(_, file)| {
            let modules = modules(file);
            modules.values().flat_map(|module| breaches(module, &modules)).collect::<Vec<_>>()
        })
        .collect();
    assert!(
        breaches.is_empty(),
        "{} breaches of the rule of direction:\n{}",
        breaches.len(),
        breaches.join("\n")
    );
}

#[test]
fn every_file_is_reached_and_every_crate_is_looked_at() {
    let house = Path::new(env!("CARGO_MANIFEST_DIR"));
    let reached: BTreeSet<PathBuf> = everywhere().into_iter().map(|(_, module)| module.file).collect();
    let mut roots = vec![house.join("src")];
    roots.extend(fs::read_dir(house.join("crates")).unwrap().map(|entry| entry.unwrap().path().join("src")));
    let mut files = Vec::new();
    roots.iter().for_each(|root| rust_files(root, &mut files));
    let relative = files.iter().map(|file| file.strip_prefix(house).unwrap().to_owned());
    let missed: Vec<PathBuf> =
        relative.filter(|file| !file.ends_with("main.rs") && !reached.contains(file)).collect();
    assert!(missed.is_empty(), "no `mod` line leads to {missed:?}");
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn rooms_that_never_wait_hold_no_async() {
    let modules = everywhere();
    for room in ROOMS_WITHOUT_ASYNC {
        assert!(modules.iter().any(|(path, _)| path == room), "there is no room `{room}`");
    }
    for (path, module) in &modules {
        if is_in(path, ROOMS_WITHOUT_ASYNC) {
            let waits = flatten(&module.tokens).iter().any(|token| token == "async" || token == "await");
            assert!(!waits, "{} has `async` in a room that must have none", module.file.display());
        }
    }
}

#[test]
fn vendors_are_named_in_their_own_folder_alone() {
    let mut named = Vec::new();
    for (path, module) in everywhere() {
        if is_in(&path, &ROOMS_OF_VENDORS) {
            continue;
        }
        let mut tokens = flatten(&without_dialects(&module.tokens));
        tokens.retain(|token| VENDORS.iter().any(|vendor| token.to_lowercase().contains(vendor)));
        named.extend(tokens.into_iter().map(|token| format!("{}: {token}", module.file.display())));
    }
    assert!(named.is_empty(), "a vendor is named outside of the backends:\n{}", named.join("\n"));
}

#[test]
fn a_planted_breach_is_seen() {
    let source = "use crate::{conf, urls::Route};\nfn f() { crate::program::main(vec![]); super::beside::g(); }\nfn g() { crate::db::h() }";
    let mut modules = modules("crates/manage/src/lib.rs");
    let path = vec!["conf".to_owned()];
    let planted = module(path.clone(), PathBuf::from("conf/mod.rs"), source);
    modules.insert(path.clone(), planted);
    let breaches = breaches(&modules[&path], &modules);
    let (own, other) = (group_of(&modules, "conf"), group_of(&modules, "program"));
    assert_eq!(
        breaches,
        [
            format!("conf/mod.rs: `conf` (group {own}) uses `program` (group {other})"),
            format!("conf/mod.rs: `conf` (group {own}) uses `urls` (group {})", group_of(&modules, "urls")),
            "conf/mod.rs: `conf` uses `beside` of the root".to_owned(),
        ]
    );
}

#[test]
fn a_module_is_seen_whatever_its_visibility() {
    let text =
        "mod a;\npub mod b;\n\npub(crate) mod c;\npub(super) mod d;\n// next\npub(in crate::x) mod e;\n";
    let groups: Vec<(String, usize)> = children(text).into_iter().collect();
    let expected = [("a", 0), ("b", 0), ("c", 1), ("d", 1), ("e", 2)];
    assert_eq!(groups, expected.map(|(name, group)| (name.to_owned(), group)));
}

fn group_of(modules: &Modules, room: &str) -> usize {
    modules[&Vec::new()].children[room]
}

fn breaches(module: &Module, modules: &Modules) -> Vec<String> {
    let mut found = Vec::new();
    let file = module.file.display();
    for reference in references(&module.tokens, &module.path) {
        let Some(target) = resolve(&reference, modules) else { continue };
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

/// The module that a path leads to, through re-exports; none when it leads into another crate.
fn resolve(reference: &[String], modules: &Modules) -> Option<Vec<String>> {
    let mut path: Vec<String> = Vec::new();
    for (index, name) in reference.iter().enumerate() {
        let mut longer = path.clone();
        longer.push(name.clone());
        let module = modules.get(&path);
        if modules.contains_key(&longer) {
            path = longer;
        } else if module.is_some_and(|module| module.foreign.contains(name)) {
            return None;
        } else if let Some(source) = module.and_then(|module| module.exports.get(name)) {
            let onward = [source.as_slice(), &reference[index + 1..]].concat();
            return if onward == reference { Some(path) } else { resolve(&onward, modules) };
        } else {
            break;
        }
    }
    Some(path)
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
                // `$crate` belongs to the crate that calls the macro's own.
                if !matches!(before.as_deref(), Some(":" | "$")) && is_path(tokens, position + 1) {
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
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            for part in inner.split(|token| token.to_string() == ",").filter(|part| !part.is_empty()) {
                collect_paths(part, base, is_root, found);
            }
        }
        Some(TokenTree::Ident(name)) if name == "self" => found.push(base.to_vec()),
        Some(TokenTree::Ident(name)) => {
            let path = [base, &[name.to_string()]].concat();
            let is_macro = tokens.get(1).is_some_and(|token| token.to_string() == "!");
            if is_path(tokens, 1) {
                collect_paths(&tokens[3..], &path, false, found);
            } else if !(is_root && is_macro) {
                // A macro that is exported stands at the root wherever it is written.
                found.push(path);
            }
        }
        _ => found.push(base.to_vec()),
    }
}

/// The modules of the crate that begins with this file.
fn modules(root: &str) -> Modules {
    let mut modules = Modules::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
    read_module(&root, root.parent().unwrap(), Vec::new(), &mut modules);
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
        read_module(&file, &inner, [path.as_slice(), std::slice::from_ref(child)].concat(), modules);
    }
    modules.insert(path, module);
}

fn module(path: Vec<String>, file: PathBuf, text: &str) -> Module {
    let tokens: TokenStream = text.parse().unwrap();
    let (exports, foreign) = exports(&tokens, &path, text);
    Module { path, file, tokens, children: children(text), exports, foreign }
}

/// The `mod name;` lines of a file and their groups.
fn children(text: &str) -> BTreeMap<String, usize> {
    let mut children = BTreeMap::new();
    let mut group = 0;
    let mut in_group = false;
    for line in text.lines() {
        match without_visibility(line).strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) {
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

/// A declaration behind its `pub`, `pub(crate)`, `pub(super)` or `pub(in ...)`.
fn without_visibility(line: &str) -> &str {
    let Some(rest) = line.strip_prefix("pub") else { return line };
    let rest = match rest.strip_prefix('(') {
        Some(scoped) => scoped.split_once(')').map_or("", |(_, rest)| rest),
        None => rest,
    };
    rest.trim_start()
}

/// The names that `pub use` lines bring up with the paths behind them, and those that come from other crates.
fn exports(
    tokens: &TokenStream,
    module: &[String],
    text: &str,
) -> (BTreeMap<String, Vec<String>>, BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let own = children(text);
    let (mut exports, mut foreign) = (BTreeMap::new(), BTreeSet::new());
    for position in 0..tokens.len() {
        let Some(start) = public_use(&tokens, position) else { continue };
        let statement: Vec<TokenTree> =
            tokens[start..].iter().take_while(|token| token.to_string() != ";").cloned().collect();
        let Some(first) = statement.first().map(ToString::to_string) else { continue };
        let mut found = Vec::new();
        if ["crate", "super", "self"].contains(&first.as_str()) {
            let (base, next) = base(&statement, 0, module);
            collect_paths(&statement[next..], &base, false, &mut found);
        } else {
            collect_paths(&statement, module, false, &mut found);
            if !own.contains_key(&first) {
                foreign.extend(found.iter().filter_map(|path| path.last().cloned()));
                foreign.extend(alias(&statement));
                continue;
            }
        }
        exports.extend(found.into_iter().filter_map(|path| Some((path.last()?.clone(), path))));
    }
    (exports, foreign)
}

/// Where the path of a `pub use` or `pub(...) use` that begins at `position` starts.
fn public_use(tokens: &[TokenTree], position: usize) -> Option<usize> {
    let word = |position: usize| tokens.get(position).map(ToString::to_string).unwrap_or_default();
    if word(position) != "pub" {
        return None;
    }
    let next = position + if matches!(tokens.get(position + 1), Some(TokenTree::Group(_))) { 2 } else { 1 };
    (word(next) == "use").then_some(next + 1)
}

/// The name behind `as`.
fn alias(statement: &[TokenTree]) -> Option<String> {
    let at = statement.iter().position(|token| token.to_string() == "as")?;
    statement.get(at + 1).map(ToString::to_string)
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
