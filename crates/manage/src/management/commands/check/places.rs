//! Where findings are to be corrected.

use std::path::PathBuf;

use crate::checks::Message;
use crate::conf::{Entry, ImproperlyConfigured, Locator, Origin, Problem, find_project};
use crate::db::models::{Mistake, declared};
use crate::management::{CommandError, Manage};
use crate::setup::Project;

/// Gives findings about settings and declared models the lines of their files.
pub(super) fn add(found: &mut [Message], project: &Project, entries: &[Entry]) {
    for message in found {
        let of_object =
            || of_setting(&message.object, entries).or_else(|| of_model(&message.object, project));
        let place = message.place.take().or_else(of_object);
        // What is built in cannot be corrected here.
        message.place = place.filter(|(file, _)| project.root.join(file).is_file());
    }
}

/// What kept the project from being loaded, as far as it has places.
pub(super) fn of_error(error: &CommandError) -> Vec<Message> {
    if let Some(wrong) = error.source.downcast_ref::<ImproperlyConfigured>() {
        let message = |problem: &Problem| {
            let message = Message::error("settings.E001", problem.key.as_str(), problem.message.as_str());
            match of_origin(&problem.origin) {
                Some((file, line)) => message.at(file, line),
                None => message,
            }
        };
        return wrong.problems.iter().map(message).collect();
    }
    let mistake = error.source.downcast_ref::<Mistake>();
    let message = |mistake: &Mistake| {
        let Mistake { path, line, message } = mistake;
        Message::error("models.E001", path.as_str(), message.as_str()).at(path, *line)
    };
    mistake.map(message).into_iter().collect()
}

/// The project's folder, whatever is wrong in it.
pub(super) fn root(manage: &Manage) -> PathBuf {
    let locator =
        Locator { project: manage.globals.project.clone(), profile: manage.globals.settings.clone() };
    let loaded = manage.load().map(|loaded| loaded.place.root).ok();
    loaded.or_else(|| find_project(&locator, &manage.environment)).unwrap_or_default()
}

fn of_setting(key: &str, entries: &[Entry]) -> Option<(String, usize)> {
    of_origin(&entries.iter().find(|entry| entry.key == key)?.origin)
}

fn of_origin(origin: &Origin) -> Option<(String, usize)> {
    match origin {
        Origin::File { file, line, .. } => Some((file.clone(), *line)),
        _ => None,
    }
}

/// `shop.Order`, `shop.Order.item`.
fn of_model(label: &str, project: &Project) -> Option<(String, usize)> {
    let mut parts = label.split('.');
    let (app, model, field) = (parts.next()?, parts.next()?, parts.next());
    let file = format!("models/{app}.toml");
    let text = std::fs::read_to_string(project.root.join(&file)).ok()?;
    let line = declared::line(&text, model, field)?;
    Some((file, line))
}
