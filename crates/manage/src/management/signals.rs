//! What `migrate` and `flush` tell of.

/// Migrations are about to run (Django's `pre_migrate`), told once for a run. Nothing was changed yet.
#[derive(Debug, Clone)]
pub struct PreMigrate {
    /// Aliases of the databases that were asked for; none: all.
    pub databases: Vec<String>,
}

/// Migrations have run (Django's `post_migrate`), told once for a run that succeeded, also where nothing was to be done,
/// and after `flush`, which took the rows away.
///
/// A receiver fills in what rows an app cannot do without, and must bear to be called again.
#[derive(Debug, Clone)]
pub struct PostMigrate {
    /// Aliases of the databases that were asked for; none: all.
    pub databases: Vec<String>,
    /// How many migrations were run.
    pub migrations: usize,
}
