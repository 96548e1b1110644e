//! Operations as data: what the reader of files reads, with defaults left out.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::operations::{
    CreateModel, Operation, RunRust, RunSql, SeparateDatabaseAndState, SqlPart, SqlSource,
};

impl Serialize for CreateModel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Keys<'a> {
            model: &'a str,
            fields: &'a [crate::models::Field],
            #[serde(flatten)]
            options: &'a crate::models::Options,
        }
        let model = &self.model;
        Keys { model: &model.name, fields: &model.fields, options: &model.options }.serialize(serializer)
    }
}

impl Serialize for SqlSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Same(texts) => Texts(texts).serialize(serializer),
            Self::PerDialect(texts) => {
                serializer.collect_map(texts.iter().map(|(dialect, texts)| (dialect, Texts(texts))))
            }
        }
    }
}

/// One text, or a list of any other number of them.
struct Texts<'a>(&'a [SqlPart]);

impl Serialize for Texts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            [part] => serializer.serialize_str(&part.text),
            parts => serializer.collect_seq(parts.iter().map(|part| part.text.as_str())),
        }
    }
}

impl Serialize for RunSql {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut keys = serializer.serialize_map(None)?;
        keys.serialize_entry("forwards", &self.forwards)?;
        if let Some(backwards) = &self.backwards {
            keys.serialize_entry("backwards", backwards)?;
        }
        if !self.state.is_empty() {
            keys.serialize_entry("state", &self.state)?;
        }
        if self.elidable {
            keys.serialize_entry("elidable", &true)?;
        }
        keys.end()
    }
}

impl Serialize for RunRust {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut keys = serializer.serialize_map(None)?;
        keys.serialize_entry("forwards", &self.forwards)?;
        if let Some(backwards) = &self.backwards {
            keys.serialize_entry("backwards", backwards)?;
        }
        if self.elidable {
            keys.serialize_entry("elidable", &true)?;
        }
        keys.end()
    }
}

impl Serialize for SeparateDatabaseAndState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut keys = serializer.serialize_map(None)?;
        for (key, operations) in [("database", &self.database), ("state", &self.state)] {
            if !operations.is_empty() {
                keys.serialize_entry(key, operations)?;
            }
        }
        keys.end()
    }
}

/// With `op`, as in a file.
impl Serialize for Operation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let keys = self.keys().map_err(serde::ser::Error::custom)?;
        let mut whole = serializer.serialize_map(Some(keys.len() + 1))?;
        whole.serialize_entry("op", self.name())?;
        for (key, value) in &keys {
            whole.serialize_entry(key, value)?;
        }
        whole.end()
    }
}
