//! Metadata of a block that is put.

use crate::cid::Cid;
use crate::error::Result;
use crate::ffi;
use std::ffi::CString;
use std::fmt::Write;

/// Facts about a block, for watchers and queries. They are not part of its bytes, nor of its CID.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    tags: Vec<(String, String)>,
    parents: Vec<String>,
    locations: Vec<String>,
    /// Members in JSON, each `"key":value`.
    others: Vec<String>,
}

impl Facts {
    /// No facts.
    pub fn new() -> Self {
        Self::default()
    }

    /// A tag: filters reach it by its key.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.push((key.into(), value.into()));
        self
    }

    /// Who made the batch.
    pub fn producer(self, producer: &str) -> Self {
        self.other("producer", quoted(producer))
    }

    /// A block that this one was made from.
    pub fn parent(mut self, cid: Cid) -> Self {
        self.parents.push(cid.to_string());
        self
    }

    /// Where else the block is to be had.
    pub fn location(mut self, url: impl Into<String>) -> Self {
        self.locations.push(url.into());
        self
    }

    /// Free JSON about the batch.
    pub fn data(self, json: &str) -> Self {
        self.other("data", json.to_owned())
    }

    /// When it may be collected, as RFC 3339 writes it: `2026-12-01T00:00:00Z`.
    pub fn expires(self, time: &str) -> Self {
        self.other("expires", quoted(time))
    }

    /// Keeps the block until it is unpinned.
    pub fn pin(self) -> Self {
        self.other("pin", "true".to_owned())
    }

    /// Points a name at the block, or at a dataset of several batches.
    pub fn name(self, name: &str) -> Self {
        self.other("name", quoted(name))
    }

    fn other(mut self, key: &str, json: String) -> Self {
        self.others.push(format!("{}:{json}", quoted(key)));
        self
    }

    pub(crate) fn to_c(&self) -> Result<Option<CString>> {
        let mut members = self.others.clone();
        if !self.tags.is_empty() {
            let tags: Vec<String> = self.tags.iter().map(|(k, v)| format!("{}:{}", quoted(k), quoted(v))).collect();
            members.push(format!("\"tags\":{{{}}}", tags.join(",")));
        }
        for (key, texts) in [("parents", &self.parents), ("locations", &self.locations)] {
            if !texts.is_empty() {
                let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
                members.push(format!("\"{key}\":[{}]", texts.join(",")));
            }
        }
        if members.is_empty() {
            return Ok(None);
        }
        ffi::c_text(&format!("{{{}}}", members.join(","))).map(Some)
    }
}

/// A JSON string.
pub(crate) fn quoted(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            c if c < ' ' => {
                let _ = write!(json, "\\u{:04x}", c as u32); // writing to a String does not fail
            }
            c => json.push(c),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_json_with_all_that_must_be_escaped() {
        let facts = Facts::new().tag("a\"b", "c\\d\n").producer("p").pin().data("{\"x\":[1]}").name("n");
        let json = facts.to_c().unwrap().unwrap().into_string().unwrap();
        assert_eq!(r#"{"producer":"p","pin":true,"data":{"x":[1]},"name":"n","tags":{"a\"b":"c\\d\u000a"}}"#, json);
        assert!(Facts::new().to_c().unwrap().is_none());
    }
}
