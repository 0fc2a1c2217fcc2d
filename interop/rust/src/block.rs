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
    /// Rows of a batch or dataset; else 0.
    pub rows: i64,
    /// Its bytes.
    pub length: i64,
    /// When it was first put; `None` where that is not known.
    pub time: Option<SystemTime>,
    /// What it holds.
    pub kind: BlockKind,
    /// After a put: whether the store did not have it.
    pub is_new: bool,
    /// After a put: whether the store had it with damaged bytes, which the put replaced.
    pub is_repaired: bool,
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
    /// A dataset: batches of one schema in order.
    Dataset,
    /// A column manifest: a batch that is cut where its columns end.
    Manifest,
    /// Any other block of codec dag-cbor, dag-pb or dag-json.
    Node,
    /// A kind that a newer library knows.
    Other(i32),
}

impl BlockKind {
    pub(crate) fn of(number: i32) -> Self {
        match number {
            1 => Self::Batch,
            2 => Self::Schema,
            3 => Self::Raw,
            4 => Self::View,
            5 => Self::Dataset,
            6 => Self::Manifest,
            7 => Self::Node,
            other => Self::Other(other),
        }
    }
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
            kind: BlockKind::of(raw.kind),
            is_new: raw.is_new != 0,
            is_repaired: raw.is_repaired != 0,
        }
    }
}
