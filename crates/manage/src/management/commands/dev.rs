use std::fs;
use std::io::Write as _;

use clap::Args;

use crate::conf::Address;
use crate::conf::{Loaded, PLAIN_SETTINGS, PlaceKind};
use crate::db::backends::file;
use crate::management::files::write;
use crate::management::holds_databases;
use crate::management::serving;
use crate::management::{BaseCommand, CommandError, CommandResult, Group, Manage, Output};
use crate::setup::Project;

/// Make what is missing, then serve the site for development
#[derive(Debug, Args)]
pub(super) struct Dev {
    /// Address to listen on, such as 127.0.0.1:8000 or :8000; repeatable
    #[arg(long, value_name = "ADDR:PORT")]
    bind: Vec<Address>,
    /// Leave a new site empty
    #[arg(long)]
    no_seed: bool,
}

/// The file that makes a folder a project.
const SETTINGS: &str = "settings/base.toml";

/// Stands in the project's folder while it is made, so that a run that was killed is taken up again.
const UNFINISHED: &str = ".manage-dev-unfinished";

impl BaseCommand for Dev {
    const NAME: &'static str = "dev";
    const GROUP: Group = Group::Serving;
    const OUTLIVES_PIPE: bool = true;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        self.begin(manage, out)?;
        self.make_once(manage, out)?;
        let mut project = manage.new_project()?;
        project.settings.debug = true;
        serving::run(manage, self.bound(project), out)
    }
}

impl Dev {
    /// The project, on the addresses of the command line.
    fn bound(&self, mut project: Project) -> Project {
        if !self.bind.is_empty() {
            project.settings.server.bind.clone_from(&self.bind);
        }
        project
    }

    /// Makes the folder a project if it is none, when nothing stands against serving it.
    fn begin(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let loaded = manage.load()?.complete()?;
        let (root, is_new) =
            (loaded.place.root.clone(), loaded.place.kind == PlaceKind::Empty && !holds_databases(&loaded));
        if is_new {
            refuse_strangers(&loaded)?;
        }
        serving::check_bind(manage, &self.bound(manage.installed.project(loaded)?))?;
        if is_new {
            let text = manage.installed.files.text(SETTINGS).unwrap_or_else(|| PLAIN_SETTINGS.to_owned());
            fs::create_dir_all(root.join("settings"))?;
            write(&root.join(SETTINGS), &text)?;
            out.status(format!("{SETTINGS} was written: this folder is a project now."))?;
        }
        Ok(())
    }

    /// Makes and fills the databases, one process at a time: the second finds everything made.
    fn make_once(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let unfinished = manage.project()?.root.join(UNFINISHED);
        let pending = serving::pending(manage.project()?)??;
        let is_empty = pending.is_new && !pending.migrations.is_empty();
        if !is_empty && !unfinished.exists() {
            return Ok(());
        }
        let mut mark = fs::File::options().create(true).append(true).open(&unfinished)?;
        mark.lock()?;
        let pending = serving::pending(manage.project()?)??;
        // Whoever had the lock before has removed the file when all was done.
        if !unfinished.exists() && !pending.is_new {
            return Ok(());
        }
        mark.set_len(0)?;
        mark.write_all(b"`manage dev` makes this project; it goes on where it was stopped.\n")?;
        self.make(manage, out)?;
        Ok(fs::remove_file(&unfinished)?)
    }

    fn make(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        out.status("A new project: making its databases.")?;
        manage.call("migrate", &[], out)?;
        if !self.no_seed {
            let apps = manage.installed.apps_of(manage.project()?);
            apps.filter_map(|app| app.first_content).try_for_each(|fill| fill(manage, out))?;
        }
        Ok(out.flush()?)
    }
}

/// Databases of another program, such as a Django project's, are not filled with this one's tables.
fn refuse_strangers(loaded: &Loaded) -> CommandResult {
    let files = loaded.settings.databases.values().filter_map(|database| file(database, &loaded.place.root));
    let mut taken = files.filter(|file| file.metadata().is_ok_and(|facts| facts.len() > 0));
    // Another `dev` may be making them at this moment, or be done since this one looked.
    let is_ours = || loaded.place.root.join(UNFINISHED).exists() || holds_databases(loaded);
    match taken.next() {
        None => Ok(()),
        Some(_) if is_ours() => Ok(()),
        Some(file) => Err(CommandError::failed(format!("{} is there already and is not of this program", file.display()))
            .hint("type `manage dev` in an empty folder; for a database of your own, write settings/base.toml first")),
    }
}
