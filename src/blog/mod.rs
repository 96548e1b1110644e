//! The blog: articles, their authors, what readers say about them.

mod settings;

pub mod models;

mod forms;
mod markup;

mod migrating;

mod cards;

mod serializers;

mod views;

mod urls;

mod management;

pub use settings::BlogSettings;

use futures_util::FutureExt as _;
use manage::AppConfig;
use manage::conf::AppSettings;
use manage::contrib::auth::UserCreated;
use manage::management::Command;
use manage::setup::Project;

/// The app.
pub const APP: AppConfig = AppConfig {
    label: "blog",
    requires: &["accounts", "auth"],
    models: models::register,
    functions: &[("reckon_reading_minutes", migrating::reckon_reading_minutes)],
    files: manage::embed!("migrations/blog/", "templates/", "static/"),
    settings: Some(AppSettings::of::<BlogSettings>()),
    commands: &[Command::of::<management::Seed>()],
    urlpatterns: urls::urlpatterns,
    templates: |environment, settings| {
        let BlogSettings { title, tagline, .. } = settings.app();
        environment.add_global("site", minijinja::context! { title => title, tagline => tagline });
    },
    receivers: |signals| signals.connect(make_profile),
    first_content: Some(|manage, out| manage.call("seed", &["--if-empty"], out)),
    ..AppConfig::EMPTY
};

/// Everybody with an account has a profile.
fn make_profile<'a>(project: &'a Project, user: &'a UserCreated) -> manage::dispatch::Receiving<'a> {
    async move {
        models::Profile::get_or_create(project, user.id, &user.username).await?;
        Ok(())
    }
    .boxed()
}
