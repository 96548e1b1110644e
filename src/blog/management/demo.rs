//! The demo content: a small blog as one might find it, written by hand.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::content::{self, Content, Random};
use manage::text;

const FILE: &str = include_str!("demo.toml");

#[derive(Deserialize)]
struct Demo {
    person: Vec<Person>,
    article: Vec<Article>,
}

#[derive(Deserialize)]
struct Person {
    username: String,
    name: String,
    #[serde(default)]
    bio: String,
    #[serde(default)]
    writer: bool,
}

#[derive(Deserialize)]
struct Article {
    author: String,
    title: String,
    excerpt: String,
    body: String,
    #[serde(default)]
    comment: Vec<Comment>,
}

#[derive(Deserialize)]
struct Comment {
    author: String,
    body: String,
    #[serde(default)]
    reply: Vec<Self>,
}

/// The demo content, its last article published a day before `now`.
///
/// # Errors
/// When the file in the binary is broken, which a test excludes.
pub(super) fn content(now: Timestamp) -> anyhow::Result<Content> {
    let demo: Demo = toml::from_str(FILE)?;
    let person = |username: &str| {
        let position = demo.person.iter().position(|person| person.username == username);
        position.ok_or_else(|| anyhow::anyhow!("nobody is called {username}"))
    };
    let mut made = Content::default();
    let mut random = Random(7);
    for (position, article) in demo.article.iter().rev().enumerate() {
        let age = SignedDuration::from_hours(24 + 97 * position as i64);
        let published_at = now.saturating_sub(age)?;
        let author = person(&article.author)?;
        for (at, _) in demo.person.iter().enumerate().filter(|(at, _)| *at != author) {
            if random.unit() < 0.7 {
                made.ratings.push(content::Rating {
                    article: position,
                    person: at,
                    value: [3, 4, 4, 5, 5, 5][random.below(6)],
                });
            }
        }
        let mut thread =
            Thread { comments: &mut made.comments, article: position, last: published_at, person: &person };
        thread.add(&article.comment, None)?;
        made.articles.push(content::Article {
            author,
            title: article.title.clone(),
            slug: text::slugify(&article.title, 200),
            excerpt: article.excerpt.clone(),
            body: article.body.trim().to_owned(),
            published_at,
        });
    }
    made.people = demo.person.into_iter().map(known).collect();
    Ok(made)
}

fn known(person: Person) -> content::Person {
    let Person { username, name, bio, writer } = person;
    content::Person { username, name, bio, is_writer: writer }
}

/// The comments of one article while they are collected.
struct Thread<'a, F> {
    comments: &'a mut Vec<content::Comment>,
    article: usize,
    last: Timestamp,
    person: &'a F,
}

impl<F: Fn(&str) -> anyhow::Result<usize>> Thread<'_, F> {
    /// Recursive as the file is; that is as deep as somebody wrote it.
    fn add(&mut self, comments: &[Comment], parent: Option<usize>) -> anyhow::Result<()> {
        for comment in comments {
            self.last = self.last.saturating_add(SignedDuration::from_mins(73))?;
            let position = self.comments.len();
            self.comments.push(content::Comment {
                article: self.article,
                author: (self.person)(&comment.author)?,
                parent,
                body: comment.body.clone(),
                created_at: self.last,
            });
            self.add(&comment.reply, Some(position))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_content_is_complete() {
        let made = content("2026-03-04T15:00:00Z".parse().unwrap()).unwrap();
        assert_eq!(made.articles.len(), 12);
        assert!(
            made.comments
                .iter()
                .filter_map(|comment| comment.parent)
                .all(|parent| parent < made.comments.len())
        );
        assert!(made.articles.iter().all(|article| made.people[article.author].is_writer));
        assert!(made.articles.iter().all(|article| article.excerpt.len() <= 300 && !article.slug.is_empty()));
    }
}
