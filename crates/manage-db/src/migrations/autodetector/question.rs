//! What two sets of models do not tell about the way from one to the other, and a person knows.

use crate::models::{DefaultValue, Field, FieldType};

/// Something that only a person knows.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// Whether a model is called otherwise, rather than gone and another one come.
    RenamedModel {
        /// Label of its app.
        app: String,
        /// Its name before.
        from: String,
        /// The name that it may have now.
        to: String,
    },
    /// Whether another app has a model now.
    MovedModel {
        /// Label of the app that had it.
        from: String,
        /// Label of the app that may have it now.
        to: String,
        /// Its name.
        name: String,
    },
    /// Whether a field is called otherwise, rather than gone and another one come.
    RenamedField {
        /// `app.Model`
        model: String,
        /// Its name before.
        from: String,
        /// The field that it may be now.
        to: Field,
    },
    /// What rows get that exist, in a field that takes no NULL.
    Default {
        /// `app.Model`
        model: String,
        /// The field.
        field: Field,
        /// Whether the field is new; otherwise it took NULL before.
        is_new: bool,
    },
    /// Whether the values of a field may be lost, which cannot become what it is to be.
    Replaced {
        /// `app.Model`
        model: String,
        /// Name of the field.
        field: String,
        /// What it was.
        from: FieldType,
        /// What it is to be.
        to: FieldType,
    },
}

/// What somebody says to a question.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Yes.
    Yes,
    /// No.
    No,
    /// This value.
    Value(DefaultValue),
}

impl Question {
    /// The question in words: Django's, where Django asks.
    pub fn words(&self) -> String {
        match self {
            Self::RenamedModel { app, from, to } => format!("Was the model {app}.{from} renamed to {to}?"),
            Self::MovedModel { from, to, name } => {
                format!("Was the model {from}.{name} moved to the app {to}?")
            }
            Self::RenamedField { model, from, to } => {
                let model = model.split('.').next_back().unwrap_or_default().to_lowercase();
                format!("Was {model}.{from} renamed to {model}.{} (a {:?})?", to.name, to.kind)
            }
            Self::Default { model, field, is_new: true } => {
                format!("What do rows of {model} get in the new field `{}`, which takes no NULL?", field.name)
            }
            Self::Default { model, field, is_new: false } => {
                format!(
                    "What do rows of {model} get whose `{}` is NULL, which it no longer takes?",
                    field.name
                )
            }
            Self::Replaced { model, field, from: FieldType::ManyToMany, to: FieldType::ManyToMany } => {
                format!(
                    "{model}.{field} has its pairs in another table from now on: may those that are there be lost?"
                )
            }
            Self::Replaced { model, field, from, to } => {
                format!("{model}.{field} is a {from:?} and cannot become a {to:?}: may its values be lost?")
            }
        }
    }

    /// The flags that answer it, as people type them.
    pub fn flags(&self) -> String {
        match self {
            Self::RenamedModel { app, from, to } => {
                format!("`--rename {app}.{from}={to}` or `--no-rename {app}.{from}`")
            }
            Self::MovedModel { from, to, name } => {
                format!("`--rename {from}.{name}={to}.{name}` or `--no-rename {from}.{name}`")
            }
            Self::RenamedField { model, from, to } => {
                format!("`--rename {model}.{from}={}` or `--no-rename {model}.{from}`", to.name)
            }
            Self::Default { model, field, .. } => format!("`--default {model}.{}=VALUE`", field.name),
            Self::Replaced { model, field, .. } => format!("`--replace {model}.{field}`"),
        }
    }
}
