//! Schemas and batches made in Rust, handed over through the C Data Interface without a copy.

use crate::array::{ArrowArray, ArrowSchema};
use crate::batch::{Batch, Value};
use crate::error::{Error, ErrorCode, Result};
use crate::ffi::c_text;
use std::any::Any;
use std::ffi::{c_void, CString};
use std::ptr;

/// A column of a schema that is to be made: a name, a type, and whether there may be nulls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    name: String,
    format: String,
    is_nullable: bool,
}

impl Field {
    /// A nullable column with a type in the words of the C Data Interface: `"g"` float64, `"u"` utf8, `"tsu:UTC"`.
    pub fn new(name: impl Into<String>, format: impl Into<String>) -> Self {
        Self { name: name.into(), format: format.into(), is_nullable: true }
    }

    /// A nullable column of values of that type.
    pub fn of<T: Value>(name: impl Into<String>) -> Self {
        Self::new(name, T::FORMAT)
    }

    /// The same column, said to have no nulls.
    pub fn required(mut self) -> Self {
        self.is_nullable = false;
        self
    }
}

impl ArrowSchema {
    /// The schema of a batch with these columns. None of them may be nested or a dictionary.
    pub fn of_fields(fields: impl IntoIterator<Item = Field>) -> Result<Self> {
        let children = fields.into_iter().map(|field| schema(&field, Vec::new())).collect::<Result<Vec<_>>>()?;
        schema(&Field::new("", "+s").required(), children)
    }
}

/// Makes a [`Batch`] of vectors, column by column, without copying them.
///
/// ```no_run
/// # fn main() -> arrowcid::Result<()> {
/// let batch = arrowcid::BatchBuilder::new()
///     .values("px", vec![101.25, 101.5])
///     .texts("symbol", ["AAPL", "MSFT"])
///     .finish()?;
/// # Ok(()) }
/// ```
#[derive(Debug, Default)]
pub struct BatchBuilder {
    fields: Vec<Field>,
    columns: Vec<ArrowArray>,
    fault: Option<Error>,
}

impl BatchBuilder {
    /// A batch without columns.
    pub fn new() -> Self {
        Self::default()
    }

    /// A column of these values.
    pub fn values<T: Value>(self, name: impl Into<String>, values: Vec<T>) -> Self {
        let length = values.len();
        let buffers = vec![ptr::null(), values.as_ptr().cast()];
        self.push(Field::of::<T>(name), owned_array(length, 0, buffers, Box::new(values)))
    }

    /// A column of these values, with nulls where there is `None`.
    pub fn optional_values<T: Value + Default>(self, name: impl Into<String>, values: &[Option<T>]) -> Self {
        let (bits, nulls) = validity(values.iter().map(Option::is_some));
        let plain: Vec<T> = values.iter().map(|value| value.unwrap_or_default()).collect();
        let buffers = vec![bits.as_ptr().cast(), plain.as_ptr().cast()];
        self.push(Field::of::<T>(name), owned_array(values.len(), nulls, buffers, Box::new((bits, plain))))
    }

    /// A column of texts (utf8), up to 2 GiB of them.
    pub fn texts<'a>(mut self, name: impl Into<String>, texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut offsets: Vec<i32> = vec![0];
        let mut data: Vec<u8> = Vec::new();
        for text in texts {
            data.extend_from_slice(text.as_bytes());
            match i32::try_from(data.len()) {
                Ok(end) => offsets.push(end),
                Err(_) => {
                    self.fault = Some(Error::new(ErrorCode::TooLarge, "a column of texts has over 2 GiB".into()));
                    return self;
                }
            }
        }
        let length = offsets.len() - 1;
        let buffers = vec![ptr::null(), offsets.as_ptr().cast(), data.as_ptr().cast()];
        self.push(Field::new(name, "u"), owned_array(length, 0, buffers, Box::new((offsets, data))))
    }

    /// Says that the column added last has no nulls.
    pub fn required(mut self) -> Self {
        if let Some(field) = self.fields.pop() {
            self.fields.push(field.required());
        }
        self
    }

    /// The batch. All columns must have the same number of rows.
    pub fn finish(self) -> Result<Batch> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let rows = self.columns.first().map_or(0, ArrowArray::len);
        if let Some((field, column)) = self.fields.iter().zip(&self.columns).find(|(_, column)| column.len() != rows) {
            let message = format!("column '{}' has {} rows, the first has {rows}", field.name, column.len());
            return Err(Error::new(ErrorCode::InvalidArgument, message));
        }
        let schema = ArrowSchema::of_fields(self.fields)?;
        let mut array = owned_array(rows, 0, vec![ptr::null()], Box::new(()));
        let children: Box<[*mut ArrowArray]> = self.columns.into_iter().map(|c| Box::into_raw(Box::new(c))).collect();
        // SAFETY: the private data is the one that owned_array made, and has no other reference yet.
        let owner = unsafe { &mut *array.private_data.cast::<ArrayOwner>() };
        owner.children = children;
        array.n_children = owner.children.len() as i64;
        array.children = owner.children.as_mut_ptr();
        // SAFETY: both were made here, column by column, of vectors that the array owns and that do not change.
        Ok(unsafe { Batch::from_parts(schema, array) })
    }

    fn push(mut self, field: Field, column: ArrowArray) -> Self {
        self.fields.push(field);
        self.columns.push(column);
        self
    }
}

/// A bit a row, set where it is valid, and the number of nulls.
fn validity(valid: impl Iterator<Item = bool>) -> (Vec<u8>, usize) {
    let (mut bits, mut nulls) = (Vec::new(), 0);
    for (row, is_valid) in valid.enumerate() {
        if row % 8 == 0 {
            bits.push(0);
        }
        if is_valid {
            bits[row / 8] |= 1 << (row % 8);
        } else {
            nulls += 1;
        }
    }
    (bits, nulls)
}

struct SchemaOwner {
    format: CString,
    name: CString,
    children: Box<[*mut ArrowSchema]>,
}

impl Drop for SchemaOwner {
    fn drop(&mut self) {
        for child in self.children.iter() {
            // SAFETY: each came from Box::into_raw, and is freed here alone; its own drop releases it.
            drop(unsafe { Box::from_raw(*child) });
        }
    }
}

fn schema(field: &Field, children: Vec<ArrowSchema>) -> Result<ArrowSchema> {
    let mut owner = Box::new(SchemaOwner {
        format: c_text(&field.format)?,
        name: c_text(&field.name)?,
        children: children.into_iter().map(|child| Box::into_raw(Box::new(child))).collect(),
    });
    let mut schema = ArrowSchema::empty();
    schema.format = owner.format.as_ptr();
    schema.name = owner.name.as_ptr();
    schema.flags = if field.is_nullable { ArrowSchema::NULLABLE } else { 0 };
    schema.n_children = owner.children.len() as i64;
    schema.children = owner.children.as_mut_ptr();
    schema.release = Some(release_schema);
    schema.private_data = Box::into_raw(owner).cast();
    Ok(schema)
}

unsafe extern "C" fn release_schema(schema: *mut ArrowSchema) {
    // SAFETY: called once, with a struct that `schema` made: its private data is that box.
    unsafe {
        drop(Box::from_raw((*schema).private_data.cast::<SchemaOwner>()));
        (*schema).release = None;
    }
}

struct ArrayOwner {
    buffers: Box<[*const c_void]>,
    children: Box<[*mut ArrowArray]>,
    _memory: Box<dyn Any + Send>,
}

impl Drop for ArrayOwner {
    fn drop(&mut self) {
        for child in self.children.iter() {
            // SAFETY: each came from Box::into_raw, and is freed here alone; its own drop releases it.
            drop(unsafe { Box::from_raw(*child) });
        }
    }
}

/// An array over buffers that lie in `memory`.
fn owned_array(length: usize, nulls: usize, buffers: Vec<*const c_void>, memory: Box<dyn Any + Send>) -> ArrowArray {
    let mut owner =
        Box::new(ArrayOwner { buffers: buffers.into_boxed_slice(), children: Box::new([]), _memory: memory });
    let mut array = ArrowArray::empty();
    array.length = length as i64;
    array.null_count = nulls as i64;
    array.n_buffers = owner.buffers.len() as i64;
    array.buffers = owner.buffers.as_mut_ptr();
    array.release = Some(release_array);
    array.private_data = Box::into_raw(owner).cast();
    array
}

unsafe extern "C" fn release_array(array: *mut ArrowArray) {
    // SAFETY: called once, with a struct that `owned_array` made: its private data is that box.
    unsafe {
        drop(Box::from_raw((*array).private_data.cast::<ArrayOwner>()));
        (*array).release = None;
    }
}
