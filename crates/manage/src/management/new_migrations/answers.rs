//! Answers to questions: those that came with the command line, else those of the person at the terminal.

use clap::Args;

use crate::db::SqlText;
use crate::db::migrations::autodetector::{Answer, Manner, Question, Replayed, Wish, changes};
use crate::db::migrations::{Graph, Migration, ProjectState, check_default};
use crate::db::models::{DefaultValue, Field};
use crate::management::{CommandError, CommandResult, Output, Prompt};

/// The flags that answer.
#[derive(Debug, Args)]
pub(in crate::management) struct AnswerArgs {
    /// What is called otherwise: blog.Post=Article, blog.Post.score=rating; what moved: shop.Product=store.Product; repeatable
    #[arg(id = "renames", long = "rename", value_name = "OLD=NEW", help_heading = "Answers")]
    renames: Vec<String>,
    /// What is gone, and called nothing else: blog.Post, blog.Post.score; repeatable
    #[arg(id = "kept", long = "no-rename", value_name = "NAME", help_heading = "Answers")]
    kept: Vec<String>,
    /// What rows that exist get in a field that takes no NULL: blog.Post.lead=VALUE, a TOML literal or a text, `now`, `uuid7`,
    /// or SQL behind `sql:`; repeatable
    #[arg(id = "defaults", long = "default", value_name = "FIELD=VALUE", help_heading = "Answers")]
    defaults: Vec<String>,
    /// A field whose values may be lost, because it becomes what they cannot become: blog.Post.tags; repeatable
    #[arg(id = "replaced", long = "replace", value_name = "FIELD", help_heading = "Answers")]
    replaced: Vec<String>,
}

impl AnswerArgs {
    /// What they say.
    ///
    /// # Errors
    /// What is no name, or has no value.
    pub(in crate::management) fn given(&self) -> CommandResult<Given> {
        Given::read(&self.renames, &self.kept, &self.defaults, &self.replaced)
    }

    /// Whether they say nothing.
    pub(in crate::management) fn is_empty(&self) -> bool {
        [&self.renames, &self.kept, &self.defaults, &self.replaced].into_iter().all(Vec::is_empty)
    }
}

/// The migrations between models before and after.
///
/// # Errors
/// [`CommandError::question`] with all that nobody could be asked; what was said about nothing; those of the work itself.
pub(in crate::management) fn found(
    graph: &Graph,
    (before, after): (&Replayed, &ProjectState),
    manner: Manner<'_>,
    given: Given,
    out: &mut Output,
) -> CommandResult<Vec<Migration>> {
    let wishes: Vec<Wish> = given.renames.clone();
    let mut answers = Answers { given, out, open: Vec::new() };
    let migrations = changes(graph, (before, after), (&wishes, manner), |question| answers.answer(question));
    let (given, open) = (answers.given, answers.open);
    let migrations = migrations?;
    if !open.is_empty() {
        let error = CommandError::question(format!(
            "what only you know is asked on a terminal alone, and nothing was written:\n  {}",
            open.iter().map(Question::words).collect::<Vec<_>>().join("\n  ")
        ));
        return Err(open
            .iter()
            .fold(error, |error, question| error.hint(format!("{} answers", question.flags()))));
    }
    given.check_used()?;
    Ok(migrations)
}

/// What the command line answers.
#[derive(Debug, Default)]
pub(in crate::management) struct Given {
    /// `--rename`
    renames: Vec<Wish>,
    /// `--no-rename`: `app.Model` or `app.Model.field`.
    kept: Vec<String>,
    /// `--default`: `app.Model.field` and its value.
    defaults: Vec<(String, String)>,
    /// `--replace`: `app.Model.field`.
    replaced: Vec<String>,
    /// What was of use.
    used: Vec<String>,
}

impl Given {
    /// Reads what was typed.
    ///
    /// # Errors
    /// What is no name, or has no value.
    fn read(
        renames: &[String],
        kept: &[String],
        defaults: &[String],
        replaced: &[String],
    ) -> CommandResult<Self> {
        let pair = |flag: &str, text: &String| {
            let parts = text.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.to_owned()));
            parts.ok_or_else(|| CommandError::usage(format!("{flag} {text}: expected NAME=VALUE")))
        };
        let defaults =
            defaults.iter().map(|text| pair("--default", text)).collect::<CommandResult<Vec<_>>>()?;
        let names = defaults.iter().map(|(name, _)| name).chain(replaced);
        names.map(|name| (name, name.split('.').count() == 3)).try_for_each(|(name, is_field)| {
            let problem = || CommandError::usage(format!("`{name}`: expected app.Model.field"));
            if is_field { Ok(()) } else { Err(problem()) }
        })?;
        let renames = renames.iter().map(|text| wish(text, pair("--rename", text)?));
        let renames = renames.collect::<CommandResult<Vec<_>>>()?;
        Ok(Self { renames, kept: kept.to_vec(), defaults, replaced: replaced.to_vec(), used: Vec::new() })
    }

    /// Refuses other names for what is not there.
    ///
    /// # Errors
    /// The first of them.
    pub(in crate::management) fn check_renames(
        &self,
        before: &ProjectState,
        after: &ProjectState,
    ) -> CommandResult {
        let Some(wish) = self.renames.iter().find(|wish| !wish.fits(before, after)) else { return Ok(()) };
        let field = wish.field.as_ref().map(|field| format!(".{field}")).unwrap_or_default();
        let name = format!("{}.{}{field}", wish.app, wish.model);
        Err(CommandError::usage(format!(
            "`--rename {name}={}`: there is no `{name}` in the migrations, or no `{}` in the models",
            wish.to, wish.to
        )))
    }

    /// Refuses what was said about nothing that was asked.
    ///
    /// # Errors
    /// The first of it.
    fn check_used(&self) -> CommandResult {
        let names = self.kept.iter().chain(self.defaults.iter().map(|(name, _)| name)).chain(&self.replaced);
        let mut unused = names.filter(|name| !self.used.iter().any(|used| used.eq_ignore_ascii_case(name)));
        match unused.next() {
            Some(name) => Err(CommandError::usage(format!("nothing was asked about `{name}`"))
                .hint("leave the flag out, or correct the name: app.Model or app.Model.field")),
            None => Ok(()),
        }
    }

    fn says(&mut self, names: fn(&Self) -> &Vec<String>, wanted: &str) -> bool {
        let found = names(self).iter().any(|name| name.eq_ignore_ascii_case(wanted));
        if found {
            self.used.push(wanted.to_owned());
        }
        found
    }

    fn default(&mut self, wanted: &str) -> Option<String> {
        let found = self.defaults.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted))?.1.clone();
        self.used.push(wanted.to_owned());
        Some(found)
    }
}

fn wish(text: &str, (from, to): (String, String)) -> CommandResult<Wish> {
    let parts: Vec<&str> = from.split('.').collect();
    let (app, model, field) = match parts.as_slice() {
        [app, model] => (*app, *model, None),
        [app, model, field] => (*app, *model, Some((*field).to_owned())),
        _ => {
            return Err(CommandError::usage(format!(
                "--rename {text}: expected app.Model=NAME or app.Model.field=NAME"
            )));
        }
    };
    let to = to.trim().to_owned();
    if to.is_empty() || (field.is_some() && to.contains('.')) {
        return Err(CommandError::usage(format!("--rename {text}: `{to}` is no name")));
    }
    Ok(Wish { app: app.to_owned(), model: model.to_owned(), field, to })
}

/// Answers the questions of one run.
struct Answers<'a> {
    /// What the command line answers.
    given: Given,
    /// Where a person is asked.
    out: &'a mut Output,
    /// What nobody could be asked.
    open: Vec<Question>,
}

impl Answers<'_> {
    /// The answer to a question. Where nobody can be asked it is kept, and the work goes on to find all of them.
    ///
    /// # Errors
    /// [`CommandError::question`] when the person ends it, and Ctrl-C.
    fn answer(&mut self, question: &Question) -> CommandResult<Answer> {
        if let Some(answer) = self.answer_given(question)? {
            return Ok(answer);
        }
        if !self.out.is_interactive() {
            self.open.push(question.clone());
            // What is behind a yes asks less.
            return Ok(Answer::Yes);
        }
        match question {
            Question::Default { field, .. } => self.value(question, field),
            _ => {
                let is_yes = Prompt::new(self.out).confirm(&question.words(), &question.flags())?;
                Ok(if is_yes { Answer::Yes } else { Answer::No })
            }
        }
    }

    fn value(&mut self, question: &Question, field: &Field) -> CommandResult<Answer> {
        let words =
            format!("{}\nA value, `now`, `uuid7`, or Enter to end and change the model", question.words());
        loop {
            let typed = Prompt::new(self.out).line(&words, None, &question.flags())?;
            if typed.is_empty() {
                return Err(CommandError::question("nothing was written"));
            }
            match value(field, &typed) {
                Ok(value) => return Ok(Answer::Value(value)),
                Err(problem) => self.out.warning(problem)?,
            }
        }
    }

    fn answer_given(&mut self, question: &Question) -> CommandResult<Option<Answer>> {
        let kept =
            |given: &mut Given, name: String| given.says(|given| &given.kept, &name).then_some(Answer::No);
        Ok(match question {
            Question::RenamedModel { app, from, .. } => kept(&mut self.given, format!("{app}.{from}")),
            Question::MovedModel { from, name, .. } => kept(&mut self.given, format!("{from}.{name}")),
            Question::RenamedField { model, from, .. } => kept(&mut self.given, format!("{model}.{from}")),
            Question::Replaced { model, field, .. } => {
                let name = format!("{model}.{field}");
                self.given.says(|given| &given.replaced, &name).then_some(Answer::Yes)
            }
            Question::Default { model, field, .. } => {
                let name = format!("{model}.{}", field.name);
                match self.given.default(&name) {
                    None => None,
                    Some(text) => {
                        let value = value(field, &text)
                            .map_err(|problem| CommandError::usage(format!("--default {name}: {problem}")))?;
                        Some(Answer::Value(value))
                    }
                }
            }
        })
    }
}

/// A typed text as a default: a literal of TOML that fits the field, else the text itself.
fn value(field: &Field, typed: &str) -> Result<DefaultValue, String> {
    if let Some(sql) = typed.strip_prefix("sql:") {
        return Ok(DefaultValue::Sql { sql: SqlText::from(sql.trim()) });
    }
    let literal = toml::from_str::<toml::Table>(&format!("value = {typed}"));
    let literal = literal.ok().and_then(|mut table| table.remove("value"));
    let text = DefaultValue::Literal(toml::Value::from(typed));
    match literal.map(DefaultValue::Literal) {
        Some(literal) if check_default(field, &literal).is_ok() => Ok(literal),
        _ => check_default(field, &text).map(|()| text),
    }
}
