//! Pages.

use std::sync::Arc;

use manage::db::Database;
use manage::db::models::QuerySet;
use manage::http::{HttpError, State, ViewResult, redirect};
use manage::template::{Value, context};
use manage::timezone::now;
use manage::urls::Site;
use manage::views::generic::{ListView, object};
use manage::views::{Context, Form, Path, page};

use super::models::{Choice, Question};
use super::settings::PollsSettings;

/// The latest questions. `GET /polls/`
pub async fn index(State(site): State<Arc<Site>>, context: Context) -> ViewResult {
    let PollsSettings { latest } = site.project.settings.app();
    let questions = published(Question::objects(site.project.database_of("polls")?));
    let questions = questions
        .order_by([Question::pub_date().desc()])
        .slice(0..*latest)
        .fetch()
        .await?;
    let list = Value::from_iter(questions.iter().map(|question| {
        context! { is_recent => question.was_published_recently(), ..object(question) }
    }));
    page(
        &site,
        &context,
        "polls/index.html",
        context! { latest_question_list => list },
    )
}

/// All questions, page by page. `GET /polls/archive/`
pub fn archive() -> ListView<Question> {
    ListView::new()
        .template("polls/archive.html")
        .rows(published)
        .paginate_by(10)
}

/// A question with its choices. `GET /polls/{id}/`
pub async fn detail(
    State(site): State<Arc<Site>>,
    Path(id): Path<i64>,
    context: Context,
) -> ViewResult {
    question_page(&site, &context, "polls/detail.html", id, None).await
}

/// What was voted. `GET /polls/{id}/results/`
pub async fn results(
    State(site): State<Arc<Site>>,
    Path(id): Path<i64>,
    context: Context,
) -> ViewResult {
    question_page(&site, &context, "polls/results.html", id, None).await
}

/// Takes a vote. `POST /polls/{id}/vote/`
pub async fn vote(
    State(site): State<Arc<Site>>,
    Path(id): Path<i64>,
    context: Context,
    Form(data): Form,
) -> ViewResult {
    if !find(&site, id).await?.opened {
        return question_page(
            &site,
            &context,
            "polls/detail.html",
            id,
            Some("This poll is closed."),
        )
        .await;
    }
    let choice: i64 = data.text("choice").parse().unwrap_or_default();
    let choices = Choice::objects(site.project.database_of("polls")?)
        .filter(Choice::question_id().eq(id))
        .filter(Choice::id().eq(choice));
    // Counted in the database: two people who vote at once are two votes.
    match choices.increment(Choice::votes(), 1).await? {
        0 => {
            question_page(
                &site,
                &context,
                "polls/detail.html",
                id,
                Some("You didn't select a choice."),
            )
            .await
        }
        _ => Ok(redirect(&site.url("polls:results", &[&id.to_string()]))),
    }
}

/// The questions that are shown already.
fn published(questions: QuerySet<Question, &Database>) -> QuerySet<Question, &Database> {
    questions.filter(Question::pub_date().lte(now()))
}

async fn find(site: &Site, id: i64) -> ViewResult<Question> {
    let questions = published(Question::objects(site.project.database_of("polls")?));
    questions
        .filter(Question::id().eq(id))
        .first()
        .await?
        .ok_or(HttpError::NotFound)
}

async fn question_page(
    site: &Site,
    context: &Context,
    template: &str,
    id: i64,
    error_message: Option<&str>,
) -> ViewResult {
    let question = find(site, id).await?;
    let choices = Choice::objects(site.project.database_of("polls")?)
        .filter(Choice::question_id().eq(id))
        .order_by([Choice::id().asc()])
        .fetch()
        .await?;
    let choices = Value::from_iter(choices.iter().map(object));
    let names = context! {
        question => object(&question), choices => choices, error_message => error_message
    };
    page(site, context, template, names)
}
