//! Templates: minijinja, compiled once, or read anew for every page while the site is being written.

mod escape;
mod filters;
mod object;
mod source;

mod references;

use std::sync::Arc;

use minijinja::{Environment, UndefinedBehavior};

use source::read;

use crate::files::ProjectFiles;
use crate::timezone;

pub use escape::escape_into;
#[doc(hidden)]
pub use minijinja;
pub use minijinja::{Value, context};
pub(crate) use references::references;
pub(crate) use source::names;

/// A failure of a template: it does not compile, is missing, or failed while it was rendered.
#[derive(Debug, thiserror::Error)]
#[error("template `{name}`: {source}")]
pub struct Error {
    /// Which template was asked for.
    pub name: String,
    /// What minijinja says, with file and line.
    #[source]
    pub source: minijinja::Error,
}

/// A function of templates that makes an address of a name and further parts; none when there is no such name.
pub type Lookup = Arc<dyn Fn(&str, &[&str]) -> Option<String> + Send + Sync>;

/// What the engine is made of.
#[derive(Clone)]
pub struct Parts {
    /// Where the templates are.
    pub files: ProjectFiles,
    /// `url('blog:article_detail', slug)`.
    pub url: Lookup,
    /// `static('blog/site.css')`.
    pub static_url: Lookup,
    /// Adds what the apps bring: names, functions, filters.
    pub extend: Arc<dyn Fn(&mut Environment<'static>) + Send + Sync>,
}

/// Renders the project's templates. Immutable, so it is shared by all threads.
pub struct Engine {
    source: Source,
}

enum Source {
    Compiled(Box<Environment<'static>>),
    Reloading(Box<Parts>),
}

impl Engine {
    /// Compiles every template.
    ///
    /// # Errors
    /// The first template that cannot be read or compiled.
    pub fn compiled(parts: &Parts) -> Result<Self, Error> {
        let mut environment = environment(parts);
        for name in names(&parts.files) {
            compile(&mut environment, &parts.files, &name).map_err(|source| Error { name, source })?;
        }
        Ok(Self { source: Source::Compiled(Box::new(environment)) })
    }

    /// Reads templates anew for every page. For development.
    pub fn reloading(parts: Parts) -> Self {
        Self { source: Source::Reloading(Box::new(parts)) }
    }

    /// Renders a template with these names.
    ///
    /// # Errors
    /// When it is missing, does not compile, or fails on the way.
    pub fn render(&self, name: &str, context: Value) -> Result<String, Error> {
        let rendered = match &self.source {
            Source::Compiled(environment) => {
                environment.get_template(name).and_then(|template| template.render(context))
            }
            Source::Reloading(parts) => {
                let environment = loading(parts);
                environment.get_template(name).and_then(|template| template.render(context))
            }
        };
        rendered.map_err(|source| Error { name: name.to_owned(), source })
    }
}

/// The templates that do not compile, each with the reason, in the order of names.
pub(crate) fn problems(parts: &Parts) -> Vec<Error> {
    let mut environment = environment(parts);
    let broken = |name: String| {
        compile(&mut environment, &parts.files, &name).err().map(|source| Error { name, source })
    };
    names(&parts.files).into_iter().filter_map(broken).collect()
}

fn compile(
    environment: &mut Environment<'static>,
    files: &ProjectFiles,
    name: &str,
) -> Result<(), minijinja::Error> {
    match read(files, name)? {
        Some(source) => environment.add_template_owned(name.to_owned(), source),
        None => Err(minijinja::Error::new(minijinja::ErrorKind::TemplateNotFound, "no such file")),
    }
}

fn loading(parts: &Parts) -> Environment<'static> {
    let mut environment = environment(parts);
    let files = parts.files.clone();
    environment.set_loader(move |name| read(&files, name));
    environment
}

fn environment(parts: &Parts) -> Environment<'static> {
    let mut environment = Environment::new();
    // `{{ a.b.c }}` of something missing is a mistake, `{% if a %}` of it is a question.
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_formatter(escape::format);
    (parts.extend)(&mut environment);
    environment.add_filter("date", |moment: &str| filters::moment(moment, timezone::long_date));
    environment.add_filter("datetime", |moment: &str| filters::moment(moment, timezone::long_moment));
    let url = Arc::clone(&parts.url);
    environment.add_function("url", move |name: &str, parts: minijinja::value::Rest<Value>| {
        let parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        address(&url, name, &parts)
    });
    let static_url = Arc::clone(&parts.static_url);
    environment.add_function("static", move |name: &str| address(&static_url, name, &[]));
    environment
}

/// An address is made of safe characters only, so it needs no escaping.
fn address(lookup: &Lookup, name: &str, parts: &[&str]) -> Result<Value, minijinja::Error> {
    lookup(name, parts).map(Value::from_safe_string).ok_or_else(|| {
        minijinja::Error::new(
            minijinja::ErrorKind::InvalidOperation,
            format!("there is no address called `{name}` with {} parts", parts.len()),
        )
    })
}
