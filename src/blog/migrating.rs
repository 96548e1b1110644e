//! What migrations call by name. It outlives today's structs: names of tables and columns are those of its point in the
//! history.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use manage::db::migrations::state::ProjectState;
use manage::db::migrations::{Batches, Rows};
use manage::db::{Error, Result, params};

use super::markup;

/// Articles that are read and written at once.
const BATCH: u32 = 200;

/// Reckons how long articles take to read that came otherwise than through the site, which reckons it when it saves one.
pub(super) fn reckon_reading_minutes<'a>(
    rows: &'a mut Rows<'_>,
    state: &'a ProjectState,
) -> BoxFuture<'a, Result<()>> {
    async move {
        let model = state.get("blog", "Article").ok_or(Error::DoesNotExist { model: "blog.Article" })?;
        let table = model.table();
        let mut batches = Batches::new(model, BATCH);
        while let Some(batch) = rows.next_batch(&mut batches).await? {
            let read = format!("SELECT id, body, reading_minutes FROM {table} WHERE id BETWEEN ? AND ?");
            let articles: Vec<(i64, String, i64)> = rows.query(&read, &[batch.first, batch.last]).await?;
            for (id, body, known) in articles {
                let minutes = markup::reading_minutes(&body);
                if minutes != known {
                    let write = format!("UPDATE {table} SET reading_minutes = ? WHERE id = ?");
                    rows.execute(&write, params![minutes, id]).await?;
                }
            }
        }
        Ok(())
    }
    .boxed()
}
