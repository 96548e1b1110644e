//! Databases that no settings file names: those of the environment, and the one that every project has.

use std::collections::BTreeSet;

use manage_leaves::environment::Environment;

use super::content::strings;
use super::error::Origin;
use super::tree::{Content, Node, Table};
use crate::db::DEFAULT_ALIAS;

/// The variable with which hosting services give the address of the database; `USERS_DATABASE_URL` gives that of
/// `users`.
const URL: &str = "DATABASE_URL";

/// The text of `settings/base.toml` for a project that needs no more than a database.
pub(crate) const PLAIN_SETTINGS: &str = "\
# What holds in every profile; settings/<profile>.toml lies over it. `manage diffsettings --all` lists every setting.

[databases.default]
url = \"${DATABASE_URL:-sqlite:///db.sqlite3}\"
";

/// Whether the environment says which database to use.
pub(super) fn is_in(environment: &Environment, aliases: &BTreeSet<String>) -> bool {
    url(environment, DEFAULT_ALIAS).is_some()
        || aliases.iter().any(|alias| url(environment, alias).is_some())
        || !environment.with_prefix("MANAGE__DATABASES__").is_empty()
}

/// The databases that the layers name.
pub(super) fn aliases(table: &Table) -> BTreeSet<String> {
    keys(table, "databases")
}

/// Takes the addresses of the environment for the databases that the project's own layers do not name. With
/// `DATABASE_URL` every app lives there, unless the project's own layers or another such variable say more.
pub(super) fn take_urls(table: &mut Table, own: &Table, environment: &Environment) {
    let named = keys(own, "databases");
    let routed = routes(table).into_iter().flat_map(|(_, aliases)| aliases);
    let mut known: BTreeSet<String> = keys(table, "databases").into_iter().chain(routed).collect();
    known.insert(DEFAULT_ALIAS.to_owned());
    let taken: Vec<(String, Node)> = known
        .into_iter()
        .filter(|alias| !named.contains(alias))
        .filter_map(|alias| url(environment, &alias).map(|node| (alias, node)))
        .collect();
    if taken.iter().any(|(alias, _)| alias == DEFAULT_ALIAS) {
        gather(table, own, &taken);
    }
    for (alias, node) in taken {
        let database =
            Node { origin: node.origin.clone(), value: Content::Table(Table::from([("url".into(), node)])) };
        within(table, "databases", |databases| databases.insert(alias, database));
    }
}

/// Every project has a database called `default`.
pub(super) fn add_default(table: &mut Table, environment: &Environment) {
    within(table, "databases", |databases| {
        // Databases that the environment alone names are further ones.
        let is_further = |alias: &String| url(environment, alias).is_some();
        if databases.keys().all(is_further) && !databases.contains_key(DEFAULT_ALIAS) {
            let name = Node { value: Content::Text("db.sqlite3".into()), origin: Origin::Default };
            let database = Content::Table(Table::from([("name".into(), name)]));
            databases.insert(DEFAULT_ALIAS.into(), Node { value: database, origin: Origin::Default });
        }
    });
}

/// Leaves out the databases that the site would have had besides the one that was given, and the routes to them.
fn gather(table: &mut Table, own: &Table, taken: &[(String, Node)]) {
    let (named, routed) = (keys(own, "databases"), keys(own, "routes"));
    let stays = |alias: &String| named.contains(alias) || taken.iter().any(|(other, _)| other == alias);
    within(table, "databases", |databases| databases.retain(|alias, _| stays(alias)));
    let lead_nowhere: Vec<String> = routes(table)
        .into_iter()
        .filter(|(app, aliases)| !routed.contains(app) && !aliases.iter().all(stays))
        .map(|(app, _)| app)
        .collect();
    within(table, "routes", |routes| routes.retain(|app, _| !lead_nowhere.contains(app)));
}

fn url(environment: &Environment, alias: &str) -> Option<Node> {
    let name = match alias {
        DEFAULT_ALIAS => URL.to_owned(),
        other => format!("{}_{URL}", other.to_ascii_uppercase()),
    };
    let value = environment.get(&name).filter(|value| !value.is_empty())?.to_owned();
    Some(Node { value: Content::Untyped(value), origin: Origin::Variable(name) })
}

fn keys(table: &Table, key: &str) -> BTreeSet<String> {
    match table.get(key).map(|node| &node.value) {
        Some(Content::Table(inner)) => inner.keys().cloned().collect(),
        _ => BTreeSet::new(),
    }
}

fn routes(table: &Table) -> Vec<(String, Vec<String>)> {
    match table.get("routes").map(|node| &node.value) {
        Some(Content::Table(routes)) => {
            routes.iter().map(|(app, node)| (app.clone(), strings(&node.value).unwrap_or_default())).collect()
        }
        _ => Vec::new(),
    }
}

/// Changes the table called `key`, made if there is none. Something else in its place is left for the reader to refuse.
fn within<T>(table: &mut Table, key: &str, change: impl FnOnce(&mut Table) -> T) -> Option<T> {
    let empty = || Node { value: Content::Table(Table::new()), origin: Origin::Default };
    match &mut table.entry(key.to_owned()).or_insert_with(empty).value {
        Content::Table(inner) => Some(change(inner)),
        _ => None,
    }
}
