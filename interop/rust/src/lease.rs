//! Leases: blocks that stay where they are while they are read.

use crate::array::{ArrowArray, ArrowSchema};
use crate::batch::{Batch, Value};
use crate::block::Block;
use crate::error::Result;
use crate::ffi::{self, Handle, RawBlock};
use std::ptr;
use std::sync::OnceLock;

/// A block that is held: its bytes stay in the mapped store, unchanged, until the lease is dropped. It may be sent to
/// and shared with other threads, and outlives its [`Store`](crate::Store). A process that is killed holds nothing.
#[derive(Debug)]
pub struct Lease {
    handle: Handle,
    bytes: *const u8,
    length: usize,
    block: Block,
    batch: OnceLock<Batch>,
}

// SAFETY: the bytes do not change while the lease lives, and the library's functions may be called from any thread.
unsafe impl Send for Lease {}
// SAFETY: as above; nothing here changes through a shared reference but the OnceLock.
unsafe impl Sync for Lease {}

impl Lease {
    pub(crate) fn of(handle: Handle) -> Result<Self> {
        let (mut bytes, mut length, mut block) = (ptr::null(), 0, RawBlock::EMPTY);
        // Made first, so that the handle is released where the call fails.
        let mut lease = Self { handle, bytes, length: 0, block: Block::from(&block), batch: OnceLock::new() };
        // SAFETY: the handle is a lease's, and the three places are written before the call returns.
        ffi::call(|api, error| unsafe { (api.lease_block)(handle, &mut bytes, &mut length, &mut block, error) })?;
        lease.bytes = bytes;
        lease.length = usize::try_from(length).unwrap_or(0);
        lease.block = Block::from(&block);
        Ok(lease)
    }

    /// The block's bytes, in the mapped store: an Arrow IPC stream where it is a batch.
    pub fn block(&self) -> &[u8] {
        if self.bytes.is_null() {
            return &[];
        }
        // SAFETY: the library keeps these bytes mapped and unchanged until the lease is released, which drop does.
        unsafe { std::slice::from_raw_parts(self.bytes, self.length) }
    }

    /// What is known of the block.
    pub fn info(&self) -> &Block {
        &self.block
    }

    /// The batch, its columns over the mapped store; made by the first call. A block that is no batch gives an error.
    pub fn batch(&self) -> Result<&Batch> {
        if let Some(batch) = self.batch.get() {
            return Ok(batch);
        }
        let (schema, array) = self.array()?;
        // SAFETY: the library gave both for one batch, over memory that does not change while they live.
        Ok(self.batch.get_or_init(|| unsafe { Batch::from_parts(schema, array) }))
    }

    /// The batch as C Data structs of the caller's own, for another Arrow library. They keep the memory by themselves,
    /// beyond the lease and the store.
    pub fn array(&self) -> Result<(ArrowSchema, ArrowArray)> {
        let (mut schema, mut array) = (ArrowSchema::empty(), ArrowArray::empty());
        // SAFETY: both structs are released ones, and the library fills both or neither.
        ffi::call(|api, error| unsafe { (api.lease_array)(self.handle, &mut schema, &mut array, error) })?;
        Ok((schema, array))
    }

    /// The values of a column of fixed width, where they lie in the mapped store.
    pub fn values<T: Value>(&self, column: &str) -> Result<&[T]> {
        self.batch()?.values(column)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // SAFETY: the handle is ours and released once. Where that fails there is no caller to tell.
        let _ = ffi::call(|api, error| unsafe { (api.release_lease)(self.handle, error) });
    }
}
