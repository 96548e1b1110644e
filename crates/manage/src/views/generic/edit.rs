//! Rows made, changed and deleted by forms.

use std::sync::Arc;

use axum::extract::State;
use futures_util::FutureExt as _;
use minijinja::{Value as Shown, context};

use super::asked::{Asked, Viewed};
use super::object::{About, Rows, find, key, object};
use crate::db::models::Model;
use crate::db::models::rows::{self, Named};
use crate::db::{Error, StatementKind};
use crate::forms::{ALL_FIELDS, ModelForm};
use crate::http::{HttpError, Request, Response, redirect};
use crate::urls::Site;
use crate::views::{Context, page};

/// What a form does not ask for: columns with values, such as who wrote and when.
pub(super) type Given = fn(&Context) -> Vec<Named>;

/// What the three views have in common.
struct Editing<M> {
    fields: &'static [&'static str],
    template: Option<&'static str>,
    success_url: &'static str,
    given: Given,
    rows: Rows<M>,
}

impl<M> Clone for Editing<M> {
    fn clone(&self) -> Self {
        let Self { fields, template, success_url, given, rows } = *self;
        Self { fields, template, success_url, given, rows }
    }
}

impl<M: Model + 'static> Editing<M> {
    fn new(fields: &'static [&'static str]) -> Self {
        Self { fields, template: None, success_url: "/", given: |_| Vec::new(), rows: |rows| rows }
    }

    fn form(&self, about: &About) -> Result<ModelForm, HttpError> {
        ModelForm::new(&about.state, self.fields).map_err(|why| HttpError::Internal(anyhow::anyhow!(why)))
    }

    fn page(
        &self,
        asked: &Asked,
        about: &About,
        form: &ModelForm,
        row: Option<&M>,
    ) -> Result<Response, HttpError> {
        let shown = row.map_or(Shown::from(()), object);
        let named = Shown::from_pairs([(about.name(), shown.clone())]);
        let template = self.template.map_or_else(|| about.template("form"), str::to_owned);
        page(
            &asked.site,
            &asked.context,
            &template,
            context! { form => form.to_value(), object => shown, ..named },
        )
    }

    /// The question before a row is deleted, with why it cannot be.
    fn confirm(
        &self,
        asked: &Asked,
        about: &About,
        row: &M,
        error: Option<&str>,
    ) -> Result<Response, HttpError> {
        let shown = object(row);
        let named = Shown::from_pairs([(about.name(), shown.clone())]);
        let template = self.template.map_or_else(|| about.template("confirm_delete"), str::to_owned);
        page(&asked.site, &asked.context, &template, context! { object => shown, error => error, ..named })
    }

    /// The page again with what the database refused, when a person can do something about it.
    fn refused(
        &self,
        asked: &Asked,
        about: &About,
        mut form: ModelForm,
        row: Option<&M>,
        error: Error,
    ) -> Result<Response, HttpError> {
        let name = &about.state.name;
        let message = match error.statement_kind() {
            Some(StatementKind::UniqueViolation) => format!("{name} with these values already exists."),
            Some(StatementKind::ForeignKeyViolation) => {
                "Select a valid choice. That choice is not one of the available choices.".to_owned()
            }
            Some(StatementKind::CheckViolation) => "These values are not allowed.".to_owned(),
            _ => return Err(error.into()),
        };
        form.errors.add(ALL_FIELDS, message);
        self.page(asked, about, &form, row)
    }
}

/// A form that makes a row. `GET` shows it, `POST` takes it: give the view to both.
///
/// The template, `<app>/<model>_form.html`, sees `form`.
pub struct CreateView<M>(Editing<M>);

/// A form that changes the row which the address names. As [`CreateView`]; the template sees the row as `object` too.
pub struct UpdateView<M>(Editing<M>);

/// Deletes the row which the address names, when it was asked first: `GET` shows `<app>/<model>_confirm_delete.html`.
pub struct DeleteView<M>(Editing<M>);

macro_rules! editing_view {
    ($view:ident) => {
        impl<M> Clone for $view<M> {
            fn clone(&self) -> Self {
                Self(self.0.clone())
            }
        }

        impl<M: Model + 'static> $view<M> {
            /// Another template than Django's.
            #[must_use]
            pub fn template(mut self, name: &'static str) -> Self {
                self.0.template = Some(name);
                self
            }

            /// Where it leads afterwards: an address that begins with a slash, or the name of a route without parts or
            /// with those of the request's own.
            #[must_use]
            pub fn success_url(mut self, target: &'static str) -> Self {
                self.0.success_url = target;
                self
            }

            /// Of these rows alone; others are not found.
            #[must_use]
            pub fn rows(mut self, rows: Rows<M>) -> Self {
                self.0.rows = rows;
                self
            }

            /// The view.
            pub fn as_view(
                self,
            ) -> impl Fn(State<Arc<Site>>, Request) -> Viewed + Clone + Send + Sync + 'static {
                move |State(site): State<Arc<Site>>, request: Request| -> Viewed {
                    let view = self.clone();
                    async move { view.answer(Asked::of(site, request).await?).await }.boxed()
                }
            }
        }
    };
}

editing_view!(CreateView);
editing_view!(UpdateView);
editing_view!(DeleteView);

impl<M: Model + 'static> CreateView<M> {
    /// A form that asks for these fields.
    pub fn new(fields: &'static [&'static str]) -> Self {
        Self(Editing::new(fields))
    }

    /// Adds values that the form does not ask for.
    #[must_use]
    pub fn given(mut self, given: Given) -> Self {
        self.0.given = given;
        self
    }

    async fn answer(self, asked: Asked) -> Result<Response, HttpError> {
        let (view, about) = (self.0, About::of::<M>());
        let form = view.form(&about)?;
        let Some(data) = &asked.posted else { return view.page(&asked, &about, &form, None) };
        let form = form.bind(data);
        if !form.errors.is_empty() {
            return view.page(&asked, &about, &form, None);
        }
        let mut values = form.values();
        values.extend((view.given)(&asked.context));
        match rows::insert::<M, _>(asked.site.project.database_of(M::APP)?, values).await {
            Ok(_) => Ok(redirect(&asked.address(view.success_url))),
            Err(error) => view.refused(&asked, &about, form, None, error),
        }
    }
}

impl<M: Model + 'static> UpdateView<M> {
    /// A form that asks for these fields.
    pub fn new(fields: &'static [&'static str]) -> Self {
        Self(Editing::new(fields))
    }

    /// Adds values that the form does not ask for.
    #[must_use]
    pub fn given(mut self, given: Given) -> Self {
        self.0.given = given;
        self
    }

    async fn answer(self, asked: Asked) -> Result<Response, HttpError> {
        let (view, about) = (self.0, About::of::<M>());
        let row = find::<M>(&asked, view.rows).await?;
        let form = view.form(&about)?;
        let Some(data) = &asked.posted else {
            let values = row.values();
            let value = |column: &str| {
                M::COLUMNS.iter().position(|known| *known == column).and_then(|at| values.get(at).cloned())
            };
            return view.page(&asked, &about, &form.of_row(value), Some(&row));
        };
        let form = form.bind(data);
        if !form.errors.is_empty() {
            return view.page(&asked, &about, &form, Some(&row));
        }
        let mut values = form.values();
        values.extend((view.given)(&asked.context));
        match rows::update::<M, _>(asked.site.project.database_of(M::APP)?, &key(&row), values).await {
            Ok(true) => Ok(redirect(&asked.address(view.success_url))),
            Ok(false) => Err(HttpError::NotFound),
            Err(error) => view.refused(&asked, &about, form, Some(&row), error),
        }
    }
}

impl<M: Model + 'static> DeleteView<M> {
    /// Of any row.
    pub fn new() -> Self {
        Self(Editing::new(&[]))
    }

    async fn answer(self, asked: Asked) -> Result<Response, HttpError> {
        let (view, about) = (self.0, About::of::<M>());
        let row = find::<M>(&asked, view.rows).await?;
        if asked.posted.is_none() {
            return view.confirm(&asked, &about, &row, None);
        }
        match row.delete(asked.site.project.database_of(M::APP)?).await {
            Ok(true) => Ok(redirect(&asked.address(view.success_url))),
            Ok(false) => Err(HttpError::NotFound),
            Err(error) if error.statement_kind() == Some(StatementKind::ForeignKeyViolation) => {
                let why = format!("Other rows belong to this {}: it cannot be deleted.", about.name());
                view.confirm(&asked, &about, &row, Some(&why))
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl<M: Model + 'static> Default for DeleteView<M> {
    fn default() -> Self {
        Self::new()
    }
}
