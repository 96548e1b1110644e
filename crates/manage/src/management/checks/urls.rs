//! Addresses: patterns that lead nowhere, and names that two of them share.

use std::collections::BTreeMap;

use crate::checks::Message;
use crate::management::base::Installed;
use crate::setup::Project;
use crate::urls::Resolver;

/// Patterns that are none or take another one's paths, and names with more than one pattern: only the first is ever
/// used to make an address.
pub(super) fn check(project: &Project, installed: &Installed) -> Vec<Message> {
    let mut patterns: BTreeMap<&str, &str> = BTreeMap::new();
    let mut found = Vec::new();
    let routes = installed.routes_of(project);
    for route in &routes {
        if let Some(other) = patterns.insert(&route.name, &route.pattern)
            && other != route.pattern
        {
            let text = format!("the name stands for {other} and for {}", route.pattern);
            found.push(Message::warning("urls.W005", &*route.name, text));
        }
    }
    if let Err(error) = Resolver::new(routes.iter().cloned()) {
        found.push(Message::error("urls.E004", "urls", error.to_string()));
    }
    found
}
