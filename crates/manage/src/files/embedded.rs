//! Files that a crate brings in the program.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use rust_embed::{Embed, EmbeddedFile};

/// Folders of a crate whose files are part of the program: what [`embed!`](crate::embed) makes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Embedded {
    /// The folders.
    pub folders: &'static [Folder],
    /// Name of the crate that brings them.
    pub owner: &'static str,
}

/// One embedded folder.
#[derive(Debug, Clone, Copy)]
pub struct Folder {
    get: fn(&str) -> Option<EmbeddedFile>,
    names: fn() -> Vec<Cow<'static, str>>,
}

/// Bytes in the program, and when the file was changed last where that is known.
pub(super) type Content = (Cow<'static, [u8]>, Option<SystemTime>);

impl Embedded {
    /// The file at this path.
    pub(super) fn get(self, path: &str) -> Option<Content> {
        let file = self.folders.iter().find_map(|folder| (folder.get)(path))?;
        let modified =
            file.metadata.last_modified().map(|at| SystemTime::UNIX_EPOCH + Duration::from_secs(at));
        Some((file.data, modified))
    }

    /// The text of the file at this path, when it is text.
    pub fn text(self, path: &str) -> Option<String> {
        String::from_utf8(self.get(path)?.0.into_owned()).ok()
    }

    /// Paths of all its files.
    pub(crate) fn names(self) -> impl Iterator<Item = Cow<'static, str>> {
        self.folders.iter().flat_map(|folder| (folder.names)())
    }
}

impl Folder {
    /// The folder that the type embeds.
    pub const fn of<E: Embed>() -> Self {
        Self { get: E::get, names: || E::iter().collect() }
    }
}

/// Makes folders of the calling crate part of the program: `embed!("migrations/", "templates/")`.
///
/// A file's path begins with the folder, `templates/polls/index.html`, or with what stands behind `as`. A folder that does not exist is an error of
/// compilation. Cargo notices changed files by itself, new ones where `build.rs` says `cargo::rerun-if-changed=templates`.
#[macro_export]
macro_rules! embed {
    (@prefix $folder:tt $prefix:tt) => {{
        #[derive($crate::files::rust_embed::Embed)]
        #[crate_path = "::manage::files::rust_embed"]
        #[folder = $folder]
        #[prefix = $prefix]
        struct Files;
        $crate::files::Folder::of::<Files>()
    }};
    (@prefix $folder:tt) => { $crate::embed!(@prefix $folder $folder) };
    ($($folder:tt $(as $prefix:tt)?),+ $(,)?) => {{
        const FOLDERS: &[$crate::files::Folder] = &[$($crate::embed!(@prefix $folder $($prefix)?)),+];
        $crate::files::Embedded { folders: FOLDERS, owner: env!("CARGO_PKG_NAME") }
    }};
}
