//! Datasets, and the names of a store.

use crate::array::ArrowArrayStream;
use crate::batch::Batch;
use crate::block::{Block, BlockKind};
use crate::cid::Cid;
use crate::error::{Error, ErrorCode, Result};
use crate::facts::{quoted, Facts};
use crate::ffi::{self, RawBlock, RawName};
use crate::store::{counted, Store};
use std::ffi::CString;
use std::time::{Duration, SystemTime};

/// A name, and the block that it points to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Name {
    /// The name.
    pub name: String,
    /// The block's address.
    pub cid: Cid,
    /// What the block is; `None` where it is not here.
    pub kind: Option<BlockKind>,
    /// When the name was last changed.
    pub time: SystemTime,
}

impl From<&RawName> for Name {
    fn from(raw: &RawName) -> Self {
        let end = raw.name.iter().position(|byte| *byte == 0).unwrap_or(raw.name.len());
        Self {
            name: String::from_utf8_lossy(&raw.name[..end]).into_owned(),
            cid: Cid(raw.cid),
            kind: (raw.kind != 0).then(|| BlockKind::of(raw.kind)),
            time: SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::try_from(raw.time_ns).unwrap_or(0)),
        }
    }
}

/// Batches of one schema in order, under one CID; made by [`Store::dataset`].
#[derive(Debug)]
pub struct Dataset<'store> {
    store: &'store Store,
    block: Block,
    batches: Vec<Cid>,
}

impl<'store> Dataset<'store> {
    /// Its address.
    pub fn cid(&self) -> Cid {
        self.block.cid
    }

    /// What is known of it.
    pub fn info(&self) -> &Block {
        &self.block
    }

    /// The rows of all batches.
    pub fn rows(&self) -> i64 {
        self.block.rows
    }

    /// The addresses of the batches in order.
    pub fn batches(&self) -> &[Cid] {
        &self.batches
    }

    /// The batches in order, each mapped when its turn comes.
    pub fn iter(&self) -> DatasetBatches<'_> {
        DatasetBatches { store: self.store, rest: self.batches.iter() }
    }

    /// All batches as a stream, for another Arrow library.
    pub fn stream(&self) -> Result<ArrowArrayStream> {
        self.store.get_stream(&[self.block.cid])
    }
}

impl<'dataset> IntoIterator for &'dataset Dataset<'_> {
    type Item = Result<Batch>;
    type IntoIter = DatasetBatches<'dataset>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The batches of a [`Dataset`]. Each holds its memory by itself.
#[derive(Debug)]
pub struct DatasetBatches<'dataset> {
    store: &'dataset Store,
    rest: std::slice::Iter<'dataset, Cid>,
}

impl Iterator for DatasetBatches<'_> {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Self::Item> {
        let cid = self.rest.next()?;
        Some(self.store.get_batch(cid).and_then(|batch| {
            let absent = || Error::new(ErrorCode::BlockNotFound, format!("the batch {cid} is not in the store"));
            batch.ok_or_else(absent)
        }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rest.size_hint()
    }
}

impl ExactSizeIterator for DatasetBatches<'_> {}

impl Store {
    /// A dataset; `None` where the store does not have it. Another block gives [`ErrorCode::SchemaMismatch`].
    pub fn dataset(&self, cid: &Cid) -> Result<Option<Dataset<'_>>> {
        let Some(block) = self.find(cid)? else { return Ok(None) };
        let batches = counted([0; 36], |api, place, capacity, count, error| {
            // SAFETY: the CID is read during the call, and there are as many places as is said.
            unsafe { (api.dataset_batches)(self.handle, &cid.0, place, capacity, count, error) }
        })?;
        Ok(Some(Dataset { store: self, block, batches: batches.into_iter().map(Cid).collect() }))
    }

    /// The dataset that a name points to; `None` where there is no such name.
    pub fn dataset_named(&self, name: &str) -> Result<Option<Dataset<'_>>> {
        match self.resolve_name(name)? {
            Some(cid) => self.dataset(&cid),
            None => Ok(None),
        }
    }

    /// Puts a dataset of batches that the store has. `metadata` is part of it and of its CID, `facts` is not.
    pub fn put_dataset(&self, batches: &[Cid], metadata: &[(&str, &str)], facts: &Facts) -> Result<Block> {
        let batches: Vec<[u8; 36]> = batches.iter().map(|cid| cid.0).collect();
        let (dataset, facts) = (dataset_json(metadata)?, facts.to_c()?);
        let mut block = RawBlock::EMPTY;
        // SAFETY: there are as many CIDs as is said; each text is NULL or ends with a NUL.
        ffi::call(|api, error| unsafe {
            let (dataset, facts) = (dataset.as_ptr(), ffi::pointer(&facts));
            (api.put_dataset)(self.handle, batches.as_ptr(), batches.len() as i64, dataset, facts, &mut block, error)
        })?;
        Ok(Block::from(&block))
    }

    /// Puts all that a stream still has, and a dataset of it, which is what this gives. `facts` are also those of each
    /// batch, but for the name.
    pub fn put_table(&self, stream: &mut ArrowArrayStream, metadata: &[(&str, &str)], facts: &Facts) -> Result<Block> {
        let (dataset, facts) = (dataset_json(metadata)?, facts.to_c()?);
        let mut block = RawBlock::EMPTY;
        // SAFETY: the stream is borrowed and read; each text is NULL or ends with a NUL.
        ffi::call(|api, error| unsafe {
            (api.put_table)(self.handle, stream, dataset.as_ptr(), ffi::pointer(&facts), &mut block, error)
        })?;
        Ok(Block::from(&block))
    }

    /// Every name, in order.
    pub fn names(&self) -> Result<Vec<Name>> {
        let mut handle = 0;
        // SAFETY: the place is written during the call.
        ffi::call(|api, error| unsafe { (api.names)(self.handle, &mut handle, error) })?;
        let mut names = Vec::new();
        let read = loop {
            let mut places = [RawName::EMPTY; 64];
            let mut count = 0;
            // SAFETY: there are as many places as is said; no other thread has this listing.
            let is_there = ffi::status(|api, error| unsafe {
                (api.names_next)(handle, places.as_mut_ptr(), places.len() as i64, &mut count, error)
            });
            match is_there {
                Ok(true) => {
                    let count = usize::try_from(count).unwrap_or(0).min(places.len());
                    names.extend(places[..count].iter().map(Name::from));
                }
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        // SAFETY: the handle is ours and closed once.
        ffi::call(|api, error| unsafe { (api.list_close)(handle, error) })?;
        read.map(|()| names)
    }
}

fn dataset_json(metadata: &[(&str, &str)]) -> Result<CString> {
    let pairs: Vec<String> = metadata.iter().map(|(k, v)| format!("{}:{}", quoted(k), quoted(v))).collect();
    ffi::c_text(&format!("{{\"metadata\":{{{}}}}}", pairs.join(",")))
}
