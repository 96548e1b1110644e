//! `docs/tutorial.md` is followed from the first line to the last in an empty folder: every file is written, every
//! command runs, every output is compared, and what comes out is `examples/polls`.
//!
//! So it is also the test that what `startproject` and `startapp` write compiles without a warning and passes its tests.

mod document;
mod follow;

use std::fs;
use std::path::{Path, PathBuf};

use document::{Block, blocks};
use follow::Follower;

#[test]
fn the_tutorial_can_be_followed_to_its_end() {
    let house = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(house.join("docs/tutorial.md")).unwrap();
    let mut follower = Follower::new(house);
    for block in blocks(&text) {
        match block {
            Block::File { path, text } => follower.write(&path, &text),
            Block::Console { line, commands } => {
                commands.iter().for_each(|command| follower.run(line, command));
            }
        }
    }
    let (made, example) = (follower.folder().to_owned(), house.join("examples/polls"));
    let own = ["Cargo.toml", "Cargo.lock", "rustfmt.toml"];
    let kept = |files: Vec<PathBuf>| {
        let is_data = |file: &PathBuf| file.to_string_lossy().contains(".sqlite3");
        files
            .into_iter()
            .filter(|file| !own.iter().any(|name| file == Path::new(name)) && !is_data(file))
            .collect()
    };
    let (mut of_tutorial, of_example): (Vec<PathBuf>, Vec<PathBuf>) =
        (kept(files(&made)), kept(files(&example)));
    of_tutorial.retain(|file| !file.starts_with("target"));
    assert_eq!(of_tutorial, of_example);
    for file in of_example {
        let read = |root: &Path| fs::read_to_string(root.join(&file)).unwrap();
        assert_eq!(read(&made), read(&example), "{}", file.display());
    }
}

/// Paths of all files below the folder, sorted.
fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.is_file() {
                found.push(path.strip_prefix(root).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}
