//! Stores.

use crate::array::{ArrowArray, ArrowArrayStream, ArrowSchema};
use crate::batch::Batch;
use crate::block::Block;
use crate::cid::Cid;
use crate::error::{Error, ErrorCode, Result};
use crate::facts::Facts;
use crate::ffi::{self, Handle, RawBlock, RawOptions};
use crate::lease::Lease;
use crate::reservation::Reservation;
use crate::watch::{Listing, Watch};
use std::ffi::CString;
use std::mem::size_of;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::time::Duration;

/// How a store is opened and, where it is not there yet, made. Capacity, segment size and retention count only there.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The most bytes that the store's files may take; 0: the library's choice.
    pub capacity: u64,
    /// The bytes of one segment; 0: the library's choice.
    pub segment_size: u64,
    /// How long a call waits for what others hold; `None`: five seconds.
    pub timeout: Option<Duration>,
    /// When puts outlive a loss of power, where the store is on a disk.
    pub durability: Durability,
    /// How much a read proves.
    pub verify: Verify,
    /// Whether a full store drops what is oldest, where it is made here.
    pub ring: bool,
    /// Opens for reading only.
    pub read_only: bool,
    /// Fails where no store is, instead of making one.
    pub must_exist: bool,
    /// A store that several users share.
    pub group: bool,
    /// Reads copy, for a store whose writers are not trusted.
    pub copy: bool,
}

/// When puts outlive a loss of power, where the store is on a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// The library's choice.
    #[default]
    Default,
    /// When the kernel writes them.
    None,
    /// At the next flush, which the library does in the background.
    Batch,
    /// When the put returns.
    Always,
}

/// How much a read proves of what the store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verify {
    /// The library's choice.
    #[default]
    Default,
    /// Blocks that this library's encoder made are believed.
    Trusted,
    /// A block's hash and form are proved once a store and CID.
    FirstRead,
    /// They are proved at every read.
    Always,
}

impl Options {
    fn to_raw(&self) -> RawOptions {
        let flags = [self.read_only, self.must_exist, self.group, self.copy];
        RawOptions {
            size: size_of::<RawOptions>() as i64,
            capacity: i64::try_from(self.capacity).unwrap_or(i64::MAX),
            segment_size: i64::try_from(self.segment_size).unwrap_or(i64::MAX),
            // A timeout of nothing at all is the shortest that can be said; 0 would be the default.
            timeout_ms: self.timeout.map_or(0, |time| i64::try_from(time.as_millis()).unwrap_or(i64::MAX).max(1)),
            durability: self.durability as i32,
            verify: self.verify as i32,
            retention: self.ring.into(),
            flags: flags.iter().enumerate().map(|(bit, is_set)| i32::from(*is_set) << bit).sum(),
        }
    }
}

/// A store: a directory of mapped files that any process opens, with no daemon. It may be shared between threads.
/// Dropping it closes it; leases, batches and arrays that it gave stay readable.
#[derive(Debug)]
pub struct Store {
    pub(crate) handle: Handle,
}

impl Store {
    /// Opens the store in a directory, and makes it where it is not there.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(directory, &Options::default())
    }

    /// Opens a store with options.
    pub fn open_with(directory: impl AsRef<Path>, options: &Options) -> Result<Self> {
        let directory = CString::new(directory.as_ref().as_os_str().as_bytes())
            .map_err(|_| Error::new(ErrorCode::InvalidArgument, "the directory's name has a NUL".into()))?;
        Self::open_raw(Some(directory), options)
    }

    /// Opens the store of `ARROWCID_STORE`, else the user's own in shared memory.
    pub fn open_default(options: &Options) -> Result<Self> {
        Self::open_raw(None, options)
    }

    fn open_raw(directory: Option<CString>, options: &Options) -> Result<Self> {
        let options = options.to_raw();
        let mut handle = 0;
        // SAFETY: the texts and structs live during the call.
        ffi::call(|api, error| unsafe { (api.open)(ffi::pointer(&directory), &options, &mut handle, error) })?;
        Ok(Self { handle })
    }

    /// The store's directory.
    pub fn directory(&self) -> Result<PathBuf> {
        // SAFETY: the buffer has as many bytes as is said.
        ffi::text(|api, buffer, capacity, needed, error| unsafe {
            (api.directory)(self.handle, buffer, capacity, needed, error)
        })
        .map(PathBuf::from)
    }

    /// Makes what was put outlive a loss of power, where the store is on a disk.
    pub fn flush(&self) -> Result<()> {
        // SAFETY: takes a handle alone.
        ffi::call(|api, error| unsafe { (api.flush)(self.handle, error) })
    }

    /// Puts a batch.
    pub fn put(&self, batch: &Batch) -> Result<Block> {
        self.put_with(batch, &Facts::new())
    }

    /// Puts a batch with facts.
    pub fn put_with(&self, batch: &Batch, facts: &Facts) -> Result<Block> {
        // SAFETY: the array of a batch has its schema.
        unsafe { self.put_array(batch.schema(), batch.array(), facts) }
    }

    /// Puts a batch that came as C Data structs: a struct schema and a struct array. They are read, not taken.
    ///
    /// # Safety
    /// The array has this schema, and both keep the rules of the C Data Interface.
    pub unsafe fn put_array(&self, schema: &ArrowSchema, array: &ArrowArray, facts: &Facts) -> Result<Block> {
        let facts = facts.to_c()?;
        let mut block = RawBlock::EMPTY;
        // SAFETY: the caller's promise; the texts live during the call.
        ffi::call(|api, error| unsafe {
            (api.put_array)(self.handle, schema, array, ffi::pointer(&facts), &mut block, error)
        })?;
        Ok(Block::from(&block))
    }

    /// Puts many batches of one schema, the first batch's; faster than one by one where they are small.
    pub fn put_many(&self, batches: &[&Batch]) -> Result<Vec<Block>> {
        let Some(first) = batches.first() else { return Ok(Vec::new()) };
        let arrays: Vec<*const ArrowArray> = batches.iter().map(|batch| batch.array().as_ptr()).collect();
        if let Some(at) = batches.iter().position(|batch| !is_same(first.schema(), batch.schema())) {
            let message = format!("batch {at} does not have the schema of batch 0");
            return Err(Error::new(ErrorCode::SchemaMismatch, message));
        }
        let mut blocks = vec![RawBlock::EMPTY; arrays.len()];
        // SAFETY: there are as many arrays and places as is said.
        ffi::call(|api, error| unsafe {
            let (arrays, count) = (arrays.as_ptr(), arrays.len() as i64);
            (api.put_arrays)(self.handle, first.schema(), arrays, count, blocks.as_mut_ptr(), error)
        })?;
        Ok(blocks.iter().map(Block::from).collect())
    }

    /// Puts all that a stream still has. Batches that were put before a fault stay.
    pub fn put_stream(&self, stream: &mut ArrowArrayStream, facts: &Facts) -> Result<Vec<Block>> {
        let facts = facts.to_c()?;
        let mut all = Vec::new();
        loop {
            let mut blocks = [RawBlock::EMPTY; 16];
            let mut count = 0;
            // SAFETY: the stream is borrowed and read; there are as many places as is said.
            ffi::call(|api, error| unsafe {
                let (place, capacity) = (blocks.as_mut_ptr(), blocks.len() as i64);
                (api.put_stream)(self.handle, stream, ffi::pointer(&facts), place, capacity, &mut count, error)
            })?;
            let count = usize::try_from(count).unwrap_or(0).min(blocks.len());
            all.extend(blocks[..count].iter().map(Block::from));
            if count < blocks.len() {
                return Ok(all);
            }
        }
    }

    /// Puts every batch of an Arrow IPC stream or file.
    pub fn put_ipc(&self, bytes: &[u8]) -> Result<Vec<Block>> {
        self.put_ipc_with(bytes, &Facts::new())
    }

    /// The same with facts, said of each.
    pub fn put_ipc_with(&self, bytes: &[u8], facts: &Facts) -> Result<Vec<Block>> {
        let facts = facts.to_c()?;
        let blocks = counted(RawBlock::EMPTY, |api, place, capacity, count, error| {
            let length = bytes.len() as i64;
            // SAFETY: there are as many bytes and places as is said.
            unsafe {
                (api.put_ipc)(self.handle, bytes.as_ptr(), length, ffi::pointer(&facts), place, capacity, count, error)
            }
        })?;
        Ok(blocks.iter().map(Block::from).collect())
    }

    /// Puts bytes as they are, as a block of codec `raw` that is no batch.
    pub fn put_raw(&self, bytes: &[u8], facts: &Facts) -> Result<Block> {
        let facts = facts.to_c()?;
        let mut block = RawBlock::EMPTY;
        // SAFETY: there are as many bytes as is said.
        ffi::call(|api, error| unsafe {
            let length = bytes.len() as i64;
            (api.put_raw)(self.handle, bytes.as_ptr(), length, ffi::pointer(&facts), &mut block, error)
        })?;
        Ok(Block::from(&block))
    }

    /// Reserves space for a batch, to be written in place. `data_bytes` has, for each column, its number of bytes of
    /// text or binary, 0 for a fixed width; it may be empty if all widths are fixed. Nested columns and dictionaries are
    /// not supported.
    pub fn reserve(&self, schema: &ArrowSchema, rows: usize, data_bytes: &[i64]) -> Result<Reservation<'_>> {
        let formats: Vec<String> = schema.children().map(|column| column.format().to_owned()).collect();
        if !data_bytes.is_empty() && data_bytes.len() != formats.len() {
            let message = format!("there are {} columns, and {} sizes of data", formats.len(), data_bytes.len());
            return Err(Error::new(ErrorCode::InvalidArgument, message));
        }
        let sizes = if data_bytes.is_empty() { ptr::null() } else { data_bytes.as_ptr() };
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        let mut handle = 0;
        // SAFETY: the schema is whole or released, and there are as many sizes as columns, or none.
        ffi::call(|api, error| unsafe { (api.reserve)(self.handle, schema, rows, sizes, &mut handle, error) })?;
        Ok(Reservation::of(self, handle, formats))
    }

    /// Holds a block for reading; `None` where the store does not have it.
    pub fn get(&self, cid: &Cid) -> Result<Option<Lease>> {
        let mut handle = 0;
        // SAFETY: the CID is read and the place written during the call.
        let get = |api: &'static ffi::Api, error| unsafe { (api.get)(self.handle, &cid.0, &mut handle, error) };
        match ffi::present(ErrorCode::BlockNotFound, get)? {
            true => Lease::of(handle).map(Some),
            false => Ok(None),
        }
    }

    /// The batch alone, in one call: faster than [`get`](Self::get). It keeps its memory by itself.
    pub fn get_batch(&self, cid: &Cid) -> Result<Option<Batch>> {
        let (mut schema, mut array) = (ArrowSchema::empty(), ArrowArray::empty());
        // SAFETY: both structs are released ones, and the library fills both or neither.
        let is_there = ffi::present(ErrorCode::BlockNotFound, |api, error| unsafe {
            (api.get_array)(self.handle, &cid.0, &mut schema, &mut array, error)
        })?;
        // SAFETY: the library gave both for one batch, over memory that does not change while they live.
        Ok(is_there.then(|| unsafe { Batch::from_parts(schema, array) }))
    }

    /// The schema of a batch's CID, or of a schema's own; `None` where the store does not have it.
    pub fn get_schema(&self, cid: &Cid) -> Result<Option<ArrowSchema>> {
        let mut schema = ArrowSchema::empty();
        // SAFETY: the struct is a released one, which the library fills or leaves.
        let is_there = ffi::present(ErrorCode::BlockNotFound, |api, error| unsafe {
            (api.get_schema)(self.handle, &cid.0, &mut schema, error)
        })?;
        Ok(is_there.then_some(schema))
    }

    /// Batches of one schema as a stream, for another Arrow library. Each is held when its turn comes.
    pub fn get_stream(&self, cids: &[Cid]) -> Result<ArrowArrayStream> {
        let mut stream = ArrowArrayStream::empty();
        let cids: Vec<[u8; 36]> = cids.iter().map(|cid| cid.0).collect();
        // SAFETY: there are as many CIDs as is said; the struct is a released one.
        ffi::call(|api, error| unsafe {
            (api.get_stream)(self.handle, cids.as_ptr(), cids.len() as i64, &mut stream, error)
        })?;
        Ok(stream)
    }

    /// What is known of a block; `None` where the store does not have it.
    pub fn find(&self, cid: &Cid) -> Result<Option<Block>> {
        let mut block = RawBlock::EMPTY;
        // SAFETY: the CID is read and the place written during the call.
        let is_there = ffi::present(ErrorCode::BlockNotFound, |api, error| unsafe {
            (api.find)(self.handle, &cid.0, &mut block, error)
        })?;
        Ok(is_there.then(|| Block::from(&block)))
    }

    /// Which of these the store has.
    pub fn contains(&self, cids: &[Cid]) -> Result<Vec<bool>> {
        let cids: Vec<[u8; 36]> = cids.iter().map(|cid| cid.0).collect();
        let mut found = vec![0u8; cids.len()];
        // SAFETY: there are as many CIDs and places as is said.
        ffi::call(|api, error| unsafe {
            (api.contains)(self.handle, cids.as_ptr(), cids.len() as i64, found.as_mut_ptr(), error)
        })?;
        Ok(found.into_iter().map(|byte| byte != 0).collect())
    }

    /// The batches, or those that pass a filter (`tag.day = "monday" and rows > 100`).
    pub fn list(&self, filter: Option<&str>) -> Result<Listing> {
        let filter = filter.map(ffi::c_text).transpose()?;
        let mut handle = 0;
        // SAFETY: the text is NULL or ends with a NUL.
        ffi::call(|api, error| unsafe { (api.list)(self.handle, ffi::pointer(&filter), &mut handle, error) })?;
        Ok(Listing::of(handle))
    }

    /// A block and its facts as JSON.
    pub fn describe(&self, cid: &Cid) -> Result<String> {
        // SAFETY: the buffer has as many bytes as is said.
        ffi::text(|api, buffer, capacity, needed, error| unsafe {
            (api.describe)(self.handle, &cid.0, buffer, capacity, needed, error)
        })
    }

    /// Points a name at a block.
    pub fn set_name(&self, name: &str, cid: &Cid) -> Result<()> {
        self.name(name, Some(cid), None, false)
    }

    /// Points a name at a block, or removes it, where it points at `expected` now (`None`: where it is free); else
    /// [`ErrorCode::NameConflict`] or [`ErrorCode::NameExists`].
    pub fn replace_name(&self, name: &str, expected: Option<&Cid>, cid: Option<&Cid>) -> Result<()> {
        self.name(name, cid, expected, true)
    }

    /// Removes a name.
    pub fn remove_name(&self, name: &str) -> Result<()> {
        self.name(name, None, None, false)
    }

    fn name(&self, name: &str, cid: Option<&Cid>, expected: Option<&Cid>, check: bool) -> Result<()> {
        let name = ffi::c_text(name)?;
        let pointer = |cid: Option<&Cid>| cid.map_or(ptr::null(), |cid| &cid.0 as *const [u8; 36]);
        let (cid, expected) = (pointer(cid), pointer(expected));
        // SAFETY: the text ends with a NUL, and each CID is NULL or 36 bytes.
        ffi::call(|api, error| unsafe {
            (api.set_name)(self.handle, name.as_ptr(), cid, expected, check.into(), error)
        })
    }

    /// What a name points at; `None` where there is no such name.
    pub fn resolve_name(&self, name: &str) -> Result<Option<Cid>> {
        let name = ffi::c_text(name)?;
        let mut cid = [0; 36];
        // SAFETY: the text ends with a NUL, and the library writes 36 bytes.
        let is_there = ffi::present(ErrorCode::NameNotFound, |api, error| unsafe {
            (api.resolve_name)(self.handle, name.as_ptr(), &mut cid, error)
        })?;
        Ok(is_there.then_some(Cid(cid)))
    }

    /// Adds facts to a block that is there.
    pub fn annotate(&self, cid: &Cid, facts: &Facts) -> Result<()> {
        let Some(facts) = facts.to_c()? else { return Ok(()) };
        // SAFETY: the text ends with a NUL.
        ffi::call(|api, error| unsafe { (api.annotate)(self.handle, &cid.0, facts.as_ptr(), error) })
    }

    /// Keeps a block from collection.
    pub fn pin(&self, cid: &Cid) -> Result<()> {
        // SAFETY: the CID is read during the call.
        ffi::call(|api, error| unsafe { (api.pin)(self.handle, &cid.0, error) })
    }

    /// Takes a pin away.
    pub fn unpin(&self, cid: &Cid) -> Result<()> {
        // SAFETY: as above.
        ffi::call(|api, error| unsafe { (api.unpin)(self.handle, &cid.0, error) })
    }

    /// Removes blocks from every listing, and returns their number: those that a name, a pin or another block needs, or
    /// that a place is still to get, are kept. When the store is cleaned up, their space is freed and
    /// [`get`](Self::get) no longer finds them.
    pub fn remove(&self, cids: &[Cid]) -> Result<i64> {
        self.remove_blocks(cids, false)
    }

    /// As [`remove`](Self::remove), but blocks that a place is still to get are removed too: no copy of them may be left.
    pub fn remove_forced(&self, cids: &[Cid]) -> Result<i64> {
        self.remove_blocks(cids, true)
    }

    fn remove_blocks(&self, cids: &[Cid], force: bool) -> Result<i64> {
        let cids: Vec<[u8; 36]> = cids.iter().map(|cid| cid.0).collect();
        let mut removed = 0;
        // SAFETY: there are as many CIDs as is said.
        ffi::call(|api, error| unsafe {
            let remove = if force { api.remove_forced } else { api.remove };
            remove(self.handle, cids.as_ptr(), cids.len() as i64, &mut removed, error)
        })?;
        Ok(removed)
    }

    /// Proves that a block is what its CID says: [`ErrorCode::BlockCorrupt`] where it is not,
    /// [`ErrorCode::BlockNotFound`] where it is not there.
    pub fn verify(&self, cid: &Cid) -> Result<()> {
        // SAFETY: the CID is read during the call.
        ffi::call(|api, error| unsafe { (api.verify)(self.handle, &cid.0, error) })
    }

    /// News of what is put by any process: from `"now"`, from `"oldest"`, or from a cursor that a watch gave.
    pub fn watch(&self, from: &str) -> Result<Watch> {
        let from = ffi::c_text(from)?;
        let mut handle = 0;
        // SAFETY: the text ends with a NUL.
        ffi::call(|api, error| unsafe { (api.watch)(self.handle, from.as_ptr(), &mut handle, error) })?;
        Ok(Watch::of(handle))
    }

    /// Changes of the names that match a pattern, by any process; `*` is any characters, `?` one. `from` as for
    /// [`watch`](Self::watch).
    pub fn watch_names(&self, pattern: &str, from: &str) -> Result<Watch> {
        let (pattern, from) = (ffi::c_text(pattern)?, ffi::c_text(from)?);
        let mut handle = 0;
        // SAFETY: the texts end with a NUL.
        ffi::call(|api, error| unsafe {
            (api.watch_names)(self.handle, pattern.as_ptr(), from.as_ptr(), &mut handle, error)
        })?;
        Ok(Watch::of(handle))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // SAFETY: the handle is ours and closed once. Where that fails there is no caller to tell.
        let _ = ffi::call(|api, error| unsafe { (api.close)(self.handle, error) });
    }
}

/// Whether two schemas say the same of names, types, flags, children and dictionaries; metadata is the encoder's to compare.
pub(crate) fn is_same(one: &ArrowSchema, other: &ArrowSchema) -> bool {
    one.format() == other.format()
        && one.name() == other.name()
        && one.flags == other.flags
        && one.children().count() == other.children().count()
        && one.children().zip(other.children()).all(|(one, other)| is_same(one, other))
        && match (one.dictionary(), other.dictionary()) {
            (None, None) => true,
            (Some(one), Some(other)) => is_same(one, other),
            _ => false,
        }
}

/// Calls a function that fills a number of places and returns how many it needs, until there are enough.
pub(crate) fn counted<T: Copy>(
    empty: T,
    mut function: impl FnMut(&'static ffi::Api, *mut T, i64, *mut i64, *mut ffi::ErrorRecord) -> i32,
) -> Result<Vec<T>> {
    let mut places = vec![empty; 16];
    loop {
        let mut count = 0;
        let capacity = places.len() as i64;
        match ffi::call(|api, error| function(api, places.as_mut_ptr(), capacity, &mut count, error)) {
            Ok(()) => {
                places.truncate(usize::try_from(count).unwrap_or(0));
                return Ok(places);
            }
            Err(error) if error.code() == ErrorCode::TooLarge && count > capacity => {
                places.resize(count as usize, empty)
            }
            Err(error) => return Err(error),
        }
    }
}
