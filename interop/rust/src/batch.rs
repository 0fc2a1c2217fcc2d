//! Record batches read through the C Data Interface: columns as slices over the memory where they lie.

use crate::array::{ArrowArray, ArrowSchema};
use crate::error::{Error, ErrorCode, Result};
use std::mem::align_of;

/// A record batch: a schema and its arrays, which keep the memory that they point to alive by themselves.
///
/// One that a store gave points into the mapped store; nothing was copied. It stays readable when the lease is released
/// and the store closed.
#[derive(Debug)]
pub struct Batch {
    schema: ArrowSchema,
    array: ArrowArray,
}

impl Batch {
    /// A batch of a struct schema and a struct array.
    ///
    /// # Safety
    /// The array has this schema, both keep the rules of the C Data Interface, and their memory does not change while
    /// the batch lives.
    pub unsafe fn from_parts(schema: ArrowSchema, array: ArrowArray) -> Self {
        Self { schema, array }
    }

    /// The two structs, for another Arrow library to take over.
    pub fn into_parts(self) -> (ArrowSchema, ArrowArray) {
        (self.schema, self.array)
    }

    /// The schema: a struct (`"+s"`) with a child a column.
    pub fn schema(&self) -> &ArrowSchema {
        &self.schema
    }

    /// The arrays: a struct with a child a column.
    pub fn array(&self) -> &ArrowArray {
        &self.array
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.array.len()
    }

    /// The columns, in order.
    pub fn columns(&self) -> impl Iterator<Item = Column<'_>> {
        let (offset, length) = (self.array.offset, self.array.length);
        self.schema.children().zip(self.array.children()).map(move |(schema, array)| Column {
            schema,
            array,
            offset,
            length,
        })
    }

    /// The first column of that name.
    pub fn column(&self, name: &str) -> Result<Column<'_>> {
        self.columns().find(|column| column.name() == name).ok_or_else(|| {
            let names: Vec<&str> = self.columns().map(|column| column.schema.name()).collect();
            invalid(format!("no column '{name}'; there are: {}", names.join(", ")))
        })
    }

    /// The values of a column of fixed width, as they lie in memory: `batch.values::<f64>("px")?`. What stands where
    /// the column is null means nothing.
    pub fn values<T: Value>(&self, name: &str) -> Result<&[T]> {
        self.column(name)?.values()
    }
}

/// A column of a [`Batch`].
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    schema: &'a ArrowSchema,
    array: &'a ArrowArray,
    offset: i64,
    length: i64,
}

impl<'a> Column<'a> {
    /// The name.
    pub fn name(&self) -> &'a str {
        self.schema.name()
    }

    /// The type, as a format string of the C Data Interface.
    pub fn format(&self) -> &'a str {
        self.schema.format()
    }

    /// The type with name, metadata and children.
    pub fn schema(&self) -> &'a ArrowSchema {
        self.schema
    }

    /// The array with its buffers; rows of the batch count from the batch's own offset.
    pub fn array(&self) -> &'a ArrowArray {
        self.array
    }

    /// Rows.
    pub fn len(&self) -> usize {
        usize::try_from(self.length).unwrap_or(0)
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values of fixed width, as they lie in memory. What stands where the column is null means nothing.
    pub fn values<T: Value>(&self) -> Result<&'a [T]> {
        if !T::is_laid_out_as(self.format()) || !self.array.children_and_dictionary_are_absent() {
            return Err(self.not_read_as(std::any::type_name::<T>()));
        }
        let (first, length) = self.range()?;
        let address = self.array.buffer(1).cast::<T>();
        if length == 0 {
            return Ok(&[]);
        }
        if address.is_null() || address as usize % align_of::<T>() != 0 {
            return Err(invalid(format!("column '{}': its values are not at an address of their type", self.name())));
        }
        // SAFETY: the array has first + length values of this width by the C Data Interface, aligned as checked, and
        // they live and stay as they are while the batch is borrowed.
        Ok(unsafe { std::slice::from_raw_parts(address.add(first), length) })
    }

    /// Whether a row is null.
    ///
    /// # Panics
    /// Never; a row that is not there is null.
    pub fn is_null(&self, row: usize) -> bool {
        let Ok((first, length)) = self.range() else { return true };
        if row >= length {
            return true;
        }
        let bits = self.array.buffer(0).cast::<u8>();
        let bit = first + row;
        // SAFETY: a validity buffer has a bit a row, offset included; where it is NULL every row is valid.
        self.format() == "n" || (!bits.is_null() && unsafe { *bits.add(bit / 8) } >> (bit % 8) & 1 == 0)
    }

    /// A value of a column of texts (`utf8`, `large_utf8`); `None` where it is null.
    pub fn text(&self, row: usize) -> Result<Option<&'a str>> {
        match self.format() {
            "u" | "U" => self
                .slot(row)?
                .map(std::str::from_utf8)
                .transpose()
                .map_err(|_| invalid(format!("column '{}', row {row}: the bytes are not UTF-8", self.name()))),
            _ => Err(self.not_read_as("text")),
        }
    }

    /// A value of a column of texts or bytes (`utf8`, `binary` and their large forms); `None` where it is null.
    pub fn bytes(&self, row: usize) -> Result<Option<&'a [u8]>> {
        match self.format() {
            "u" | "U" | "z" | "Z" => self.slot(row),
            _ => Err(self.not_read_as("bytes")),
        }
    }

    fn slot(&self, row: usize) -> Result<Option<&'a [u8]>> {
        let (first, length) = self.range()?;
        if row >= length {
            return Err(invalid(format!("column '{}' has {length} rows; there is no row {row}", self.name())));
        }
        if self.is_null(row) {
            return Ok(None);
        }
        let offsets = self.array.buffer(1);
        let data = self.array.buffer(2).cast::<u8>();
        let at = |index: usize| -> i64 {
            // SAFETY: there is an offset for each row and one more, of the width that the format says.
            unsafe {
                match self.format() {
                    "U" | "Z" => offsets.cast::<i64>().add(index).read_unaligned(),
                    _ => i64::from(offsets.cast::<i32>().add(index).read_unaligned()),
                }
            }
        };
        if offsets.is_null() {
            return Err(invalid(format!("column '{}' has no offsets", self.name())));
        }
        let (start, end, last) = (at(first + row), at(first + row + 1), at(first + length));
        if start < 0 || end < start || last < end || (end > start && data.is_null()) {
            return Err(invalid(format!("column '{}', row {row}: its offsets do not rise", self.name())));
        }
        if start == end {
            return Ok(Some(&[]));
        }
        // SAFETY: the data buffer has as many bytes as the last offset says, and the value lies before it.
        Ok(Some(unsafe { std::slice::from_raw_parts(data.add(start as usize), (end - start) as usize) }))
    }

    /// The first slot in the buffers, and the rows.
    fn range(&self) -> Result<(usize, usize)> {
        let within = self.offset.checked_add(self.length).is_some_and(|end| end <= self.array.length);
        let first = self.offset.checked_add(self.array.offset).and_then(|first| usize::try_from(first).ok());
        match (first, usize::try_from(self.length)) {
            (Some(first), Ok(length)) if within && self.offset >= 0 && self.array.offset >= 0 => Ok((first, length)),
            _ => Err(invalid(format!("column '{}' is shorter than its batch", self.name()))),
        }
    }

    fn not_read_as(&self, wish: &str) -> Error {
        let format = self.format();
        let message = format!("column '{}' has the Arrow format '{format}', which is not read as {wish}", self.name());
        Error::new(ErrorCode::SchemaMismatch, message)
    }
}

impl ArrowArray {
    fn children_and_dictionary_are_absent(&self) -> bool {
        self.n_children == 0 && self.dictionary.is_null()
    }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorCode::InvalidArgument, message)
}

mod sealed {
    pub trait Sealed {}
}

/// A Rust type that lies in memory as a column's values do: the integers, floats, and `i128` for decimals. Dates,
/// times, timestamps and durations are read as the integers that they are stored as.
pub trait Value: Copy + Send + Sync + 'static + sealed::Sealed {
    /// The format string of a column that is made of such values.
    const FORMAT: &'static str;

    /// Whether a column of this format has values of this type.
    fn is_laid_out_as(format: &str) -> bool;
}

macro_rules! values {
    ($($type:ty, $format:literal, $also:expr;)*) => {
        $(
            impl sealed::Sealed for $type {}

            impl Value for $type {
                const FORMAT: &'static str = $format;

                fn is_laid_out_as(format: &str) -> bool {
                    let also: fn(&str) -> bool = $also;
                    format == $format || also(format)
                }
            }
        )*
    };
}

values! {
    i8, "c", |_| false;
    u8, "C", |_| false;
    i16, "s", |_| false;
    u16, "S", |format| format == "e";
    i32, "i", |format| matches!(format, "tdD" | "tts" | "ttm" | "tiM") || is_decimal(format, "32");
    u32, "I", |_| false;
    i64, "l", |format| {
        matches!(format, "tdm" | "ttu" | "ttn" | "tDs" | "tDm" | "tDu" | "tDn")
            || ["tss:", "tsm:", "tsu:", "tsn:"].iter().any(|unit| format.starts_with(unit))
            || is_decimal(format, "64")
    };
    u64, "L", |_| false;
    f32, "f", |_| false;
    f64, "g", |_| false;
    i128, "d:38,0", |format| is_decimal(format, "128");
}

/// Whether a format is that of a decimal of this many bits; `d:P,S` has 128.
fn is_decimal(format: &str, bits: &str) -> bool {
    format.strip_prefix("d:").is_some_and(|rest| rest.split(',').nth(2).unwrap_or("128") == bits)
}
