//! The tables of the app. migrations/polls/ makes them.

use manage::db::models::{Model, Registry};
use manage::timezone::{SignedDuration, Timestamp, now};

/// What is asked.
#[derive(Debug, Clone, Model)]
#[model(app = "polls", ordering = "-pub_date")]
pub struct Question {
    /// Its number.
    pub id: i64,
    /// The question itself.
    #[field(max_length = 200)]
    pub question_text: String,
    /// From when it is shown.
    pub pub_date: Timestamp,
    /// Whether votes are taken.
    #[field(default = true)]
    pub opened: bool,
}

impl Question {
    /// Whether it is shown for less than a day.
    pub fn was_published_recently(&self) -> bool {
        let age = now().duration_since(self.pub_date);
        !age.is_negative() && age < SignedDuration::from_hours(24)
    }
}

/// What can be answered.
#[derive(Debug, Clone, Model)]
#[model(app = "polls", ordering = "id")]
pub struct Choice {
    /// Its number.
    pub id: i64,
    /// The question that it answers.
    #[field(references = "polls.Question")]
    pub question_id: i64,
    /// The answer itself.
    #[field(max_length = 200)]
    pub choice_text: String,
    /// How many chose it.
    #[field(type = "Integer", default = 0)]
    pub votes: i64,
}

/// Registers the models.
pub fn register(models: &mut Registry) {
    models.register(Question::state());
    models.register(Choice::state());
}
