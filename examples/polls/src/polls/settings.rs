//! `[polls]`

use manage::conf::{Section, SettingsSection};

/// The settings of the app.
#[derive(Debug, Clone)]
pub struct PollsSettings {
    /// How many questions the first page shows.
    pub latest: u64,
}

impl SettingsSection for PollsSettings {
    const KEY: &'static str = "polls";

    fn read(section: &mut Section<'_>) -> Self {
        Self {
            latest: section.integer("latest", 5, 1..=100).unsigned_abs(),
        }
    }
}
