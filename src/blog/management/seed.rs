use clap::Args;

use super::content::{Content, PASSWORD};
use super::generated::{self, Sizes};
use super::{demo, load};
use crate::blog::models::published_count;
use manage::contrib::auth::hashers;
use manage::management::{BaseCommand, CommandError, CommandResult, Group, Manage, Output, block_on};
use manage::setup::Project;
use manage::timezone;

/// Fill an empty blog: with a few articles to look at, or with any number to measure with
#[derive(Debug, Args)]
pub(crate) struct Seed {
    /// Generated articles instead of the written ones
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    articles: Option<u32>,
    /// Comments; five for each article where nothing is said
    #[arg(long, value_name = "N", requires = "articles")]
    comments: Option<u32>,
    /// Ratings; ten for each article where nothing is said
    #[arg(long, value_name = "N", requires = "articles")]
    ratings: Option<u32>,
    /// People who write: writer1, writer2, ...
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    authors: u32,
    /// People who read; their numbers follow those of the writers
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    travellers: u32,
    /// Succeed without doing anything when there are articles
    #[arg(long)]
    if_empty: bool,
}

impl BaseCommand for Seed {
    const NAME: &'static str = "seed";
    const GROUP: Group = Group::Project;
    const OUTLIVES_PIPE: bool = true;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let project = manage.project()?;
        if self.if_empty && block_on(has_articles(project))? {
            return Ok(());
        }
        let content = self.content()?;
        let Content { people, articles, comments, ratings } = &content;
        let steps = 3 * people.len() + articles.len() + comments.len() + ratings.len();
        let bar = out.progress(steps as u64, "seed");
        block_on(async {
            if has_articles(project).await? {
                return Err(CommandError::failed("the blog already holds articles")
                    .hint("seed an empty database; nothing was changed"));
            }
            let password = hashers::make_password(PASSWORD);
            Ok(load::load(project, &content, &password, &bar).await?)
        })?;
        bar.finish_and_clear();
        let (articles, comments, ratings) = (articles.len(), comments.len(), ratings.len());
        out.line(format!(
            "{} people, {articles} articles, {comments} comments, {ratings} ratings",
            people.len()
        ))?;
        let someone = people.first().map_or("", |person| person.username.as_str());
        out.status(format!("Everybody's password is `{PASSWORD}`; sign in as `{someone}`, for example."))?;
        Ok(())
    }
}

impl Seed {
    fn content(&self) -> CommandResult<Content> {
        let Some(articles) = self.articles else { return Ok(demo::content(timezone::now())?) };
        let sizes = Sizes {
            authors: self.authors as usize,
            travellers: self.travellers as usize,
            articles: articles as usize,
            comments: self.comments.map_or(articles as usize * 5, |count| count as usize),
            ratings: self.ratings.map_or(articles as usize * 10, |count| count as usize),
        };
        let people = sizes.authors + sizes.travellers;
        if sizes.ratings > sizes.articles.saturating_mul(people) {
            let most = sizes.articles.saturating_mul(people);
            return Err(CommandError::usage(format!(
                "{people} people can rate {articles} articles at most {most} times"
            )));
        }
        Ok(generated::content(sizes))
    }
}

async fn has_articles(project: &Project) -> CommandResult<bool> {
    let database = project.database_of("blog")?;
    if published_count(database).await? > 0 {
        return Ok(true);
    }
    Ok(database.query_optional::<(i64,)>("SELECT 1 FROM blog_article LIMIT 1", &[]).await?.is_some())
}
