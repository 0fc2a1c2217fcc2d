//! CIDs.

use crate::error::{Error, Result};
use crate::ffi;
use std::fmt::{self, Write};
use std::str::FromStr;

/// The address of a block: a CIDv1 of codec `raw` and a SHA-256, 36 bytes in binary. Equal batches have equal CIDs.
///
/// As text it is base32 (`bafkrei…`); [`FromStr`] reads every multibase that CIDs are written in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cid(pub(crate) [u8; 36]);

impl Cid {
    const PREFIX: [u8; 4] = [0x01, 0x55, 0x12, 0x20];

    /// The CID with these binary bytes; `None` where they are not a CIDv1 of `raw` and SHA-256.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: [u8; 36] = bytes.try_into().ok()?;
        bytes.starts_with(&Self::PREFIX).then_some(Self(bytes))
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
