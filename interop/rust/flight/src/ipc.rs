//! The messages of an Arrow IPC stream, as far as a client must know them: where one ends, what it is, and the two kinds of
//! column that a watch has. No values of batches are read.

use bytes::{BufMut, Bytes, BytesMut};
use sha2::{Digest, Sha256};

const PREFIX: usize = 8;
const FILE_MAGIC: &[u8] = b"ARROW1\0\0";
const SCHEMA: u8 = 1;
const DICTIONARY: u8 = 2;
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The CID of a block's bytes.
pub fn cid_of(block: &[u8]) -> String {
    let digest = Sha256::digest(block);
    let (mut text, mut bits, mut value) = (String::from("b"), 0, 0u32);
    for byte in [1, 0x55, 0x12, 32].into_iter().chain(digest) {
        value = (value << 8) | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[(value >> bits) as usize & 31]));
            value &= (1 << bits) - 1;
        }
    }
    if bits > 0 {
        text.push(char::from(ALPHABET[(value << (5 - bits)) as usize & 31]));
    }
    text
}

/// A message: a flatbuffer and the bytes that it speaks of.
#[derive(Clone, Debug)]
pub struct Message {
    pub header: Bytes,
    pub body: Bytes,
}

impl Message {
    pub fn is_schema(&self) -> bool {
        self.table().and_then(|table| table.u8(1)) == Some(SCHEMA)
    }

    /// The number of the dictionary that it brings.
    pub fn dictionary(&self) -> Option<i64> {
        let table = self.table()?;
        (table.u8(1) == Some(DICTIONARY)).then(|| table.child(2).and_then(|header| header.i64(0)).unwrap_or(0))
    }

    fn table(&self) -> Option<Table<'_>> {
        Table::root(&self.header)
    }
}

/// The messages of an IPC stream or file; None where the bytes are no such thing.
pub fn messages_of(bytes: &Bytes) -> Option<Vec<Message>> {
    let mut found = Vec::new();
    let mut at = if bytes.starts_with(FILE_MAGIC) { PREFIX } else { 0 };
    while at + PREFIX <= bytes.len() {
        let length = u32_at(bytes, at + 4)? as usize;
        if u32_at(bytes, at)? != u32::MAX {
            return None;
        }
        if length == 0 {
            break;
        }
        let header = slice(bytes, at + PREFIX, length)?;
        let length_of_body = usize::try_from(Table::root(&header)?.i64(3).unwrap_or(0)).ok()?;
        at += PREFIX + length;
        found.push(Message { header, body: slice(bytes, at, length_of_body)? });
        at += length_of_body;
    }
    (!found.is_empty()).then_some(found)
}

/// Messages as an IPC stream.
pub fn stream_of<'a>(messages: impl IntoIterator<Item = &'a Message>) -> Bytes {
    let mut stream = BytesMut::new();
    for Message { header, body } in messages {
        stream.put_u32_le(u32::MAX);
        stream.put_u32_le(header.len() as u32);
        stream.put_slice(header);
        stream.put_slice(body);
    }
    stream.put_u32_le(u32::MAX);
    stream.put_u32_le(0);
    stream.freeze()
}

/// The columns of a batch without nesting and dictionaries, each by its place among the columns; `variable` says which of them
/// are texts (three buffers, else two).
pub struct Columns<'a> {
    message: &'a Message,
    rows: usize,
    buffers: Vec<(usize, usize)>,
    first: Vec<usize>,
}

impl<'a> Columns<'a> {
    pub fn of(message: &'a Message, variable: &[bool]) -> Option<Self> {
        let batch = message.table()?.child(2)?;
        let rows = usize::try_from(batch.i64(0).unwrap_or(0)).ok()?;
        let buffers = batch.pairs(2)?;
        let mut first = Vec::new();
        let mut next = 0;
        for &is_text in variable {
            first.push(next);
            next += if is_text { 3 } else { 2 };
        }
        (next == buffers.len()).then_some(Columns { message, rows, buffers, first })
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// A text, or None where it is null.
    pub fn text(&self, column: usize, row: usize) -> Option<String> {
        let buffer = self.first[column];
        if !self.is_valid(buffer, row) {
            return None;
        }
        let offsets = self.buffer(buffer + 1)?;
        let (from, to) = (u32_at(&offsets, 4 * row)? as usize, u32_at(&offsets, 4 * row + 4)? as usize);
        let data = self.buffer(buffer + 2)?;
        String::from_utf8(data.get(from..to)?.to_vec()).ok()
    }

    /// A number of 64 bits, or None where it is null.
    pub fn number(&self, column: usize, row: usize) -> Option<i64> {
        let buffer = self.first[column];
        if !self.is_valid(buffer, row) {
            return None;
        }
        let values = self.buffer(buffer + 1)?;
        Some(i64::from_le_bytes(values.get(8 * row..8 * row + 8)?.try_into().ok()?))
    }

    fn is_valid(&self, buffer: usize, row: usize) -> bool {
        match self.buffer(buffer) {
            Some(bits) if !bits.is_empty() => bits.get(row / 8).is_some_and(|byte| byte >> (row % 8) & 1 == 1),
            _ => true,
        }
    }

    fn buffer(&self, index: usize) -> Option<Bytes> {
        let (offset, length) = *self.buffers.get(index)?;
        slice(&self.message.body, offset, length)
    }
}

/// A FlatBuffers table, read with every bound checked.
struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Table<'a> {
    fn root(bytes: &'a [u8]) -> Option<Self> {
        Some(Table { bytes, at: u32_at(bytes, 0)? as usize })
    }

    fn field(&self, slot: usize) -> Option<usize> {
        let back = u32_at(self.bytes, self.at)? as i32;
        let vtable = usize::try_from(self.at as i64 - i64::from(back)).ok()?;
        let size = usize::from(u16_at(self.bytes, vtable)?);
        let entry = 4 + 2 * slot;
        if entry + 2 > size {
            return None;
        }
        match u16_at(self.bytes, vtable + entry)? {
            0 => None,
            offset => Some(self.at + usize::from(offset)),
        }
    }

    fn u8(&self, slot: usize) -> Option<u8> {
        self.bytes.get(self.field(slot)?).copied()
    }

    fn i64(&self, slot: usize) -> Option<i64> {
        let at = self.field(slot)?;
        Some(i64::from_le_bytes(self.bytes.get(at..at + 8)?.try_into().ok()?))
    }

    fn child(&self, slot: usize) -> Option<Table<'a>> {
        let at = self.field(slot)?;
        Some(Table { bytes: self.bytes, at: at.checked_add(u32_at(self.bytes, at)? as usize)? })
    }

    /// A vector of structs of two int64.
    fn pairs(&self, slot: usize) -> Option<Vec<(usize, usize)>> {
        let Table { bytes, at } = self.child(slot)?;
        let count = u32_at(bytes, at)? as usize;
        let items = bytes.get(at + 4..at.checked_add(4)?.checked_add(count.checked_mul(16)?)?)?;
        let word = |raw: &[u8]| usize::try_from(i64::from_le_bytes(raw.try_into().ok()?)).ok();
        items.chunks_exact(16).map(|pair| Some((word(&pair[..8])?, word(&pair[8..])?))).collect()
    }
}

fn slice(bytes: &Bytes, at: usize, length: usize) -> Option<Bytes> {
    let end = at.checked_add(length)?;
    (end <= bytes.len()).then(|| bytes.slice(at..end))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_stream_are_none_and_nothing_worse() {
        let mut seed = 7u64;
        for _ in 0..20_000 {
            let mut bytes = vec![0xff, 0xff, 0xff, 0xff];
            for _ in 0..60 {
                seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                bytes.push(if seed >> 62 == 0 { (seed >> 40) as u8 } else { (seed >> 33) as u8 & 15 });
            }
            let bytes = Bytes::from(bytes);
            if let Some(messages) = messages_of(&bytes) {
                for message in &messages {
                    let _ = (message.is_schema(), message.dictionary());
                    if let Some(columns) = Columns::of(message, &[true, false]) {
                        let _ = (columns.text(0, columns.rows()), columns.number(1, 0));
                    }
                }
            }
        }
    }

    #[test]
    fn the_cid_of_no_bytes_is_known() {
        assert_eq!(cid_of(b""), "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku");
    }
}
