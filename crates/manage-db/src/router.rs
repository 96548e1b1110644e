//! Which database an app lives on.

use std::collections::BTreeMap;

/// The alias that is used where none is named.
pub const DEFAULT_ALIAS: &str = "default";

/// Routes from `[routes]`: app to alias. An app that is not listed lives on `default`.
#[derive(Debug, Clone)]
pub struct Router {
    routes: BTreeMap<String, Vec<String>>,
    /// The alias of apps that are not listed.
    default: String,
}

impl Default for Router {
    fn default() -> Self {
        Self::new(BTreeMap::new())
    }
}

impl Router {
    /// A router for the routes of the settings: app to aliases, the first being the one to read from.
    pub fn new(routes: BTreeMap<String, Vec<String>>) -> Self {
        Self { routes, default: DEFAULT_ALIAS.to_owned() }
    }

    /// The same routes with `name` of each alias in its place.
    #[must_use]
    pub fn renamed(&self, name: impl Fn(&str) -> String) -> Self {
        let renamed = |aliases: &Vec<String>| {
            let mut names = Vec::with_capacity(aliases.len());
            for name in aliases.iter().map(|alias| name(alias)) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            names
        };
        let routes = self.routes.iter().map(|(app, aliases)| (app.clone(), renamed(aliases))).collect();
        Self { routes, default: name(&self.default) }
    }

    /// The aliases that hold `app`'s tables.
    pub fn aliases<'a>(&'a self, app: &str) -> impl Iterator<Item = &'a str> {
        let listed = self.routes.get(app).map_or(&[] as &[String], Vec::as_slice);
        let default = listed.is_empty().then_some(self.default.as_str());
        listed.iter().map(String::as_str).chain(default)
    }

    /// The alias to use for `app`'s rows.
    pub fn alias<'a>(&'a self, app: &str) -> &'a str {
        self.aliases(app).next().unwrap_or(&self.default)
    }

    /// Whether `app`'s tables belong on `alias` (Django's `allow_migrate`).
    pub fn allow_migrate(&self, alias: &str, app: &str) -> bool {
        self.aliases(app).any(|candidate| candidate == alias)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unlisted_app_lives_on_default() {
        let router = Router::new(BTreeMap::from([
            ("auth".to_owned(), vec!["users".to_owned()]),
            ("metrics".to_owned(), vec!["eu".to_owned(), "us".to_owned()]),
        ]));
        assert_eq!(router.alias("blog"), "default");
        assert_eq!(router.alias("auth"), "users");
        assert!(router.allow_migrate("us", "metrics"));
        assert!(!router.allow_migrate("default", "auth"));
    }

    #[test]
    fn routes_to_two_names_of_one_database_become_one() {
        let router = Router::new(BTreeMap::from([
            ("auth".to_owned(), vec!["users".to_owned()]),
            ("metrics".to_owned(), vec!["eu".to_owned(), "us".to_owned()]),
        ]));
        let router = router.renamed(|alias| if alias == "users" { alias } else { "eu" }.to_owned());
        assert_eq!(router.alias("auth"), "users");
        assert_eq!(router.alias("blog"), "eu");
        assert_eq!(router.aliases("metrics").collect::<Vec<_>>(), ["eu"]);
    }
}
