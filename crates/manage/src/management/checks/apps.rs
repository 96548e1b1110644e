//! What lies in the project and no installed app takes, and what was set and nobody reads.

use crate::checks::Message;
use crate::conf::declared_apps;
use crate::management::base::Installed;
use crate::setup::Project;
use crate::text;

/// Apps on disk that are not installed.
pub(crate) fn check(project: &Project, installed: &Installed) -> Vec<Message> {
    uninstalled(project, installed)
        .map(|label| {
            let place = folder(project, &label);
            let text = format!("{place} is there, but no installed app has this label");
            let message = Message::warning("apps.W001", label.as_str(), text);
            // A folder has no line.
            let message = if place.ends_with(".toml") { message.at(place, 1) } else { message };
            match text::nearest(&label, project.apps.iter().map(String::as_str)).as_slice() {
                [] => message.hint(format!("add `{label}` to `apps` in the settings")),
                nearest => message.hint(format!("did you mean {}?", text::alternatives(nearest))),
            }
        })
        .collect()
}

/// Labels of apps that have models or migrations on disk and are neither installed nor built in.
pub(crate) fn uninstalled(project: &Project, installed: &Installed) -> impl Iterator<Item = String> {
    let known = |label: &String| project.apps.contains(label) || installed.app(label).is_some();
    declared_apps(&project.root).into_iter().filter(move |label| !known(label))
}

/// Where an app's files lie.
pub(crate) fn folder(project: &Project, label: &str) -> String {
    let migrations = format!("migrations/{label}/");
    if project.root.join(&migrations).is_dir() { migrations } else { format!("models/{label}.toml") }
}
