//! Comments and their tree.
//!
//! A comment knows its parent and nothing else about its place. The tree is arranged in memory when the page is made:
//! the comments of an article are read anyway, and there is no number or path that two writers could corrupt or that
//! would limit the depth.

use std::collections::HashMap;

use jiff::Timestamp;

use manage::db::backends::base::Statement;
use manage::db::{Database, Error, Executor, FromRow, Result, Row, params};
use manage::timezone;

/// A comment as an article's page shows it.
#[derive(Debug, Clone)]
pub struct Comment {
    /// Its number.
    pub id: i64,
    /// The comment it answers.
    pub parent_id: Option<i64>,
    /// Number of its author's profile.
    pub author_id: i64,
    /// When it was written.
    pub created_at: Timestamp,
    /// Plain text.
    pub body: String,
    /// Its author's name.
    pub author_name: String,
    /// Last part of its author's address.
    pub author_slug: String,
}

impl FromRow for Comment {
    fn from_row(mut row: Row) -> Result<Self> {
        Ok(Self {
            id: row.take(0)?,
            parent_id: row.take(1)?,
            author_id: row.take(2)?,
            created_at: row.take(3)?,
            body: row.take(4)?,
            author_name: row.take(5)?,
            author_slug: row.take(6)?,
        })
    }
}

/// Arranges comments, given oldest first, as people read them: each followed by its answers.
///
/// Gives their positions with their levels, from 0. An answer to a comment that is not among them counts as a first-level comment.
pub fn tree(comments: &[Comment]) -> Vec<(usize, usize)> {
    let positions: HashMap<i64, usize> =
        comments.iter().enumerate().map(|(position, comment)| (comment.id, position)).collect();
    // For each comment its first answer and the one after it at the same level, as positions.
    let mut first_child = vec![None; comments.len()];
    let mut next_sibling = vec![None; comments.len()];
    let mut first_root = None;
    for (position, comment) in comments.iter().enumerate().rev() {
        let parent = comment.parent_id.and_then(|id| positions.get(&id)).filter(|parent| **parent < position);
        let first = parent.map_or(&mut first_root, |parent| &mut first_child[*parent]);
        next_sibling[position] = first.replace(position);
    }
    let mut order = Vec::with_capacity(comments.len());
    // A stack instead of recursion: thousands of levels are fine.
    let mut open: Vec<(usize, usize)> = first_root.map(|root| (root, 0)).into_iter().collect();
    while let Some((position, level)) = open.pop() {
        order.push((position, level));
        open.extend(next_sibling[position].map(|sibling| (sibling, level)));
        open.extend(first_child[position].map(|child| (child, level + 1)));
    }
    order
}

/// A comment to be posted.
#[derive(Debug, Clone, Copy)]
pub struct NewComment<'a> {
    /// Number of its article.
    pub article_id: i64,
    /// Number of its author's profile.
    pub author_id: i64,
    /// The comment it answers.
    pub parent_id: Option<i64>,
    /// Plain text.
    pub body: &'a str,
    /// Names the form it was typed into, so that a double click posts it once; none: not from a form.
    pub submission: Option<&'a str>,
}

/// Why a comment was not posted.
#[derive(Debug, thiserror::Error)]
pub enum CommentError {
    /// The comment that it answers is not one of the same article.
    #[error("no such comment to answer")]
    NoParent,
    /// The database refused.
    #[error(transparent)]
    Database(#[from] Error),
}

impl CommentError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Database(error) if error.is_retryable())
    }
}

impl NewComment<'_> {
    /// Posts it and counts it. Gives its number, or that of the same form's earlier comment.
    ///
    /// # Errors
    /// [`CommentError`].
    pub async fn post(self, database: &Database) -> Result<i64, CommentError> {
        match database
            .atomic_retrying(CommentError::is_retryable, || async move |tx| self.insert(tx).await)
            .await
        {
            Err(CommentError::Database(error)) if error.is_unique_violation() => {
                const SQL: &str = "SELECT id FROM blog_comment WHERE submission = ?";
                let row: Option<(i64,)> = database.query_optional(SQL, params![self.submission]).await?;
                row.map(|(id,)| id).ok_or(CommentError::Database(error))
            }
            answer => answer,
        }
    }

    async fn insert(&self, tx: &mut manage::db::Transaction) -> Result<i64, CommentError> {
        const PARENT: &str = "SELECT 1 FROM blog_comment WHERE id = ? AND article_id = ?";
        const INSERT: &str = "INSERT INTO blog_comment (article_id, author_id, parent_id, body, created_at, submission) \
                              VALUES (?, ?, ?, ?, ?, ?)";
        const COUNT: &str = "UPDATE blog_article SET comment_count = comment_count + 1 WHERE id = ?";
        if let Some(parent) = self.parent_id
            && tx.query_optional::<(i64,)>(PARENT, params![parent, self.article_id]).await?.is_none()
        {
            return Err(CommentError::NoParent);
        }
        let now = timezone::now();
        let values =
            params![self.article_id, self.author_id, self.parent_id, self.body, now, self.submission];
        // The article's row first: the key of a new comment shares it, and two who share it cannot both write it after.
        tx.execute(COUNT, params![self.article_id]).await?;
        Ok(Executor::insert(&mut &mut *tx, Statement { sql: INSERT, params: values }, "id").await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comments(parents: &[(i64, Option<i64>)]) -> Vec<Comment> {
        let comment = |&(id, parent_id): &(i64, Option<i64>)| Comment {
            id,
            parent_id,
            author_id: 1,
            created_at: Timestamp::UNIX_EPOCH,
            body: String::new(),
            author_name: String::new(),
            author_slug: String::new(),
        };
        parents.iter().map(comment).collect()
    }

    #[test]
    fn answers_follow_what_they_answer() {
        let comments =
            comments(&[(1, None), (2, None), (3, Some(1)), (4, Some(3)), (5, Some(1)), (6, Some(2))]);
        let shown: Vec<_> = tree(&comments).into_iter().map(|(at, level)| (comments[at].id, level)).collect();
        assert_eq!(shown, [(1, 0), (3, 1), (4, 2), (5, 1), (2, 0), (6, 1)]);
    }

    #[test]
    fn ten_thousand_levels_are_arranged() {
        let chain: Vec<_> = (0..10_000).map(|id| (id, (id > 0).then(|| id - 1))).collect();
        let order = tree(&comments(&chain));
        assert_eq!(order.len(), 10_000);
        assert_eq!(order.last(), Some(&(9_999, 9_999)));
    }

    #[test]
    fn no_comment_is_lost_whatever_its_parent_says() {
        let order = tree(&comments(&[(1, Some(99)), (2, Some(2)), (3, Some(4)), (4, Some(3))]));
        assert_eq!(order.len(), 4);
    }
}
