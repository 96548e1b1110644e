//! What the SQL of applied migrations says.

use std::collections::BTreeSet;

use super::action::Action;
use super::graph::Graph;
use super::migration::Key;
use super::program::{self, Site};
use super::state::ProjectState;
use crate::backends::base::definition::plain_words;

/// The words of each statement that the applied migrations run on one database.
pub(super) struct AppliedSql {
    statements: Vec<BTreeSet<String>>,
}

impl AppliedSql {
    /// Reads the migrations that are applied. One that makes no sense any more says nothing.
    pub(super) fn read(graph: &Graph, applied: &BTreeSet<Key>, site: Site<'_>) -> Self {
        let syntax = site.backend.script_rules().syntax;
        let mut state = ProjectState::default();
        let mut statements = Vec::new();
        for migration in graph.migrations() {
            let before = state.clone();
            match program::forwards(migration, &mut state, site) {
                Ok(program) if applied.contains(&migration.key) => {
                    let actions = program.actions().flat_map(|(_, action)| said(action));
                    statements.extend(actions.map(|sql| plain_words(sql, syntax).into_iter().collect()));
                }
                Ok(_) => {}
                Err(_) => {
                    state = before;
                    drop(program::replay(migration, &mut state));
                }
            }
        }
        Self { statements }
    }

    /// Whether one statement holds all of the words, which are in lower case.
    pub(super) fn says(&self, words: &[String]) -> bool {
        self.statements.iter().any(|statement| words.iter().all(|word| statement.contains(word)))
    }
}

/// The statements by which it may make what no model says: not those that make models' tables, nor those that write rows, of
/// which there may be very many.
fn said(action: &Action) -> Vec<&str> {
    const ROWS: [&str; 5] = ["INSERT", "REPLACE", "UPDATE", "DELETE", "COPY"];
    let is_of_rows = |sql: &str| {
        let first = sql.split_whitespace().next().unwrap_or_default();
        ROWS.iter().any(|word| first.eq_ignore_ascii_case(word))
    };
    let is_of_model = |sql: &str| matches!(action, Action::Step(_)) && sql.starts_with("CREATE TABLE ");
    action.statements().into_iter().filter(|sql| !is_of_rows(sql) && !is_of_model(sql)).collect()
}
