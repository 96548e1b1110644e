//! `lintmigrations`.

mod report;

use clap::{Args, ValueEnum};

use crate::db::migrations::{self, Graph, Linted, RULES, Session, Wanted, Work, lint, load, rule};
use crate::db::{self, Homes, Router};
use crate::management::databases::show_doubles;
use crate::management::github::{self, Folder};
use crate::management::{BaseCommand, CommandError, CommandResult, Group, Manage, Output, block_on};
use crate::setup::Project;
use report::Report;

/// Look for what is unsafe in migrations: on large tables, and beside programs that run
///
/// The exit status is 1 where a rule is broken. What a database has applied is passed over there, unless the migration is named;
/// so is what happens to an empty table, and all that is in the first migration of an app. A database that does not answer is a
/// warning, and its tables count as large. `allow_unsafe = ["M003"]` in a file, in SQL `-- allow_unsafe: M003`, lets a rule be
/// broken in it. As JSON: `{"findings": [{"code": "M003", "file": "migrations/shop/0003_x.toml", "line": 7, "migration":
/// "shop.0003_x", "text": "...", "hint": "...", "table": "shop_order", "databases": [{"alias": "default", "rows": 812,
/// "is_large": false}]}], "migrations": 1, "applied": 2, "empty": 0}`; `rows` is null where a table has more than 10000, and
/// where it was not asked. With `github` each finding is a workflow command, which GitHub shows beside its line.
#[derive(Debug, Args)]
pub(super) struct LintMigrations {
    /// Label of one app
    app_label: Option<String>,
    /// One migration of the app, or a prefix that only it has
    #[arg(requires = "app_label")]
    migration_name: Option<String>,
    /// Only for this database; repeatable
    #[arg(id = "databases", long = "database", value_name = "ALIAS")]
    databases: Vec<String>,
    /// Ask no database: every table counts as large that a migration does not make itself, and nothing is applied
    #[arg(long)]
    no_database: bool,
    /// Say all about a rule, such as `M003`; `all` lists them
    #[arg(long, value_name = "CODE", exclusive = true)]
    explain: Option<String>,
    /// How to show what was found
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Form,
}

/// `--format` of `lintmigrations`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Lines for people
    #[default]
    Plain,
    /// One JSON object
    Json,
    /// What GitHub shows beside the lines of a change
    Github,
}

impl BaseCommand for LintMigrations {
    const NAME: &'static str = "lintmigrations";
    const GROUP: Group = Group::Migrations;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        if let Some(code) = &self.explain {
            return explain(code, out);
        }
        let project = manage.project()?;
        let graph = load(&project.files, &project.apps, &project.connections.dialects())?;
        let wanted = self.wanted(&graph)?;
        let homes = self.homes(project)?;
        show_doubles(&homes, out)?;
        let router = homes.router(&project.router);
        let aliases = self.aliases(&homes, &router)?;
        let mut report = Report::default();
        for alias in aliases {
            report.add(self.look(project, (&graph, &router), alias, &wanted, out)?);
        }
        report.unneeded().into_iter().try_for_each(|words| out.warning(words))?;
        match self.format {
            Form::Plain => report.plain(out)?,
            Form::Json => out.json(&report.json())?,
            Form::Github => {
                let folder = Folder::new(&project.root, &manage.environment);
                github::annotate(&report.messages(), &folder, out)?;
            }
        }
        if self.format != Form::Json {
            out.status(report.summary())?;
        }
        if report.is_empty() { Ok(()) } else { Err(CommandError::silent()) }
    }
}

impl LintMigrations {
    fn wanted(&self, graph: &Graph) -> CommandResult<Wanted> {
        let Some(app) = &self.app_label else { return Ok(Wanted::default()) };
        graph.check_app(app)?;
        let named = self.migration_name.as_ref().map(|name| graph.find(app, name)).transpose()?;
        Ok(Wanted { app: Some(app.clone()), key: named.map(|migration| migration.key.clone()) })
    }

    fn homes(&self, project: &Project) -> CommandResult<Homes> {
        if self.no_database {
            self.databases.iter().try_for_each(|alias| project.connections.backend(alias).map(drop))?;
            return Ok(Homes::guess(&project.connections)?);
        }
        block_on(async { Ok(Homes::look_at(&project.connections, &self.databases).await?) })
    }

    /// The databases for which migrations are looked at.
    fn aliases<'a>(&self, homes: &'a Homes, router: &Router) -> CommandResult<Vec<&'a str>> {
        let named: Vec<&str> = self.databases.iter().map(|alias| homes.of(alias)).collect();
        let is_named = |alias: &&str| named.is_empty() || named.contains(alias);
        let chosen: Vec<&str> = homes.chosen().iter().map(String::as_str).filter(is_named).collect();
        let Some(app) = &self.app_label else { return Ok(chosen) };
        if chosen.iter().any(|alias| router.allow_migrate(alias, app)) {
            return Ok(chosen);
        }
        let homes = router.aliases(app).map(str::to_owned).collect();
        let aliases = chosen.into_iter().map(str::to_owned).collect();
        Err(migrations::Error::NotHere { app: app.clone(), aliases, homes }.into())
    }

    fn look(
        &self,
        project: &Project,
        (graph, router): (&Graph, &Router),
        alias: &str,
        wanted: &Wanted,
        out: &mut Output,
    ) -> CommandResult<Linted> {
        let work = Work { graph, router, functions: &project.functions };
        let backend = project.connections.backend(alias)?;
        block_on(async {
            let mut session = match self.no_database {
                true => None,
                false => match Session::open(backend).await {
                    Ok(session) => Some(session),
                    Err(migrations::Error::Database(error @ db::Error::Connect { .. })) => {
                        out.warning(format!("{error}; its tables are taken for large"))?;
                        None
                    }
                    Err(error) => return Err(error.into()),
                },
            };
            Ok(lint(work, backend, session.as_mut(), wanted).await?)
        })
    }
}

/// The page of a rule, or a list of all.
fn explain(code: &str, out: &mut Output) -> CommandResult {
    if code.eq_ignore_ascii_case("all") {
        return RULES.iter().try_for_each(|rule| Ok(out.line(format!("{}  {}", rule.code, rule.title))?));
    }
    let Some(rule) = rule(&code.to_ascii_uppercase()) else {
        let known: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
        return Err(CommandError::usage(format!("there is no rule `{code}`"))
            .hint(format!("known: {}; `--explain all` lists them", known.join(", "))));
    };
    Ok(out.line(format!("{}: {}\n\n{}", rule.code, rule.title, rule.page.trim_end()))?)
}
