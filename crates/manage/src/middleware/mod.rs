//! What happens to every request and answer, in the order that `chain` gives.

mod panics;
mod reception;

mod chain;

pub(crate) mod access_log;
pub(crate) mod common;
pub(crate) mod csrf;
pub(crate) mod error_pages;
pub(crate) mod security;
pub(crate) mod static_files;

pub use chain::{Handler, Link, Make, Middleware, Next};
pub use panics::log_panics;

/// The chain, in the order of requests: the framework's own links and, where they belong, those of the apps.
///
/// The error pages stand further out than in Django, so that a refusal by any link inside is a page as well; the
/// cookies of the forms' tokens stand outside of them, because the pages hold forms.
pub(crate) fn chain(links: &[Link]) -> Vec<Make> {
    let (mut outer, mut inner, mut throttles): (Vec<Make>, Vec<Make>, Vec<Make>) = Default::default();
    for link in links {
        match link {
            Link::Outer(make) => outer.push(*make),
            Link::Inner(make) => inner.push(*make),
            Link::Throttle(make) => throttles.push(*make),
        }
    }
    let recorded: [Make; 2] = [access_log::AccessLog::make, security::Headers::make];
    let framework: [Make; 6] = [
        csrf::Cookies::make,
        error_pages::ErrorPages::make,
        security::Hosts::make,
        static_files::StaticFiles::make,
        common::Common::make,
        csrf::Check::make,
    ];
    recorded.into_iter().chain(outer).chain(framework).chain(inner).chain(throttles).collect()
}
