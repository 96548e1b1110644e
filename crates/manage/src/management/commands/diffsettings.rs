use clap::Args;
use serde_json::json;

use crate::conf::{Entry, Origin, as_toml};
use crate::management::{BaseCommand, CommandResult, Format, Group, Manage, Output};

/// Show the settings that differ from their defaults, and which layer set them
#[derive(Debug, Args)]
pub(super) struct DiffSettings {
    /// Show every setting
    #[arg(long)]
    all: bool,
    /// How to show them; a secret is stars in each
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

impl BaseCommand for DiffSettings {
    const NAME: &'static str = "diffsettings";
    const GROUP: Group = Group::Project;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let loaded = manage.existing()?.complete()?;
        let shown: Vec<&Entry> =
            loaded.entries.iter().filter(|entry| self.all || entry.origin != Origin::Default).collect();
        match self.format {
            Format::Table => out.table(
                &["setting", "value", "default", "set by"],
                shown.iter().map(|entry| {
                    vec![
                        entry.key.clone(),
                        as_toml(&entry.value),
                        as_toml(&entry.default),
                        entry.origin.to_string(),
                    ]
                }),
            )?,
            Format::Plain => {
                for entry in shown {
                    // Django's `hash` output marks what its defaults do not have with three signs.
                    let mark = if entry.origin == Origin::Default { "### " } else { "" };
                    out.line(format!("{mark}{} = {}", entry.key, as_toml(&entry.value)))?;
                }
            }
            Format::Json => {
                let settings: Vec<_> = shown.iter().map(|entry| {
                    json!({"key": entry.key, "value": entry.value, "default": entry.default, "origin": entry.origin.to_string()})
                }).collect();
                out.json(
                    &json!({"profile": loaded.profile.name, "root": loaded.place.root, "settings": settings}),
                )?;
            }
        }
        Ok(())
    }
}
