//! The structs of the Arrow C Data Interface, owned: dropping one releases it.

use crate::batch::Batch;
use crate::error::{Error, ErrorCode, Result};
use std::ffi::{c_char, c_int, c_void, CStr};
use std::ptr;

/// `struct ArrowSchema`: a column's type and name, or a batch's columns.
///
/// It has the C struct's layout, so that a pointer to it can be handed to any Arrow library.
#[repr(C)]
#[derive(Debug)]
pub struct ArrowSchema {
    pub(crate) format: *const c_char,
    pub(crate) name: *const c_char,
    pub(crate) metadata: *const c_char,
    pub(crate) flags: i64,
    pub(crate) n_children: i64,
    pub(crate) children: *mut *mut ArrowSchema,
    pub(crate) dictionary: *mut ArrowSchema,
    pub(crate) release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
    pub(crate) private_data: *mut c_void,
}

/// `struct ArrowArray`: the buffers of a column, or of a batch's columns. It has the C struct's layout.
#[repr(C)]
#[derive(Debug)]
pub struct ArrowArray {
    pub(crate) length: i64,
    pub(crate) null_count: i64,
    pub(crate) offset: i64,
    pub(crate) n_buffers: i64,
    pub(crate) n_children: i64,
    pub(crate) buffers: *mut *const c_void,
    pub(crate) children: *mut *mut ArrowArray,
    pub(crate) dictionary: *mut ArrowArray,
    pub(crate) release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
    pub(crate) private_data: *mut c_void,
}

/// `struct ArrowArrayStream`: batches of one schema, one after another. It has the C struct's layout.
#[repr(C)]
#[derive(Debug)]
pub struct ArrowArrayStream {
    get_schema: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowSchema) -> c_int>,
    get_next: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowArray) -> c_int>,
    get_last_error: Option<unsafe extern "C" fn(*mut ArrowArrayStream) -> *const c_char>,
    release: Option<unsafe extern "C" fn(*mut ArrowArrayStream)>,
    private_data: *mut c_void,
}

// SAFETY: the C Data Interface lets a consumer move its structs to another thread and release them there.
unsafe impl Send for ArrowSchema {}
// SAFETY: as above.
unsafe impl Send for ArrowArray {}
// SAFETY: as above; a stream is used by one thread at a time, which `&mut` sees to.
unsafe impl Send for ArrowArrayStream {}
// SAFETY: a shared reference reads fields and memory that does not change before the release, which takes ownership.
unsafe impl Sync for ArrowSchema {}
// SAFETY: as above.
unsafe impl Sync for ArrowArray {}

/// What the three structs have in common: an empty form, a move out of foreign memory, and a release by drop.
macro_rules! owned {
    ($name:ident, $empty:expr) => {
        impl $name {
            /// The released struct, for a foreign function to fill: pass [`Self::as_mut_ptr`].
            pub fn empty() -> Self {
                $empty
            }

            /// Takes over the struct at `from`, and marks that one released.
            ///
            /// # Safety
            /// `from` points to a struct that was released or that keeps the rules of the C Data Interface; its
            /// memory may be read and released from any thread.
            pub unsafe fn from_raw(from: *mut Self) -> Self {
                // SAFETY: the caller's promise; the source is not dropped as what it was.
                unsafe { ptr::replace(from, Self::empty()) }
            }

            /// The struct's address, to be read by a foreign function.
            pub fn as_ptr(&self) -> *const Self {
                self
            }

            /// The struct's address, for a foreign function that fills it, or takes it over and marks it released.
            pub fn as_mut_ptr(&mut self) -> *mut Self {
                self
            }

            /// Whether it was released, or taken over by a consumer.
            pub fn is_released(&self) -> bool {
                self.release.is_none()
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                if let Some(release) = self.release {
                    // SAFETY: it is not released, and we own it. The callback sets `release` to NULL.
                    unsafe { release(self) };
                }
            }
        }
    };
}

owned!(
    ArrowSchema,
    Self {
        format: ptr::null(),
        name: ptr::null(),
        metadata: ptr::null(),
        flags: 0,
        n_children: 0,
        children: ptr::null_mut(),
        dictionary: ptr::null_mut(),
        release: None,
        private_data: ptr::null_mut(),
    }
);

owned!(
    ArrowArray,
    Self {
        length: 0,
        null_count: 0,
        offset: 0,
        n_buffers: 0,
        n_children: 0,
        buffers: ptr::null_mut(),
        children: ptr::null_mut(),
        dictionary: ptr::null_mut(),
        release: None,
        private_data: ptr::null_mut(),
    }
);

owned!(
    ArrowArrayStream,
    Self { get_schema: None, get_next: None, get_last_error: None, release: None, private_data: ptr::null_mut() }
);

impl ArrowSchema {
    /// The type, as a format string of the C Data Interface (`"g"`: float64); empty where released or not UTF-8.
    pub fn format(&self) -> &str {
        // SAFETY: a format is a text that ends with a NUL and lives with the struct.
        unsafe { text(self.format) }
    }

    /// The name; empty where there is none.
    pub fn name(&self) -> &str {
        // SAFETY: as for the format.
        unsafe { text(self.name) }
    }

    /// Whether the column may have nulls.
    pub fn is_nullable(&self) -> bool {
        self.flags & Self::NULLABLE != 0
    }

    /// The type of a dictionary's values, where the column is one of keys into it.
    pub fn dictionary(&self) -> Option<&ArrowSchema> {
        // SAFETY: NULL, or a schema that lives with this struct.
        unsafe { self.dictionary.as_ref() }
    }

    /// The columns of a batch, or the children of a nested type.
    pub fn children(&self) -> impl Iterator<Item = &ArrowSchema> {
        // SAFETY: there are n_children pointers, each to a child that lives with this struct.
        let children = unsafe { pointers(self.children, self.n_children) };
        // SAFETY: as above.
        children.iter().filter_map(|child| unsafe { child.as_ref() })
    }

    pub(crate) const NULLABLE: i64 = 2;
}

impl ArrowArray {
    /// Rows.
    pub fn len(&self) -> usize {
        usize::try_from(self.length).unwrap_or(0)
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The columns of a batch, or the children of a nested type.
    pub fn children(&self) -> impl Iterator<Item = &ArrowArray> {
        // SAFETY: there are n_children pointers, each to a child that lives with this struct.
        let children = unsafe { pointers(self.children, self.n_children) };
        // SAFETY: as above.
        children.iter().filter_map(|child| unsafe { child.as_ref() })
    }

    /// The address of a buffer; NULL where there is none.
    pub(crate) fn buffer(&self, index: usize) -> *const c_void {
        // SAFETY: there are n_buffers addresses.
        let buffers = unsafe { pointers(self.buffers, self.n_buffers) };
        buffers.get(index).copied().unwrap_or(ptr::null())
    }
}

impl ArrowArrayStream {
    /// The schema of all batches.
    pub fn schema(&mut self) -> Result<ArrowSchema> {
        let mut schema = ArrowSchema::empty();
        let get_schema = self.get_schema.filter(|_| !self.is_released()).ok_or_else(released)?;
        // SAFETY: the stream is not released; it fills the struct or gives an error.
        match unsafe { get_schema(self, &mut schema) } {
            0 => Ok(schema),
            errno => Err(self.fault(errno)),
        }
    }

    /// The next batch; `None` behind the last.
    pub fn next_batch(&mut self) -> Result<Option<Batch>> {
        let schema = self.schema()?;
        let mut array = ArrowArray::empty();
        let get_next = self.get_next.ok_or_else(released)?;
        // SAFETY: as above.
        match unsafe { get_next(self, &mut array) } {
            0 if array.is_released() => Ok(None),
            // SAFETY: a stream's arrays have its schema.
            0 => Ok(Some(unsafe { Batch::from_parts(schema, array) })),
            errno => Err(self.fault(errno)),
        }
    }

    fn fault(&mut self, errno: c_int) -> Error {
        // SAFETY: the stream is not released; the text stays until its next call.
        let words = unsafe { self.get_last_error.map_or("", |last| text(last(self))) };
        Error::new(ErrorCode::InvalidData, format!("the stream failed (errno {errno}): {words}"))
    }
}

fn released() -> Error {
    Error::new(ErrorCode::InvalidArgument, "the Arrow stream was released".into())
}

/// # Safety
/// NULL, or a text that ends with a NUL and lives as long as the caller says.
unsafe fn text<'a>(address: *const c_char) -> &'a str {
    if address.is_null() {
        return "";
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(address) }.to_str().unwrap_or("")
}

/// # Safety
/// `first` is NULL or the address of `count` values that live as long as the caller says.
unsafe fn pointers<'a, T>(first: *mut T, count: i64) -> &'a [T] {
    match usize::try_from(count) {
        // SAFETY: the caller's promise.
        Ok(count) if count > 0 && !first.is_null() => unsafe { std::slice::from_raw_parts(first, count) },
        _ => &[],
    }
}
