//! Addresses: patterns that lead nowhere, names that two of them share, and limits that nobody holds.

use std::collections::BTreeMap;

use crate::checks::Message;
use crate::http::Throttle;
use crate::management::base::Installed;
use crate::middleware::Link;
use crate::setup::Project;
use crate::urls::{Resolver, Route};

/// Patterns that are none or take another one's paths; names with more than one pattern: only the first is ever used to
/// make an address; throttles that nothing counts, or nothing for so long.
pub(super) fn check(project: &Project, installed: &Installed) -> Vec<Message> {
    let routes = installed.routes_of(project);
    let mut found = shared_names(&routes);
    if let Err(error) = Resolver::new(routes.iter().cloned()) {
        found.push(Message::error("urls.E004", "urls", error.to_string()));
    }
    let is_counted = installed.links_of(project).any(|link| matches!(link, Link::Throttle(_)));
    found.extend(routes.iter().filter_map(|route| throttle_problem(route, is_counted)));
    found
}

fn shared_names(routes: &[Route]) -> Vec<Message> {
    let mut patterns: BTreeMap<&str, &str> = BTreeMap::new();
    let mut found = Vec::new();
    for route in routes {
        if let Some(other) = patterns.insert(&route.name, &route.pattern)
            && other != route.pattern
        {
            let text = format!("the name stands for {other} and for {}", route.pattern);
            found.push(Message::warning("urls.W005", &*route.name, text));
        }
    }
    found
}

fn throttle_problem(route: &Route, is_counted: bool) -> Option<Message> {
    let throttle = route.facts.throttle?;
    if !is_counted {
        let text = "the route says how often it may be asked, and no installed app counts";
        return Some(
            Message::error("urls.E006", &*route.name, text)
                .hint("an app with a `Link::Throttle` does, such as one for accounts"),
        );
    }
    let text =
        format!("the throttle counts for {}: longer than a day", crate::text::duration(throttle.within));
    (throttle.within > Throttle::LONGEST).then(|| Message::error("urls.E007", &*route.name, text))
}
