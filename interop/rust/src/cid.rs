//! CIDs.

use crate::error::{Error, Result};
use crate::ffi;
use std::fmt::{self, Write};
use std::str::FromStr;

/// The address of a block: a CIDv1 with a SHA-256 and a codec below 128, 36 bytes in binary. Batches have the codec `raw`,
/// datasets `dag-cbor`. Equal batches have equal CIDs.
///
/// As text it is base32 (`bafkrei…`, of datasets `bafyrei…`); [`FromStr`] reads every multibase that CIDs are written in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cid(pub(crate) [u8; 36]);

impl Cid {
    /// The CID with these binary bytes; `None` where they are not a CIDv1 with a codec below 128 and SHA-256.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: [u8; 36] = bytes.try_into().ok()?;
        (bytes[0] == 1 && bytes[1] < 0x80 && bytes[2..4] == [0x12, 0x20]).then_some(Self(bytes))
    }

    /// The number of its codec: 0x55 is `raw`, 0x71 `dag-cbor`, 0x70 `dag-pb`.
    pub fn codec(&self) -> u8 {
        self.0[1]
    }

    /// The binary form.
    pub fn as_bytes(&self) -> &[u8; 36] {
        &self.0
    }

    /// The SHA-256 of the block.
    pub fn digest(&self) -> &[u8] {
        &self.0[4..]
    }
}

impl fmt::Display for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let mut text = String::with_capacity(59);
        text.push('b');
        for group in self.0.chunks(5) {
            let mut bits = [0u8; 8];
            bits[3..3 + group.len()].copy_from_slice(group);
            let bits = u64::from_be_bytes(bits);
            for digit in 0..(group.len() * 8).div_ceil(5) {
                text.push(ALPHABET[(bits >> (35 - 5 * digit)) as usize & 31] as char);
            }
        }
        f.pad(&text)
    }
}

impl fmt::Debug for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cid(")?;
        fmt::Display::fmt(self, f)?;
        f.write_char(')')
    }
}

impl FromStr for Cid {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = ffi::c_text(text)?;
        let mut cid = [0; 36];
        // SAFETY: the text ends with a NUL, and the library writes 36 bytes.
        ffi::call(|api, error| unsafe { (api.cid_parse)(text.as_ptr(), &mut cid, error) })?;
        Ok(Self(cid))
    }
}
