//! `[blog]`

use manage::conf::{Documented, Section, SettingsSection};

/// The blog's settings.
#[derive(Debug, Clone, Documented)]
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

impl SettingsSection for BlogSettings {
    const KEY: &'static str = "blog";

    fn read(section: &mut Section<'_>) -> Self {
        section.describe(Self::DOCS);
        Self {
            title: section.string("title", "Wayfarer"),
            tagline: section.string("tagline", "Stories from slow journeys"),
            page_size: section.integer("page_size", 5, 1..=100),
            api_page_size: section.integer("api_page_size", 20, 1..=100),
        }
    }
}
