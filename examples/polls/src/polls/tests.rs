//! Polls as their visitors see them.

use manage::Program;
use manage::db::models::Model;
use manage::test::Client;
use manage::timezone::{SignedDuration, now};

use super::models::{Choice, Question};

fn client() -> Client {
    Client::new(Program::new().apps([super::APP]))
}

/// A question that is shown since so many hours, or will be.
fn create_question(client: &Client, text: &str, hours: i64) -> i64 {
    let pub_date = now() - SignedDuration::from_hours(hours);
    let question = Question {
        id: 0,
        question_text: text.to_owned(),
        pub_date,
        opened: true,
    };
    client.block_on(async {
        let database = client.project().database_of("polls").unwrap();
        let id = question.insert(database).await.unwrap().id;
        let choice = Choice {
            id: 0,
            question_id: id,
            choice_text: "Not much".to_owned(),
            votes: 0,
        };
        choice.insert(database).await.unwrap();
        id
    })
}

#[test]
fn a_question_of_the_future_was_not_published_recently() {
    let question = |hours| Question {
        id: 0,
        question_text: String::new(),
        pub_date: now() - SignedDuration::from_hours(hours),
        opened: true,
    };
    assert!(!question(-1).was_published_recently());
    assert!(question(23).was_published_recently());
    assert!(!question(25).was_published_recently());
}

#[test]
fn without_questions_the_page_says_so() {
    assert!(
        client()
            .get("/polls/")
            .body
            .contains("No polls are available.")
    );
}

#[test]
fn questions_of_the_past_are_shown_and_those_of_the_future_are_not() {
    let mut client = client();
    create_question(&client, "Past question", 30);
    let future = create_question(&client, "Future question", -30);
    for page in ["/polls/", "/polls/archive/"] {
        let body = client.get(page).body;
        assert!(
            body.contains("Past question") && !body.contains("Future question"),
            "{body}"
        );
    }
    assert_eq!(client.get(&format!("/polls/{future}/")).status, 404);
}

#[test]
fn a_vote_is_counted_and_shown() {
    let mut client = client();
    let id = create_question(&client, "What's new?", 1);
    let answer = client.post(&format!("/polls/{id}/vote/"), &[("choice", "1")]);
    assert_eq!(
        answer.location(),
        Some(format!("/polls/{id}/results/").as_str())
    );
    let results = client.get(&format!("/polls/{id}/results/")).body;
    assert!(results.contains("Not much: 1 vote<"), "{results}");
}

#[test]
fn a_vote_for_nothing_is_refused() {
    let mut client = client();
    let id = create_question(&client, "What's new?", 1);
    for choice in ["", "99", "x"] {
        let answer = client.post(&format!("/polls/{id}/vote/"), &[("choice", choice)]);
        assert!(
            answer.body.contains("You didn&#x27;t select a choice."),
            "{}",
            answer.body
        );
    }
}
