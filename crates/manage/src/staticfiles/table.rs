//! From a name to a finished answer.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use axum::body::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Response, StatusCode};
use jiff::Timestamp;
use jiff::fmt::{rfc2822, strtime};

use super::content_type;
use crate::conf::StaticSettings;
use crate::crypto;
use crate::db::Files as _;
use crate::files::{File, ProjectFiles};

/// Browsers keep the file and ask each time whether it is still the same.
const REVALIDATE: HeaderValue = HeaderValue::from_static("public, max-age=0, must-revalidate");

/// All static files by name: `blog/site.css`.
pub struct Table {
    url: String,
    source: Source,
}

enum Source {
    Memory(HashMap<String, Entry>),
    Disk { files: ProjectFiles, folders: Vec<String> },
}

/// A static file with its headers.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    content: Bytes,
    content_type: &'static str,
    etag: HeaderValue,
    last_modified: Option<(Timestamp, HeaderValue)>,
}

impl Table {
    /// Reads every static file into memory.
    ///
    /// # Errors
    /// When a file on disk cannot be read.
    pub fn in_memory(settings: &StaticSettings, files: &ProjectFiles) -> io::Result<Self> {
        let mut entries = HashMap::new();
        for folder in folders(settings) {
            let prefix = format!("{folder}/");
            for path in files.list(&folder)? {
                let Some(name) = path.strip_prefix(&prefix) else { continue };
                // The first folder wins, as Django's finders.
                if !entries.contains_key(name)
                    && let Some(file) = files.file(&path)?
                {
                    entries.insert(name.to_owned(), Entry::new(file));
                }
            }
        }
        Ok(Self { url: settings.url.clone(), source: Source::Memory(entries) })
    }

    /// Reads a file each time it is asked for. For development.
    pub fn on_disk(settings: &StaticSettings, files: &ProjectFiles) -> Self {
        let source = Source::Disk { files: files.clone(), folders: folders(settings) };
        Self { url: settings.url.clone(), source }
    }

    /// Where a file of this name is found; none when there is no such file.
    pub fn url(&self, name: &str) -> Option<String> {
        let exists = match &self.source {
            Source::Memory(entries) => entries.contains_key(name),
            Source::Disk { .. } => self.read(name).is_some(),
        };
        exists.then(|| format!("{}{name}", self.url))
    }

    /// The name of the file that `path` asks for; none when it lies outside of the static files' address.
    pub fn name<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(self.url.as_str())
    }

    /// Answers a GET or HEAD for the file called `name`; none when there is none.
    pub fn answer(&self, method: &Method, name: &str, request: &HeaderMap) -> Option<Response<Bytes>> {
        match &self.source {
            Source::Memory(entries) => entries.get(name).map(|entry| entry.answer(method, request)),
            Source::Disk { .. } => self.read(name).map(|entry| entry.answer(method, request)),
        }
    }

    fn read(&self, name: &str) -> Option<Entry> {
        let Source::Disk { files, folders } = &self.source else { return None };
        if name.split('/').any(|part| part.starts_with('.')) {
            return None;
        }
        let find = |folder: &String| files.file(&format!("{folder}/{name}")).ok().flatten();
        folders.iter().find_map(find).map(Entry::new)
    }
}

/// The configured folders, and the one whose files are in the binary.
fn folders(settings: &StaticSettings) -> Vec<String> {
    let name = |folder: &PathBuf| folder.to_string_lossy().trim_end_matches('/').to_owned();
    let mut folders: Vec<String> = settings.dirs.iter().map(name).collect();
    if !folders.iter().any(|folder| folder == "static") {
        folders.push("static".to_owned());
    }
    folders
}

impl Entry {
    fn new(file: File) -> Self {
        let hash = crypto::sha256_hex(&file.content);
        let etag = HeaderValue::from_str(&format!("\"{}\"", &hash[..16]));
        Self {
            content_type: content_type(&file.path),
            content: Bytes::from(file.content.into_owned()),
            etag: etag.unwrap_or_else(|_| HeaderValue::from_static("\"\"")),
            last_modified: file.modified.and_then(last_modified),
        }
    }

    fn answer(&self, method: &Method, request: &HeaderMap) -> Response<Bytes> {
        let unchanged = self.is_unchanged(request);
        let is_head = method == Method::HEAD;
        let content = if unchanged || is_head { Bytes::new() } else { self.content.clone() };
        let mut response = Response::new(content);
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(header::CACHE_CONTROL, REVALIDATE);
        if let Some((_, text)) = &self.last_modified {
            headers.insert(header::LAST_MODIFIED, text.clone());
        }
        if unchanged {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(self.content.len()));
        }
        response
    }

    /// RFC 9110 13.2.2: `If-None-Match` decides, and `If-Modified-Since` only without it.
    fn is_unchanged(&self, request: &HeaderMap) -> bool {
        if let Some(tags) = request.get(header::IF_NONE_MATCH) {
            let etag = self.etag.to_str().unwrap_or_default();
            let tags = tags.to_str().unwrap_or_default();
            return tags
                .split(',')
                .map(str::trim)
                .any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag);
        }
        let since = request.get(header::IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
        let since = since.and_then(|text| rfc2822::parse(&text.replace("GMT", "+0000")).ok());
        match (since, &self.last_modified) {
            (Some(since), Some((modified, _))) => *modified <= since.timestamp(),
            _ => false,
        }
    }
}

/// The moment in whole seconds, and as RFC 9110 5.6.7 writes it.
fn last_modified(modified: SystemTime) -> Option<(Timestamp, HeaderValue)> {
    let since = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let moment = Timestamp::from_second(i64::try_from(since.as_secs()).ok()?).ok()?;
    let utc = moment.to_zoned(jiff::tz::TimeZone::UTC);
    let text = strtime::format("%a, %d %b %Y %H:%M:%S GMT", &utc).ok()?;
    Some((moment, HeaderValue::from_str(&text).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry::new(File {
            path: "static/a.css".into(),
            content: b"a{}".as_slice().into(),
            on_disk: true,
            modified: Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1_000_000_500)),
        })
    }

    fn asked(name: header::HeaderName, value: &str) -> StatusCode {
        let headers = HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())]);
        entry().answer(&Method::GET, &headers).status()
    }

    #[test]
    fn an_unchanged_file_is_not_sent_again() {
        let etag = entry().etag.to_str().unwrap().to_owned();
        assert_eq!(asked(header::IF_NONE_MATCH, &etag), StatusCode::NOT_MODIFIED);
        assert_eq!(asked(header::IF_NONE_MATCH, &format!("\"x\", W/{etag}")), StatusCode::NOT_MODIFIED);
        assert_eq!(asked(header::IF_NONE_MATCH, "\"x\""), StatusCode::OK);
        assert_eq!(
            asked(header::IF_MODIFIED_SINCE, "Mon, 12 Jan 1970 13:46:40 GMT"),
            StatusCode::NOT_MODIFIED
        );
        assert_eq!(asked(header::IF_MODIFIED_SINCE, "Mon, 12 Jan 1970 13:46:39 GMT"), StatusCode::OK);
        assert_eq!(asked(header::IF_MODIFIED_SINCE, "yesterday"), StatusCode::OK);
    }

    #[test]
    fn a_head_request_gets_the_length_and_no_content() {
        let answer = entry().answer(&Method::HEAD, &HeaderMap::new());
        assert_eq!(answer.headers()[header::CONTENT_LENGTH], "3");
        assert_eq!(answer.headers()[header::LAST_MODIFIED], "Mon, 12 Jan 1970 13:46:40 GMT");
        assert!(answer.body().is_empty());
    }
}
