//! What a run does not show of itself: models that no migration reflects, and tables that were taken for those of a first
//! migration and are otherwise.

use std::collections::{BTreeMap, BTreeSet};

use crate::db::Homes;
use crate::db::migrations::autodetector::{Answer, Manner, Naming, Replayed, changes, declared};
use crate::db::migrations::{self, Event, Graph, Work, drift};
use crate::management::new_migrations::has_models;
use crate::management::{CommandResult, Output, block_on};
use crate::setup::Project;
use crate::{text, timezone};

/// Says which apps have models that no migration reflects; `app`: only of this one.
///
/// # Errors
/// When nobody reads what is said.
pub(super) fn tell_changed_models(
    project: &Project,
    graph: &Graph,
    app: Option<&str>,
    out: &mut Output,
) -> CommandResult {
    let before = Replayed::new(graph)?;
    let after = declared(&project.models, &before.state, |app| has_models(project, app));
    let manner = Manner { naming: Naming { name: None, now: timezone::now() }, is_safe: false };
    // What a question would lead to is a change, whatever the answer is.
    let found: migrations::Result<_> = changes(graph, (&before, &after), (&[], manner), |_| Ok(Answer::Yes));
    let migrations = match found {
        Ok(migrations) => migrations,
        Err(error) => return Ok(out.warning(error.to_string())?),
    };
    let is_meant = |label: &&str| app.is_none_or(|app| app == *label);
    let apps: BTreeSet<&str> =
        migrations.iter().map(|migration| migration.key.app.as_str()).filter(is_meant).collect();
    if apps.is_empty() {
        return Ok(());
    }
    let apps: Vec<&str> = apps.into_iter().collect();
    Ok(out.warning(format!(
        "the models of {} have changes that no migration reflects, and so they are not applied; `manage makemigrations` \
         writes one",
        apps.join(", ")
    ))?)
}

/// The apps that `--fake-initial` took tables for, by database.
#[derive(Default)]
pub(super) struct Taken {
    /// By database, the app of the migration in hand.
    current: BTreeMap<String, String>,
    apps: BTreeMap<String, BTreeSet<String>>,
}

impl Taken {
    /// Notes what a run tells.
    pub(super) fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Started { alias, migration, .. } => {
                self.current.insert((*alias).to_owned(), migration.key.app.clone());
            }
            Event::Finished { alias, is_faked: true, .. } => {
                if let Some(app) = self.current.remove(*alias) {
                    self.apps.entry((*alias).to_owned()).or_default().insert(app);
                }
            }
            _ => {}
        }
    }

    /// Says where the tables that were taken are otherwise than the migrations make them.
    ///
    /// # Errors
    /// Those of the databases; when nobody reads what is said.
    pub(super) fn tell_differences(
        self,
        project: &Project,
        graph: &Graph,
        out: &mut Output,
    ) -> CommandResult {
        for (alias, apps) in self.apps {
            let apps: Vec<String> = apps.into_iter().collect();
            let different = block_on(async {
                let homes = Homes::look_at(&project.connections, std::slice::from_ref(&alias)).await?;
                let router = homes.router(&project.router);
                let work = Work { graph, router: &router, functions: &project.functions };
                let drift = drift(work, project.connections.backend(&alias)?, &apps).await?;
                Ok(drift.differences.len())
            })?;
            if different > 0 {
                out.warning(format!(
                    "the tables of {} on database `{alias}` were taken as they are, and differ from what the migrations make in \
                     {}; `manage checkdrift` tells them",
                    apps.join(", "),
                    text::count(different, "place")
                ))?;
            }
        }
        Ok(())
    }
}
