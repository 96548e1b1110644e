//! `check`: what is looked for, where it is to be corrected, and how it is told.

mod places;
mod report;

use std::path::Path;

use clap::{Args, ValueEnum};

use crate::checks::{Level, Message};
use crate::db::Homes;
use crate::management::checks;
use crate::management::databases::show_doubles;
use crate::management::github::{self, Folder};
use crate::management::{BaseCommand, CommandError, CommandResult, Group, Manage, Output, block_on};
use crate::setup::Project;

/// Look for mistakes in settings, models, routes and templates
///
/// As JSON: `{"messages": [{"level": "ERROR", "id": "fields.E300", "object": "shop.Order.buyer", "text": "...", "hint": null,
/// "file": "models/shop.toml", "line": 3}]}`; `file` and `line` are null where nothing is to be corrected in a file. With
/// `github` each finding is a workflow command, which GitHub shows beside its line.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Report only what concerns these apps
    #[arg(value_name = "APP")]
    app_label: Vec<String>,
    /// Run only the checks of this tag; repeatable
    #[arg(short, long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// List the tags
    #[arg(long)]
    list_tags: bool,
    /// Look at what matters in production as well
    #[arg(long)]
    deploy: bool,
    /// Fail from this level on
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "ERROR", ignore_case = true)]
    fail_level: Level,
    /// Also connect to this database; repeatable
    #[arg(long = "database", value_name = "ALIAS")]
    databases: Vec<String>,
    /// How to show what was found
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: CheckFormat,
}

/// `--format` of `check`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    /// A table, as wide as the terminal
    Table,
    /// Plain lines
    #[default]
    Plain,
    /// One JSON object
    Json,
    /// What GitHub shows beside the lines of a change
    Github,
}

impl BaseCommand for Check {
    const NAME: &'static str = "check";
    const GROUP: Group = Group::Project;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        if self.list_tags {
            return self.tags(manage).into_iter().try_for_each(|tag| Ok(out.line(tag)?));
        }
        let mut project = match manage.new_project() {
            Ok(project) => project,
            Err(error) => return self.stopped(error, manage, out),
        };
        self.validate(manage, &project)?;
        let mut unreached = Vec::new();
        for alias in &self.databases {
            unreached.extend(connect(&project, alias)?);
        }
        let (homes, mut found) = self.judged(manage, &mut project)?;
        show_doubles(&homes, out)?;
        found.extend(unreached);
        found.sort_by_key(|message| std::cmp::Reverse(message.level));
        places::add(&mut found, &project, &manage.load()?.entries);
        self.report(&found, manage, &project.root, out)?;
        match found.iter().any(|message| message.level >= self.fail_level) {
            true => Err(CommandError::silent()),
            false => Ok(()),
        }
    }
}

impl Check {
    /// What keeps a project from being loaded is told as a finding to those who ask for places.
    fn stopped(&self, error: CommandError, manage: &Manage, out: &mut Output) -> CommandResult {
        if matches!(self.format, CheckFormat::Json | CheckFormat::Github) {
            let found = places::of_error(&error);
            if !found.is_empty() {
                self.report(&found, manage, &places::root(manage), out)?;
            }
        }
        Err(error)
    }

    fn report(&self, found: &[Message], manage: &Manage, root: &Path, out: &mut Output) -> CommandResult {
        match self.format {
            CheckFormat::Plain => report::plain(found, out),
            CheckFormat::Table => report::table(found, out),
            CheckFormat::Json => report::json(found, out),
            CheckFormat::Github => {
                github::annotate(found, &Folder::new(root, &manage.environment), out)?;
                Ok(out.line(report::summary(found))?)
            }
        }
    }

    fn tags(&self, manage: &Manage) -> Vec<&'static str> {
        let mut tags: Vec<&str> = manage.installed.all_checks().map(|check| check.tag).collect();
        tags.sort_unstable();
        tags.dedup();
        tags
    }

    fn validate(&self, manage: &Manage, project: &Project) -> CommandResult {
        let tags = self.tags(manage);
        if let Some(tag) = self.tags.iter().find(|tag| !tags.contains(&tag.as_str())) {
            return Err(CommandError::unknown(
                format!("there is no system check with the tag `{tag}`"),
                tag,
                &tags,
            ));
        }
        match self.app_label.iter().find(|label| !project.apps.contains(label)) {
            Some(label) => Err(CommandError::unknown(
                format!("no installed app with label `{label}`"),
                label,
                &project.apps,
            )),
            None => Ok(()),
        }
    }

    /// What is found with aliases of one database taken for one. A server is asked whether they are if databases are named,
    /// or if a key would be wrong otherwise.
    fn judged(&self, manage: &Manage, project: &mut Project) -> CommandResult<(Homes, Vec<Message>)> {
        let routes = project.router.clone();
        if self.databases.is_empty() {
            let homes = Homes::guess(&project.connections)?;
            project.router = homes.router(&routes);
            let found = self.run(manage, project);
            if found.iter().all(|message| message.id != checks::CROSSING_KEY) {
                return Ok((homes, found));
            }
        }
        let homes = block_on(async { Ok(Homes::look(&project.connections).await?) })?;
        project.router = homes.router(&routes);
        let found = self.run(manage, project);
        Ok((homes, found))
    }

    fn run(&self, manage: &Manage, project: &Project) -> Vec<Message> {
        let checks = manage.installed.checks_of(project).filter(|check| match self.tags.as_slice() {
            [] => self.deploy || !check.is_deploy,
            tags => tags.iter().any(|tag| tag == check.tag),
        });
        let concerns = |message: &Message| {
            let of = |label: &String| message.object.split('.').next() == Some(label.as_str());
            self.app_label.is_empty() || self.app_label.iter().any(of)
        };
        checks.flat_map(|check| (check.run)(project, &manage.installed)).filter(concerns).collect()
    }
}

fn connect(project: &Project, alias: &str) -> CommandResult<Vec<Message>> {
    let backend = project.connections.backend(alias)?;
    let answer = block_on(async { Ok(backend.connect_to_look().await) })?;
    Ok(answer
        .err()
        .map(|error| Message::error("databases.E002", format!("databases.{alias}"), error.to_string()))
        .into_iter()
        .collect())
}
