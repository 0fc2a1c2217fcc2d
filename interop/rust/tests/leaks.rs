//! What is got is given back. Alone in its program, for it counts what the process has.

mod common;

use common::{flights, status, Folder};

#[test]
fn ten_thousand_gets_leak_nothing() {
    let folder = Folder::new();
    let store = folder.open();
    let cid = store.put_ipc(&flights()).unwrap()[0].cid;
    let maps = || std::fs::read_to_string("/proc/self/maps").unwrap().lines().count();
    let files = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let round = |count: usize| {
        for _ in 0..count {
            let lease = store.get(&cid).unwrap().unwrap();
            assert_eq!(1452, lease.values::<i16>("distance").unwrap()[0]);
            drop(store.get_batch(&cid).unwrap());
            drop(store.get_stream(&[cid]).unwrap().next_batch().unwrap());
            drop(store.list(None).unwrap().next());
            let mut watch = store.watch("oldest").unwrap();
            assert!(watch.next_within(std::time::Duration::ZERO).unwrap().is_some());
        }
    };
    round(1_000);
    let (memory, mappings, descriptors) = (status("VmRSS:"), maps(), files());
    round(10_000);
    assert!(files() <= descriptors + 8, "{descriptors} descriptors, then {}", files());
    assert!(maps() <= mappings + 64, "{mappings} mappings, then {}", maps());
    let grown = status("VmRSS:").saturating_sub(memory);
    assert!(grown < 32 << 10, "{grown} KiB more");
}
