//! The app's commands.

use manage::db::models::Model;
use manage::management::{
    Args, BaseCommand, CommandError, CommandResult, Group, Manage, Output, block_on, clap,
};
use manage::timezone::now;

use super::models::{Choice, Question};

/// Add a poll with its choices
#[derive(Debug, Args)]
pub struct AddPoll {
    /// What is asked
    question: String,
    /// What can be answered
    #[arg(required = true, value_name = "CHOICE")]
    choices: Vec<String>,
}

impl BaseCommand for AddPoll {
    const NAME: &'static str = "addpoll";
    const GROUP: Group = Group::Project;
    const OUTLIVES_PIPE: bool = true;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let id = block_on(async {
            let database = manage.project()?.database_of("polls")?;
            let id = database.atomic(async |tx| {
                let question = self.question.clone();
                let question = Question {
                    id: 0,
                    question_text: question,
                    pub_date: now(),
                    opened: true,
                };
                let question_id = question.insert(&mut *tx).await?.id;
                for choice_text in self.choices.iter().cloned() {
                    Choice {
                        id: 0,
                        question_id,
                        choice_text,
                        votes: 0,
                    }
                    .insert(&mut *tx)
                    .await?;
                }
                Ok::<_, manage::db::Error>(question_id)
            });
            Ok(id.await?)
        })?;
        Ok(out.line(format!("Poll {id} was added."))?)
    }
}

/// Take no more votes
#[derive(Debug, Args)]
pub struct ClosePoll {
    /// Number of a poll
    #[arg(required = true, value_name = "POLL_ID")]
    poll_ids: Vec<i64>,
}

impl BaseCommand for ClosePoll {
    const NAME: &'static str = "closepoll";
    const GROUP: Group = Group::Project;
    const OUTLIVES_PIPE: bool = true;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        for id in &self.poll_ids {
            let closed = block_on(async {
                let questions = Question::objects(manage.project()?.database_of("polls")?);
                Ok(questions
                    .filter(Question::id().eq(*id))
                    .update([Question::opened().set(false)])
                    .await?)
            })?;
            if closed == 0 {
                return Err(CommandError::failed(format!("poll {id} does not exist")));
            }
            out.line(format!("Poll {id} was closed."))?;
        }
        Ok(())
    }
}

/// Something to look at, for `dev` in a new project.
pub fn first_content(manage: &Manage, out: &mut Output) -> CommandResult {
    manage.call(
        "addpoll",
        &["What's new?", "Not much", "The sky", "Just hacking again"],
        out,
    )
}
