//! A child of `fork` is refused, and its parent goes on.

mod common;

use arrowcid::{ErrorCode, Store};
use common::{flights, Folder};

extern "C" {
    fn fork() -> i32;
    fn waitpid(child: i32, status: *mut i32, options: i32) -> i32;
    fn _exit(code: i32) -> !;
}

#[test]
fn a_forked_child_gets_an_error_from_every_call() {
    let folder = Folder::new();
    let store = folder.open();
    let cid = store.put_ipc(&flights()).unwrap()[0].cid;
    let lease = store.get(&cid).unwrap().unwrap();
    // SAFETY: the child calls the library and ends.
    let child = unsafe { fork() };
    if child == 0 {
        let codes = [
            store.get(&cid).err().map(|error| error.code()),
            store.find(&cid).err().map(|error| error.code()),
            store.put_ipc(&[]).err().map(|error| error.code()),
            lease.array().err().map(|error| error.code()),
            Store::open(folder.store()).err().map(|error| error.code()),
        ];
        drop((lease, store));
        let is_refused = codes.iter().all(|code| *code == Some(ErrorCode::Forked));
        // SAFETY: ends the child without the test program's own end.
        unsafe { _exit(i32::from(!is_refused)) };
    }
    let mut status = -1;
    // SAFETY: the child is ours, and the place is written during the call.
    assert_eq!(child, unsafe { waitpid(child, &mut status, 0) });
    assert_eq!(0, status);
    assert_eq!(1452, lease.values::<i16>("distance").unwrap()[0]);
    assert!(store.find(&cid).unwrap().is_some());
}
