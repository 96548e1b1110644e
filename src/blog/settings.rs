//! `[blog]`

use std::any::Any;
use std::sync::Arc;

use manage::conf::Section;

/// The blog's settings.
#[derive(Debug, Clone)]
pub struct BlogSettings {
    /// Name of the site.
    pub title: String,
    /// What it is about, in a few words.
    pub tagline: String,
    /// Articles on a page.
    pub page_size: i64,
    /// Articles in an answer of the API.
    pub api_page_size: i64,
}

/// Reads the table.
pub(super) fn read(section: &mut Section<'_>) -> Arc<dyn Any + Send + Sync> {
    Arc::new(BlogSettings {
        title: section.string("title", "Wayfarer"),
        tagline: section.string("tagline", "Stories from slow journeys"),
        page_size: section.integer("page_size", 5, 1..=100),
        api_page_size: section.integer("api_page_size", 20, 1..=100),
    })
}
