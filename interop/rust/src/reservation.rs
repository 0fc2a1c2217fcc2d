//! Batches that are written where they will lie.

use crate::batch::Value;
use crate::block::Block;
use crate::error::{Error, ErrorCode, Result};
use crate::ffi::{self, Handle, RawBlock, RawColumn};
use crate::store::Store;
use std::marker::PhantomData;
use std::mem::{align_of, size_of};

/// Space in the store for a batch, which the caller fills in place and then commits. Dropped before that, it is given
/// up, and nothing was put. It borrows its store, whose end would end it.
#[derive(Debug)]
pub struct Reservation<'store> {
    handle: Handle,
    formats: Vec<String>,
    is_open: bool,
    store: PhantomData<&'store Store>,
}

impl<'store> Reservation<'store> {
    pub(crate) fn of(_: &'store Store, handle: Handle, formats: Vec<String>) -> Self {
        Self { handle, formats, is_open: true, store: PhantomData }
    }

    /// The place for a column's values, of fixed width, all zero at first.
    pub fn values_mut<T: Value>(&mut self, column: usize) -> Result<&mut [T]> {
        let format = self.format(column)?;
        if !T::is_laid_out_as(format) {
            let wish = std::any::type_name::<T>();
            let message = format!("column {column} has the Arrow format '{format}', which is not written as {wish}");
            return Err(Error::new(ErrorCode::SchemaMismatch, message));
        }
        let raw = self.column(column)?;
        // SAFETY: the library returns this length; the bytes are ours until commit or abandon, both by `self`.
        unsafe { slice(raw.values, raw.values_length) }
    }

    /// The place for the offsets of a column of texts or bytes: one a row and one more.
    pub fn offsets_mut(&mut self, column: usize) -> Result<&mut [i32]> {
        if !matches!(self.format(column)?, "u" | "z") {
            return Err(mismatch(column, self.format(column)?, "32-bit offsets"));
        }
        let raw = self.column(column)?;
        // SAFETY: as in values_mut.
        unsafe { slice(raw.offsets, raw.offsets_length) }
    }

    /// The place for the bytes of a column of texts or bytes, as many as were asked for.
    pub fn data_mut(&mut self, column: usize) -> Result<&mut [u8]> {
        let raw = self.column(column)?;
        // SAFETY: as in values_mut.
        unsafe { slice(raw.data, raw.data_length) }
    }

    /// The bits of a column that say which rows are valid, all set when they are first asked for.
    pub fn validity_mut(&mut self, column: usize) -> Result<&mut [u8]> {
        let index = self.index(column)?;
        let (mut bits, mut length) = (std::ptr::null_mut(), 0);
        // SAFETY: the reservation is open, and both places are written before the call returns.
        ffi::call(|api, error| unsafe { (api.reserved_validity)(self.handle, index, &mut bits, &mut length, error) })?;
        // SAFETY: as in values_mut.
        unsafe { slice(bits, length) }
    }

    /// Puts what was written.
    pub fn commit(mut self) -> Result<Block> {
        let mut block = RawBlock::EMPTY;
        self.is_open = false;
        // SAFETY: the reservation is open; whatever comes of the call, it ends it.
        ffi::call(|api, error| unsafe { (api.commit)(self.handle, &mut block, error) })?;
        Ok(Block::from(&block))
    }

    fn format(&self, column: usize) -> Result<&str> {
        let missing = || {
            let message = format!("there are {} columns; there is no column {column}", self.formats.len());
            Error::new(ErrorCode::InvalidArgument, message)
        };
        self.formats.get(column).map(String::as_str).ok_or_else(missing)
    }

    fn index(&self, column: usize) -> Result<i32> {
        self.format(column)?;
        i32::try_from(column).map_err(|_| Error::new(ErrorCode::TooLarge, format!("column {column} is out of range")))
    }

    fn column(&mut self, column: usize) -> Result<RawColumn> {
        let index = self.index(column)?;
        let mut raw = RawColumn::EMPTY;
        // SAFETY: the reservation is open, and the struct is written before the call returns.
        ffi::call(|api, error| unsafe { (api.reserved_column)(self.handle, index, &mut raw, error) })?;
        Ok(raw)
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        if self.is_open {
            // SAFETY: the handle is ours and ended once. Where that fails there is no caller to tell.
            let _ = ffi::call(|api, error| unsafe { (api.abandon)(self.handle, error) });
        }
    }
}

fn mismatch(column: usize, format: &str, wish: &str) -> Error {
    let message = format!("column {column} has the Arrow format '{format}', which has no {wish}");
    Error::new(ErrorCode::SchemaMismatch, message)
}

/// # Safety
/// `address` is NULL or has `bytes` bytes without other readers or writers while the slice is borrowed.
unsafe fn slice<'a, T: Copy>(address: *mut u8, bytes: i64) -> Result<&'a mut [T]> {
    let count = usize::try_from(bytes).unwrap_or(0) / size_of::<T>();
    if count == 0 {
        return Ok(&mut []);
    }
    if address.is_null() || address as usize % align_of::<T>() != 0 {
        return Err(Error::new(ErrorCode::Internal, "the reserved place is not at an address of its type".into()));
    }
    // SAFETY: the caller's promise, and the alignment was checked.
    Ok(unsafe { std::slice::from_raw_parts_mut(address.cast(), count) })
}
