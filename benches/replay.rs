//! How long it takes to read the migrations of a folder, to replay their state, and to compile them.
//!
//! `cargo bench -p manage-db --bench replay -- FOLDER APP...`; `models.py` makes such a folder.
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

use manage_db::backends;
use manage_db::migrations::{Functions, Work, load, replay_all};
use manage_db::{DatabaseSettings, Folder, Router};

const RUNS: usize = 20;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let folder = args.next().ok_or("which folder?")?;
    let apps: Vec<String> = args.collect();
    let root = Path::new(&folder);
    let files = Folder::new(root);
    let settings = DatabaseSettings::from_url("sqlite:///db.sqlite3")?;
    let backend = backends::create("default", &settings, root)?;
    let graph = load(&files, &apps, &["sqlite"])?;
    let operations: usize = graph.migrations().map(|migration| migration.operations.len()).sum();
    println!("{} files, {operations} operations", graph.migrations().count());

    // What lives on another database is replayed and not compiled.
    let elsewhere = Router::new(
        apps.iter().map(|app| (app.clone(), vec!["other".to_owned()])).collect::<BTreeMap<_, _>>(),
    );
    let (here, functions) = (Router::default(), Functions::default());
    median("reading the files", || {
        drop(load(&files, &apps, &["sqlite"])?);
        Ok(())
    })?;
    for (what, router) in [("replay of the state", &elsewhere), ("replay and compiling, SQLite", &here)] {
        let work = Work { graph: &graph, router, functions: &functions };
        median(what, || Ok(replay_all(work, &backend).into_iter().next().map_or(Ok(()), Err)?))?;
    }
    Ok(())
}

fn median(what: &str, mut work: impl FnMut() -> Result<(), Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
    let mut seen = Vec::new();
    for _ in 0..RUNS {
        let started = Instant::now();
        work()?;
        seen.push(started.elapsed());
    }
    seen.sort();
    println!("  {what:<28} {:9.1} ms", seen[RUNS / 2].as_secs_f64() * 1e3);
    Ok(())
}
