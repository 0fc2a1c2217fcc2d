//! The server's store, where it is on this machine.

use arrowcid::{BlockKind, Cid, Options, Store, Verify};
use bytes::Bytes;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A lease as the owner of its bytes.
struct Held(arrowcid::Lease);

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        self.0.block()
    }
}

/// Opens the store that a server names by its action `where`; `None` where it is not on this machine or cannot be opened.
pub fn open(place: &Value) -> Option<Store> {
    let (directory, store, proof) = (place["directory"].as_str()?, place["store"].as_str()?, place["proof"].as_str()?);
    if proof_of(directory, store).as_deref() != Some(proof) {
        return None;
    }
    let options = Options { read_only: true, must_exist: true, verify: Verify::FirstRead, ..Default::default() };
    let opened = Store::open_with(directory, &options).ok()?;
    (proof_of(directory, store).as_deref() == Some(proof)).then_some(opened)
}

/// The bytes of a batch in the mapped store, held as long as they are used; `None` where they cannot be read there.
pub fn block(store: &Store, cid: &str) -> Option<Bytes> {
    let lease = store.get(&cid.parse::<Cid>().ok()?).ok()??;
    (lease.info().kind == BlockKind::Batch).then(|| Bytes::from_owner(Held(lease)))
}

/// What the server proves its store by (FLIGHT.md, `where`), as it is seen from here.
fn proof_of(directory: &str, store: &str) -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let control = fs::metadata(Path::new(directory).join("ctl.v1")).ok()?;
    // As glibc splits a device number.
    let device = control.dev();
    let major = ((device >> 8) & 0xfff) | ((device >> 32) & !0xfff);
    let minor = (device & 0xff) | ((device >> 12) & 0xffff_ff00);
    let text = format!("arrowcid {} {} {major}:{minor} {}", boot.trim(), store.to_lowercase(), control.ino());
    Sha256::digest(text).iter().try_fold(String::new(), |mut hex, byte| write!(hex, "{byte:02x}").ok().map(|()| hex))
}
