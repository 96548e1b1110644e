//! Several aliases may lead to one database: over a link, a socket, or another name of its server. It is one database
//! then, whatever the settings call it.

use std::collections::{BTreeMap, BTreeSet};

use super::connections::Connections;
use super::error::{Error, Result};
use super::router::Router;

/// Which aliases lead to one database. Copies are not among them.
#[derive(Debug, Clone, Default)]
pub struct Homes {
    /// Each alias with the one that stands for its database.
    names: BTreeMap<String, String>,
    /// The standing aliases of the databases that were named, in the order in which everybody takes locks.
    chosen: Vec<String>,
    /// Aliases that nobody named and that could not be asked.
    unknown: BTreeSet<String>,
}

impl Homes {
    /// Asks `named` and those that may be the same database; an empty list names all. Of several aliases of one
    /// database the first that was named stands for it, `default` before all others. Where there is only one location of
    /// a kind nobody is asked. A database that nobody named and that does not answer is taken for one of its own.
    ///
    /// # Errors
    /// [`Error::UnknownAlias`], [`Error::Replica`]; [`Error::Connect`] and others when a named database does not answer.
    pub async fn ask(connections: &Connections, named: &[String]) -> Result<Self> {
        check_named(connections, named)?;
        let is_named = |alias: &str| named.is_empty() || named.iter().any(|name| name == alias);
        Self::gather(connections, is_named, is_named).await
    }

    /// As far as it is known without asking: aliases of one location are one database.
    ///
    /// # Errors
    /// None at present.
    pub fn guess(connections: &Connections) -> Result<Self> {
        let aliases = connections.primaries();
        let locations = Locations::new(connections, &aliases)?;
        let identity = |alias: &str| {
            let (kind, location) = locations.of(alias);
            format!("{kind} {location}")
        };
        Ok(Self::grouped(&aliases, identity, |_| true))
    }

    /// As [`Homes::ask`] for all databases, but none has to answer.
    ///
    /// # Errors
    /// None at present.
    pub async fn look(connections: &Connections) -> Result<Self> {
        Self::gather(connections, |_| true, |_| false).await
    }

    /// As [`Homes::ask`], but none has to answer.
    ///
    /// # Errors
    /// [`Error::UnknownAlias`], [`Error::Replica`].
    pub async fn look_at(connections: &Connections, named: &[String]) -> Result<Self> {
        check_named(connections, named)?;
        let is_named = |alias: &str| named.is_empty() || named.iter().any(|name| name == alias);
        Self::gather(connections, is_named, |_| false).await
    }

    async fn gather(
        connections: &Connections,
        is_named: impl Fn(&str) -> bool,
        must_answer: impl Fn(&str) -> bool,
    ) -> Result<Self> {
        let mut aliases = connections.primaries();
        aliases.sort_by_key(|alias| !is_named(alias));
        let locations = Locations::new(connections, &aliases)?;
        let asked = aliases.iter().map(|alias| locations.ask(connections, alias));
        let answers = futures_util::future::join_all(asked).await;
        let mut unknown = BTreeSet::new();
        let mut identities = BTreeMap::new();
        for (alias, answer) in aliases.iter().zip(answers) {
            match answer {
                Ok(Some(identity)) => drop(identities.insert(locations.of(alias), identity)),
                Ok(None) => {}
                Err(error) if must_answer(alias) => return Err(error),
                Err(error) => {
                    tracing::debug!(%error, "nobody knows whether this database is one of the others");
                    unknown.insert((*alias).to_owned());
                }
            }
        }
        let identity = |alias: &str| {
            let location = locations.of(alias);
            identities.get(&location).cloned().unwrap_or_else(|| format!("{} {}", location.0, location.1))
        };
        Ok(Self { unknown, ..Self::grouped(&aliases, identity, is_named) })
    }

    /// The homes of `aliases`, those that may stand for others first.
    fn grouped(aliases: &[&str], identity: impl Fn(&str) -> String, is_named: impl Fn(&str) -> bool) -> Self {
        let mut groups = BTreeMap::<String, Vec<&str>>::new();
        for alias in aliases {
            groups.entry(identity(alias)).or_default().push(alias);
        }
        let mut homes = Self::default();
        let mut order = BTreeMap::new();
        for members in groups.values() {
            let standing = members[0];
            homes.names.extend(members.iter().map(|alias| ((*alias).to_owned(), standing.to_owned())));
            if is_named(standing) {
                // The same for everybody, whichever of the aliases they named.
                order.insert(members.iter().min(), standing.to_owned());
            }
        }
        homes.chosen = order.into_values().collect();
        homes
    }

    /// The alias that stands for the database of `alias`.
    pub fn of<'a>(&'a self, alias: &'a str) -> &'a str {
        self.names.get(alias).map_or(alias, String::as_str)
    }

    /// The databases that were named, each once, in the order in which everybody takes their locks.
    pub fn chosen(&self) -> &[String] {
        &self.chosen
    }

    /// Each further alias of a database that was named, with the one that stands for it.
    pub fn doubles(&self) -> impl Iterator<Item = (&str, &str)> {
        let doubles = self.names.iter().filter(|(alias, name)| alias != name && self.chosen.contains(name));
        doubles.map(|(alias, name)| (alias.as_str(), name.as_str()))
    }

    /// Whether `alias` may be any of the other databases, because it could not be asked.
    pub(crate) fn is_unknown(&self, alias: &str) -> bool {
        self.unknown.contains(alias)
    }

    /// The routes over databases instead of aliases: a database holds what is routed to any of its aliases.
    pub fn router(&self, router: &Router) -> Router {
        router.renamed(|alias| self.of(alias).to_owned())
    }
}

fn check_named(connections: &Connections, named: &[String]) -> Result<()> {
    for alias in named {
        if let Some(original) = connections.original(alias)? {
            return Err(Error::Replica { alias: alias.clone(), original: original.to_owned() });
        }
    }
    Ok(())
}

/// Where aliases lead as far as it is known without asking.
struct Locations<'a> {
    /// Kind and location of each alias.
    by_alias: BTreeMap<&'a str, Location>,
    /// Who is asked for each location: the first of its aliases.
    asked: BTreeMap<Location, &'a str>,
}

type Location = (&'static str, String);

impl<'a> Locations<'a> {
    fn new(connections: &Connections, aliases: &[&'a str]) -> Result<Self> {
        let mut locations = Self { by_alias: BTreeMap::new(), asked: BTreeMap::new() };
        for alias in aliases {
            let backend = connections.backend(alias)?;
            let location = (backend.features().dialect, backend.location());
            locations.asked.entry(location.clone()).or_insert(alias);
            locations.by_alias.insert(alias, location);
        }
        Ok(locations)
    }

    fn of(&self, alias: &str) -> Location {
        self.by_alias.get(alias).cloned().unwrap_or_default()
    }

    /// Asks for the identity of a location over its first alias, where another one of the kind may be the same.
    async fn ask(&self, connections: &Connections, alias: &str) -> Result<Option<String>> {
        let location = self.of(alias);
        let of_kind = self.asked.keys().filter(|(kind, _)| *kind == location.0).count();
        if of_kind < 2 || self.asked.get(&location) != Some(&alias) {
            return Ok(None);
        }
        let identity = connections.backend(alias)?.identity().await?;
        Ok(Some(format!("{} {identity}", location.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn homes(named: &[&str]) -> Homes {
        let is_named = |alias: &str| named.contains(&alias);
        let mut aliases = vec!["default", "archive", "customers", "users"];
        aliases.sort_by_key(|alias| !is_named(alias));
        let identity = |alias: &str| if matches!(alias, "users" | "archive") { "2" } else { "1" }.to_owned();
        Homes::grouped(&aliases, identity, is_named)
    }

    #[test]
    fn the_first_named_alias_stands_for_a_database_and_default_before_all() {
        let all = homes(&["default", "archive", "customers", "users"]);
        assert_eq!(all.chosen(), ["archive", "default"]);
        assert_eq!(all.doubles().collect::<Vec<_>>(), [("customers", "default"), ("users", "archive")]);
        let one = homes(&["customers"]);
        assert_eq!(one.chosen(), ["customers"]);
        assert_eq!(one.doubles().collect::<Vec<_>>(), [("default", "customers")]);
        assert_eq!(one.router(&Router::default()).alias("blog"), "customers");
    }

    #[test]
    fn locks_are_taken_in_one_order_whatever_the_databases_are_called() {
        assert_eq!(homes(&["customers", "users"]).chosen(), ["users", "customers"]);
        assert_eq!(homes(&["default", "archive"]).chosen(), ["archive", "default"]);
    }
}
