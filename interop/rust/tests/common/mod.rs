//! A store of a test's own, and what tests look up of this process.

#![allow(dead_code)] // each test program uses a part

use arrowcid::{Options, Store};
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A directory in shared memory that is removed at the end.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("arrowcid-rust-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let base = PathBuf::from("/dev/shm");
        let path = if base.is_dir() { base } else { std::env::temp_dir() }.join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub fn store(&self) -> PathBuf {
        self.0.join("store")
    }

    pub fn open(&self) -> Store {
        let options = Options { capacity: 64 << 20, ..Options::default() };
        Store::open_with(self.store(), &options).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Changes a bit of the stored copy of a block.
pub fn damage(store: &Path, block: &[u8]) {
    for entry in std::fs::read_dir(store).unwrap().map(Result::unwrap) {
        if !entry.file_name().to_string_lossy().starts_with("seg-") {
            continue;
        }
        let bytes = std::fs::read(entry.path()).unwrap();
        // Blocks begin at multiples of 64.
        if let Some(at) = (0..bytes.len()).step_by(64).find(|at| bytes[*at..].starts_with(block)) {
            let half = block.len() / 2;
            let segment = OpenOptions::new().write(true).open(entry.path()).unwrap();
            segment.write_at(&[block[half] ^ 1], (at + half) as u64).unwrap();
            return;
        }
    }
    panic!("the block is in no segment");
}

/// 200,000 flights, one batch, as an Arrow IPC file.
pub fn flights() -> Vec<u8> {
    std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/data/flights-200k.arrow")).unwrap()
}

/// The file that is mapped at an address of this process.
pub fn mapped_file<T>(address: *const T) -> Option<String> {
    let address = address as usize;
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let line = maps.lines().find(|line| {
        let (start, end) = line.split_whitespace().next().unwrap().split_once('-').unwrap();
        let number = |text| usize::from_str_radix(text, 16).unwrap();
        (number(start)..number(end)).contains(&address)
    })?;
    line.split_whitespace().nth(5).map(str::to_owned)
}

/// The number that stands behind a word in /proc/self/status.
pub fn status(word: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(word)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
