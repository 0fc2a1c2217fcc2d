#![doc = include_str!("../README.md")]
#![deny(unsafe_op_in_unsafe_fn, missing_docs)]
#![warn(clippy::undocumented_unsafe_blocks)]

mod array;
mod batch;
mod block;
mod builder;
mod cid;
mod dataset;
mod error;
mod facts;
mod ffi;
mod files;
mod lease;
mod many;
mod reservation;
mod store;
mod watch;

pub use array::{ArrowArray, ArrowArrayStream, ArrowSchema};
pub use batch::{Batch, Column, Value};
pub use block::{Block, BlockKind};
pub use builder::{BatchBuilder, Field};
pub use cid::Cid;
pub use dataset::{Dataset, DatasetBatches, Name};
pub use error::{Error, ErrorCode, Result};
pub use facts::Facts;
pub use lease::Lease;
pub use many::Removal;
pub use reservation::Reservation;
pub use store::{Durability, Options, Store, Verify};
pub use watch::{Gap, GapReason, Listing, NameChange, StoreEvent, Watch};

use std::ffi::{c_char, CStr};

/// Proves that bytes are a canonical block, and gives its CID; [`ErrorCode::NotCanonical`] says why they are not.
pub fn check(bytes: &[u8]) -> Result<Cid> {
    let mut cid = [0; 36];
    // SAFETY: there are as many bytes as is said, and the library writes 36.
    ffi::call(|api, error| unsafe { (api.check)(bytes.as_ptr(), bytes.len() as i64, &mut cid, error) })?;
    Ok(Cid(cid))
}

/// The CID that a batch has in every store, without putting it.
pub fn cid(batch: &Batch) -> Result<Cid> {
    let mut cid = [0; 36];
    // SAFETY: the structs are whole, and the library writes 36 bytes.
    ffi::call(|api, error| unsafe { (api.cid_of_array)(batch.schema(), batch.array(), &mut cid, error) })?;
    Ok(Cid(cid))
}

/// The CIDs of the batches of an Arrow IPC stream or file.
pub fn cids_of_ipc(bytes: &[u8]) -> Result<Vec<Cid>> {
    let cids = store::counted([0; 36], |api, place, capacity, count, error| {
        // SAFETY: there are as many bytes and places as is said.
        unsafe { (api.cid_of_ipc)(bytes.as_ptr(), bytes.len() as i64, place, capacity, count, error) }
    })?;
    Ok(cids.into_iter().map(Cid).collect())
}

/// The library's version.
pub fn version() -> Result<String> {
    // SAFETY: takes nothing, gives a text that stays.
    Ok(unsafe { static_text((ffi::api()?.version)()) })
}

/// Which of the library's ways to SHA-256 runs on this processor.
pub fn hash_path() -> Result<String> {
    // SAFETY: as above.
    Ok(unsafe { static_text((ffi::api()?.hash_path)()) })
}

/// # Safety
/// NULL, or a text that ends with a NUL.
unsafe fn static_text(address: *const c_char) -> String {
    if address.is_null() {
        return String::new();
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(address) }.to_string_lossy().into_owned()
}
