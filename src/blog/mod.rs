//! The blog: articles, their authors, what readers say about them.

mod settings;

pub mod models;

mod forms;
mod markup;

mod cards;

mod serializers;

mod views;

mod urls;

mod management;

pub use settings::BlogSettings;

use futures_util::FutureExt as _;

use crate::apps::AppConfig;
use crate::conf::AppSettings;
use crate::management::Command;

/// The app.
pub const APP: AppConfig = AppConfig {
    label: "blog",
    models: models::register,
    settings: Some(AppSettings { key: "blog", read: settings::read }),
    commands: &[Command::of::<management::Seed>()],
    urlpatterns: urls::urlpatterns,
    user_created: Some(|project, user| {
        async move { models::Profile::get_or_create(project, user.id, &user.username).await.map(drop) }
            .boxed()
    }),
    ..AppConfig::EMPTY
};
