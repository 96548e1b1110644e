//! Polls: questions, their choices, votes.

mod models;
mod settings;

mod views;

mod urls;

mod management;

#[cfg(test)]
mod tests;

use manage::AppConfig;
use manage::conf::AppSettings;
use manage::management::Command;

/// The app.
pub const APP: AppConfig = AppConfig {
    label: "polls",
    models: models::register,
    files: manage::embed!("migrations/polls/", "templates/polls/"),
    settings: Some(AppSettings::of::<settings::PollsSettings>()),
    urlpatterns: urls::urlpatterns,
    commands: &[
        Command::of::<management::AddPoll>(),
        Command::of::<management::ClosePoll>(),
    ],
    first_content: Some(management::first_content),
    ..AppConfig::EMPTY
};
