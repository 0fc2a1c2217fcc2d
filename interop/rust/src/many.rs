//! Calls for many blocks, each of which costs about as much as one call for one block.

use crate::array::ArrowArray;
use crate::batch::Batch;
use crate::block::Block;
use crate::cid::Cid;
use crate::error::{Error, ErrorCode, Result};
use crate::facts::Facts;
use crate::ffi::{self, Handle, RawBlock, RawRemoval};
use crate::lease::Lease;
use crate::store::{counted, is_same, Store};
use std::ffi::CString;
use std::os::raw::c_char;
use std::time::{SystemTime, UNIX_EPOCH};

/// What a removal by filter did, or would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Removal {
    /// The number of blocks that went.
    pub removed: i64,
    /// The number that passed the filter and stay: a name, a pin or another block needs them.
    pub kept: i64,
    /// The bytes of those that went.
    pub length: i64,
}

impl Store {
    /// Puts many batches of one schema that become visible together or not at all, with facts about each. They have to fit
    /// one segment of the store.
    pub fn put_together(&self, batches: &[&Batch], facts: &Facts) -> Result<Vec<Block>> {
        let Some(first) = batches.first() else { return Ok(Vec::new()) };
        let arrays: Vec<*const ArrowArray> = batches.iter().map(|batch| batch.array().as_ptr()).collect();
        if let Some(at) = batches.iter().position(|batch| !is_same(first.schema(), batch.schema())) {
            let message = format!("batch {at} does not have the schema of batch 0");
            return Err(Error::new(ErrorCode::SchemaMismatch, message));
        }
        let facts = facts.to_c()?;
        let mut blocks = vec![RawBlock::EMPTY; arrays.len()];
        // SAFETY: there are as many arrays and places as is said; the texts live during the call.
        ffi::call(|api, error| unsafe {
            let (arrays, count, facts) = (arrays.as_ptr(), arrays.len() as i64, ffi::pointer(&facts));
            (api.put_together)(self.handle, first.schema(), arrays, count, facts, blocks.as_mut_ptr(), error)
        })?;
        Ok(blocks.iter().map(Block::from).collect())
    }

    /// Puts many pieces of bytes that become visible together or not at all, with facts about each.
    pub fn put_raws(&self, pieces: &[&[u8]], facts: &Facts) -> Result<Vec<Block>> {
        let facts = facts.to_c()?;
        let bytes: Vec<*const u8> = pieces.iter().map(|piece| piece.as_ptr()).collect();
        let lengths: Vec<i64> = pieces.iter().map(|piece| piece.len() as i64).collect();
        let mut blocks = vec![RawBlock::EMPTY; pieces.len()];
        // SAFETY: there are as many pieces, lengths and places as is said.
        ffi::call(|api, error| unsafe {
            let (count, facts) = (pieces.len() as i64, ffi::pointer(&facts));
            (api.put_raws)(self.handle, bytes.as_ptr(), lengths.as_ptr(), count, facts, blocks.as_mut_ptr(), error)
        })?;
        Ok(blocks.iter().map(Block::from).collect())
    }

    /// Holds many blocks in one call; `None` where the store does not have one.
    pub fn get_many(&self, cids: &[Cid]) -> Result<Vec<Option<Lease>>> {
        let cids: Vec<[u8; 36]> = cids.iter().map(|cid| cid.0).collect();
        let mut handles: Vec<Handle> = vec![0; cids.len()];
        // SAFETY: there are as many CIDs and places as is said.
        ffi::call(|api, error| unsafe {
            (api.get_many)(self.handle, cids.as_ptr(), cids.len() as i64, handles.as_mut_ptr(), error)
        })?;
        // Every handle becomes a lease, also after one that fails, so that all are released.
        let leases: Vec<Result<Option<Lease>>> = handles
            .into_iter()
            .map(|handle| if handle == 0 { Ok(None) } else { Lease::of(handle).map(Some) })
            .collect();
        leases.into_iter().collect()
    }

    /// Adds facts to many blocks: `facts` has one for all, or one for each. Some hundred are written whole or not at all.
    /// Returns the number of blocks.
    pub fn annotate_many(&self, cids: &[Cid], facts: &[Facts]) -> Result<i64> {
        let cids: Vec<[u8; 36]> = cids.iter().map(|cid| cid.0).collect();
        let texts: Vec<CString> =
            facts.iter().map(|said| said.to_c()?.map_or_else(|| ffi::c_text("{}"), Ok)).collect::<Result<_>>()?;
        let addresses: Vec<*const c_char> = texts.iter().map(|text| text.as_ptr()).collect();
        let mut annotated = 0;
        // SAFETY: there are as many CIDs and texts as is said, and each text ends with a NUL.
        ffi::call(|api, error| unsafe {
            let (count, said) = (cids.len() as i64, texts.len() as i64);
            (api.annotate_many)(self.handle, cids.as_ptr(), count, addresses.as_ptr(), said, &mut annotated, error)
        })?;
        Ok(annotated)
    }

    /// Sets when blocks expire; `None` is never.
    pub fn touch(&self, cids: &[Cid], expires: Option<SystemTime>) -> Result<()> {
        let cids: Vec<[u8; 36]> = cids.iter().map(|cid| cid.0).collect();
        let time = match expires {
            None => -1,
            Some(time) => {
                let since = time.duration_since(UNIX_EPOCH);
                let since =
                    since.map_err(|_| Error::new(ErrorCode::InvalidArgument, "a block expires after 1970".into()))?;
                i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
            }
        };
        // SAFETY: there are as many CIDs as is said.
        ffi::call(|api, error| unsafe { (api.touch)(self.handle, cids.as_ptr(), cids.len() as i64, time, error) })
    }

    /// All that [`list`](Self::list) gives, in one call: for up to some thousand blocks the quicker way.
    pub fn list_all(&self, filter: Option<&str>) -> Result<Vec<Block>> {
        let filter = filter.map(ffi::c_text).transpose()?;
        let blocks = counted(RawBlock::EMPTY, |api, place, capacity, count, error| {
            // SAFETY: the text is NULL or ends with a NUL, and there are as many places as is said.
            unsafe { (api.list_all)(self.handle, ffi::pointer(&filter), place, capacity, count, error) }
        })?;
        Ok(blocks.iter().map(Block::from).collect())
    }

    /// Removes the blocks that pass a filter; with `dry_run` it makes the same decision and removes nothing.
    pub fn remove_where(&self, filter: &str, dry_run: bool) -> Result<Removal> {
        let filter = ffi::c_text(filter)?;
        let mut removal = RawRemoval::default();
        // SAFETY: the text ends with a NUL.
        ffi::call(|api, error| unsafe {
            (api.remove_where)(self.handle, filter.as_ptr(), dry_run.into(), &mut removal, error)
        })?;
        Ok(Removal { removed: removal.removed, kept: removal.kept, length: removal.length })
    }
}
