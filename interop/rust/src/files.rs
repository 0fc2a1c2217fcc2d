//! Blocks as files: directories of files, and batches as Parquet.

use crate::block::Block;
use crate::cid::Cid;
use crate::error::Result;
use crate::facts::{quoted, Facts};
use crate::ffi::{self, RawBlock};
use crate::store::Store;
use std::fs::File;
use std::os::fd::AsRawFd;

impl Store {
    /// Puts a directory of files that are here: paths with slashes, each with the address of its bytes, which
    /// [`Store::put_raw`] puts. A name or pin of the directory keeps its files.
    pub fn put_directory(&self, files: &[(&str, Cid)], facts: &Facts) -> Result<Block> {
        let members: Vec<String> =
            files.iter().map(|(path, cid)| format!("{}:{}", quoted(path), quoted(&cid.to_string()))).collect();
        let json = ffi::c_text(&format!("{{{}}}", members.join(",")))?;
        let facts = facts.to_c()?;
        let mut block = RawBlock::EMPTY;
        // SAFETY: the texts live during the call, and there is one place.
        ffi::call(|api, error| unsafe {
            (api.put_directory)(self.handle, json.as_ptr(), ffi::pointer(&facts), &mut block, error)
        })?;
        Ok(Block::from(&block))
    }

    /// The files of a directory as JSON: `{"a/b.txt":{"cid":"bafkrei...","bytes":5}}`; `bytes` is null of one that is not
    /// here.
    pub fn directory_files(&self, cid: &Cid) -> Result<String> {
        // SAFETY: the buffer has as many bytes as is said.
        ffi::text(|api, buffer, capacity, needed, error| unsafe {
            (api.directory_files)(self.handle, &cid.0, buffer, capacity, needed, error)
        })
    }

    /// Writes batches of one schema, or those of a dataset, as a Parquet file: a row group for each, to a regular file
    /// that is open for writing, from its position on, which is not moved. Returns the number of bytes.
    pub fn write_parquet(&self, cids: &[Cid], file: &File) -> Result<i64> {
        let mut length = 0;
        // SAFETY: there are as many CIDs as is said, and the file stays open during the call.
        ffi::call(|api, error| unsafe {
            let count = cids.len() as i64;
            (api.write_parquet)(self.handle, cids.as_ptr().cast(), count, file.as_raw_fd(), &mut length, error)
        })?;
        Ok(length)
    }

    /// Writes the catalog likewise: one row for each block that passes a filter, with its facts.
    pub fn write_catalog(&self, filter: Option<&str>, file: &File) -> Result<i64> {
        let filter = filter.map(ffi::c_text).transpose()?;
        let mut length = 0;
        // SAFETY: the text is NULL or ends with a NUL, and the file stays open during the call.
        ffi::call(|api, error| unsafe {
            (api.write_catalog)(self.handle, ffi::pointer(&filter), file.as_raw_fd(), &mut length, error)
        })?;
        Ok(length)
    }
}
