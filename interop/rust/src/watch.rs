//! Listings, and news of what is put.

use crate::block::Block;
use crate::cid::Cid;
use crate::error::Result;
use crate::ffi::{self, Handle, RawBlock, RawEvent};
use std::collections::VecDeque;
use std::os::fd::RawFd;
use std::time::Duration;

/// What a watch tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreEvent {
    /// A batch was put; `is_new` of the block says whether the store did not have it. It may be gone by now.
    Put(Block),
    /// Something was missed.
    Gap(Gap),
    /// A name changed; told by [`Store::watch_names`](crate::Store::watch_names).
    Name(NameChange),
}

/// A change of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NameChange {
    /// The name.
    pub name: String,
    /// The block that it pointed to before; `None` for none.
    pub old: Option<Cid>,
    /// The block that it points to since; `None` where it was removed.
    pub new: Option<Cid>,
}

impl StoreEvent {
    /// The block that was put; `None` for a gap and a name.
    pub fn block(&self) -> Option<&Block> {
        match self {
            Self::Put(block) => Some(block),
            Self::Gap(_) | Self::Name(_) => None,
        }
    }
}

/// Records that a watch could not be told of. Unless they are damaged, everything that is there is announced again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// Why.
    pub reason: GapReason,
    /// The writer's lane, or -1 for the whole store.
    pub lane: i32,
    /// The number in the lane of the first record that is missing.
    pub first: i64,
    /// That of the last one.
    pub last: i64,
}

/// Why a watch cannot be told everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GapReason {
    /// The cursor is of another store.
    OtherStore,
    /// The cursor points past the end of a lane: what it had passed was lost.
    PastEnd,
    /// Another record has the number of the one that the cursor had passed last.
    Rewritten,
    /// The records were collected or evicted before the watch came to them.
    Gone,
    /// The records are damaged.
    Damaged,
    /// A reason that a newer library knows.
    Other(i32),
}

/// News of what is put, in every process that has the store open.
///
/// As an iterator it waits for each event, without end; after an error there is nothing more.
/// [`next_within`](Self::next_within) waits for a time, and [`fd`](Self::fd) is for a poll loop.
#[derive(Debug)]
pub struct Watch {
    handle: Handle,
    has_failed: bool,
}

impl Watch {
    pub(crate) fn of(handle: Handle) -> Self {
        Self { handle, has_failed: false }
    }

    /// The next event; `None` where there was none in time. Zero does not wait.
    pub fn next_within(&mut self, time: Duration) -> Result<Option<StoreEvent>> {
        // A part of a millisecond is waited for as a whole one, so that a short wait is none that spins.
        let milliseconds = time.as_nanos().div_ceil(1_000_000);
        self.step(i64::try_from(milliseconds).unwrap_or(i64::MAX))
    }

    /// A descriptor that is readable when there may be something: poll it, then call [`next_within`](Self::next_within)
    /// with zero until that gives `None`. It belongs to the watch, and is closed with it or its store.
    pub fn fd(&self) -> Result<RawFd> {
        let mut fd: RawFd = -1;
        // SAFETY: the place is written before the call returns.
        ffi::call(|api, error| unsafe { (api.watch_fd)(self.handle, &mut fd, error) })?;
        Ok(fd)
    }

    /// Where to go on behind the last event given, for [`Store::watch`](crate::Store::watch) of a later process.
    pub fn cursor(&self) -> Result<String> {
        // SAFETY: the buffer has as many bytes as is said.
        ffi::text(|api, buffer, capacity, needed, error| unsafe {
            (api.watch_cursor)(self.handle, buffer, capacity, needed, error)
        })
    }

    fn step(&mut self, milliseconds: i64) -> Result<Option<StoreEvent>> {
        let mut raw = RawEvent {
            block: RawBlock::EMPTY,
            kind: 0,
            lane: 0,
            gap_reason: 0,
            reserved: 0,
            gap_first: 0,
            gap_last: 0,
        };
        // SAFETY: the struct is written before the call returns; `&mut self` keeps other threads out.
        let is_there =
            ffi::status(|api, error| unsafe { (api.watch_next)(self.handle, milliseconds, &mut raw, error) })?;
        const NAME: i32 = 4;
        if is_there && raw.kind == NAME {
            // SAFETY: the buffer has as many bytes as is said.
            let name = ffi::text(|api, buffer, capacity, needed, error| unsafe {
                (api.watch_name)(self.handle, buffer, capacity, needed, error)
            })?;
            let (old, new) = (Cid::from_bytes(&raw.block.schema_cid), Cid::from_bytes(&raw.block.cid));
            return Ok(Some(StoreEvent::Name(NameChange { name, old, new })));
        }
        Ok(is_there.then(|| event(&raw)))
    }
}

impl Iterator for Watch {
    type Item = Result<StoreEvent>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.has_failed {
            match self.step(-1) {
                Ok(None) => {}
                Ok(Some(event)) => return Some(Ok(event)),
                Err(error) => {
                    self.has_failed = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // SAFETY: the handle is ours and closed once. Where that fails there is no caller to tell.
        let _ = ffi::call(|api, error| unsafe { (api.watch_close)(self.handle, error) });
    }
}

fn event(raw: &RawEvent) -> StoreEvent {
    const AGAIN: i32 = 2;
    const GAP: i32 = 3;
    if raw.kind == GAP {
        let reason = match raw.gap_reason {
            1 => GapReason::OtherStore,
            2 => GapReason::PastEnd,
            3 => GapReason::Rewritten,
            4 => GapReason::Gone,
            5 => GapReason::Damaged,
            other => GapReason::Other(other),
        };
        return StoreEvent::Gap(Gap { reason, lane: raw.lane, first: raw.gap_first, last: raw.gap_last });
    }
    StoreEvent::Put(Block { is_new: raw.kind != AGAIN, ..Block::from(&raw.block) })
}

/// The blocks of a store, one after another; made by [`Store::list`](crate::Store::list).
#[derive(Debug)]
pub struct Listing {
    handle: Handle,
    fetched: VecDeque<Block>,
    has_ended: bool,
}

impl Listing {
    pub(crate) fn of(handle: Handle) -> Self {
        Self { handle, fetched: VecDeque::new(), has_ended: false }
    }

    fn fetch(&mut self) -> Result<()> {
        let mut blocks = [RawBlock::EMPTY; 64];
        let mut count = 0;
        // SAFETY: the array has as many places as is said; `&mut self` keeps other threads out.
        let is_there = ffi::status(|api, error| unsafe {
            (api.list_next)(self.handle, blocks.as_mut_ptr(), blocks.len() as i64, &mut count, error)
        })?;
        let count = usize::try_from(count).unwrap_or(0).min(blocks.len());
        self.has_ended = !is_there || count == 0;
        self.fetched.extend(blocks[..count].iter().map(Block::from));
        Ok(())
    }
}

impl Iterator for Listing {
    type Item = Result<Block>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.fetched.is_empty() && !self.has_ended {
            if let Err(error) = self.fetch() {
                self.has_ended = true;
                return Some(Err(error));
            }
        }
        self.fetched.pop_front().map(Ok)
    }
}

impl Drop for Listing {
    fn drop(&mut self) {
        // SAFETY: the handle is ours and closed once. Where that fails there is no caller to tell.
        let _ = ffi::call(|api, error| unsafe { (api.list_close)(self.handle, error) });
    }
}
