//! What is told of a block without reading it.

use crate::cid::Cid;
use crate::ffi::RawBlock;
use std::time::{Duration, SystemTime};

/// A block of a store: what addresses it, and what is known of it without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Block {
    /// Its address.
    pub cid: Cid,
    /// The address of its schema's block; `None` where it has none.
    pub schema_cid: Option<Cid>,
    /// Rows; 0 where it is no batch.
    pub rows: i64,
    /// Its bytes.
    pub length: i64,
    /// When it was first put; `None` where that is not known.
    pub time: Option<SystemTime>,
    /// What it holds.
    pub kind: BlockKind,
    /// After a put: whether the store did not have it.
    pub is_new: bool,
}

/// What a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BlockKind {
    /// A record batch.
    Batch,
    /// A schema.
    Schema,
    /// Bytes.
    Raw,
    /// A view: other blocks, joined.
    View,
    /// A kind that a newer library knows.
    Other(i32),
}

impl From<&RawBlock> for Block {
    fn from(raw: &RawBlock) -> Self {
        Self {
            cid: Cid(raw.cid),
            schema_cid: Cid::from_bytes(&raw.schema_cid),
            rows: raw.rows,
            length: raw.length,
            time: u64::try_from(raw.time_ns)
                .ok()
                .filter(|nanoseconds| *nanoseconds > 0)
                .map(|nanoseconds| SystemTime::UNIX_EPOCH + Duration::from_nanos(nanoseconds)),
            kind: match raw.kind {
                1 => BlockKind::Batch,
                2 => BlockKind::Schema,
                3 => BlockKind::Raw,
                4 => BlockKind::View,
                other => BlockKind::Other(other),
            },
            is_new: raw.is_new != 0,
        }
    }
}
