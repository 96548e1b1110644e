use clap::Args;
use serde_json::json;

use crate::management::{BaseCommand, CommandResult, Format, Group, Manage, Output};

/// List every address with its name, methods and views
#[derive(Debug, Args)]
pub(super) struct ShowUrls {
    /// How to list them
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl BaseCommand for ShowUrls {
    const NAME: &'static str = "showurls";
    const GROUP: Group = Group::Project;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let routes = manage.installed.routes_of(manage.project()?);
        let lines = routes.iter().flat_map(|route| {
            route.views.iter().map(|(method, view)| [&*route.pattern, method.as_str(), &*route.name, *view])
        });
        match self.format {
            Format::Table => {
                let rows = lines.map(|line| line.map(str::to_owned).to_vec());
                out.table(&["address", "method", "name", "view"], rows)?;
            }
            Format::Plain => {
                for [pattern, method, name, view] in lines {
                    out.line(format!("{pattern}\t{method}\t{name}\t{view}"))?;
                }
            }
            Format::Json => {
                let urls: Vec<_> = lines
                    .map(|[pattern, method, name, view]| {
                        json!({ "pattern": pattern, "method": method, "name": name, "view": view })
                    })
                    .collect();
                out.json(&json!({ "urls": urls }))?;
            }
        }
        Ok(())
    }
}
