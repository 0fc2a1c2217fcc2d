//! What a store does, seen from Rust.

mod common;

use arrowcid::{Batch, BatchBuilder, BlockKind, Cid, ErrorCode, Facts, Options, Store};
use common::{damage, flights, mapped_file, Folder};
use std::collections::{BTreeSet, HashSet};
use std::thread;
use std::time::Duration;

fn quotes(first: f64) -> Batch {
    BatchBuilder::new()
        .values("px", vec![first, first + 0.25, first + 0.5])
        .texts("symbol", ["AAPL", "", "MSFT"])
        .finish()
        .unwrap()
}

#[test]
fn what_was_put_is_read_where_it_lies() {
    let folder = Folder::new();
    let store = folder.open();
    let block = &store.put_ipc(&flights()).unwrap()[0];
    assert!(block.is_new && block.kind == BlockKind::Batch && block.rows == 200_000);
    assert!(!store.put_ipc(&flights()).unwrap()[0].is_new);

    let lease = store.get(&block.cid).unwrap().unwrap();
    assert_eq!(block.length, lease.block().len() as i64);
    assert_eq!(block.cid, arrowcid::check(lease.block()).unwrap());
    assert_eq!((block.cid, block.schema_cid), (lease.info().cid, lease.info().schema_cid));
    let file = mapped_file(lease.block().as_ptr()).unwrap();
    assert!(file.starts_with(folder.store().to_str().unwrap()), "{file}");
}

#[test]
fn put_reports_that_it_repaired_a_damaged_block() {
    let folder = Folder::new();
    let store = folder.open();
    let block = store.put(&quotes(1.0)).unwrap();
    assert!(block.is_new && !block.is_repaired);
    damage(&folder.store(), store.get(&block.cid).unwrap().unwrap().block());
    let put = store.put(&quotes(1.0)).unwrap();
    assert!(put.cid == block.cid && !put.is_new && put.is_repaired);
    assert_eq!(block.cid, arrowcid::check(store.get(&block.cid).unwrap().unwrap().block()).unwrap());
    assert!(!store.put(&quotes(1.0)).unwrap().is_repaired);
}

#[test]
fn columns_lie_inside_the_block() {
    let folder = Folder::new();
    let store = folder.open();
    let cid = store.put_ipc(&flights()).unwrap()[0].cid;
    let lease = store.get(&cid).unwrap().unwrap();
    let distance: &[i16] = lease.values("distance").unwrap();
    assert_eq!(200_000, distance.len());
    assert!(lease.block().as_ptr_range().contains(&distance.as_ptr().cast()));
    assert_eq!(1452, distance[0]);

    // The batch alone has its own hold on the memory, beyond lease and store.
    let batch = store.get_batch(&cid).unwrap().unwrap();
    let expected = distance.to_vec();
    drop((lease, store));
    assert_eq!(expected, batch.values::<i16>("distance").unwrap());
    assert!(mapped_file(batch.values::<f32>("time").unwrap().as_ptr()).unwrap().contains("/store/"));
}

#[test]
fn a_batch_made_here_has_the_cid_that_it_has_everywhere() {
    let folder = Folder::new();
    let store = folder.open();
    let batch = quotes(101.0);
    let cid = arrowcid::cid(&batch).unwrap();
    let block = store.put_with(&batch, &Facts::new().tag("day", "monday").name("latest")).unwrap();
    assert_eq!(cid, block.cid);
    assert_eq!(Some(cid), store.resolve_name("latest").unwrap());

    let lease = store.get(&cid).unwrap().unwrap();
    assert_eq!([101.0, 101.25, 101.5], lease.values::<f64>("px").unwrap());
    let symbol = lease.batch().unwrap().column("symbol").unwrap();
    let texts: Vec<_> = (0..symbol.len()).map(|row| symbol.text(row).unwrap()).collect();
    assert_eq!([Some("AAPL"), Some(""), Some("MSFT")], texts[..]);
    assert_eq!(vec![cid], arrowcid::cids_of_ipc(lease.block()).unwrap());
}

#[test]
fn nulls_are_told_from_values() {
    let folder = Folder::new();
    let store = folder.open();
    let values: Vec<Option<i64>> = (0..20).map(|row| (row % 3 != 0).then_some(row)).collect();
    let batch = BatchBuilder::new().optional_values("n", &values).finish().unwrap();
    let cid = store.put(&batch).unwrap().cid;
    let lease = store.get(&cid).unwrap().unwrap();
    let column = lease.batch().unwrap().column("n").unwrap();
    let plain: &[i64] = column.values().unwrap();
    let read: Vec<Option<i64>> = (0..20).map(|row| (!column.is_null(row)).then(|| plain[row])).collect();
    assert_eq!(values, read);
    assert!(column.is_null(20));
}

#[test]
fn a_batch_is_written_where_it_will_lie() {
    let folder = Folder::new();
    let store = folder.open();
    let batch = quotes(7.0);
    let mut place = store.reserve(batch.schema(), 3, &[0, 8]).unwrap();
    place.values_mut::<f64>(0).unwrap()[..3].copy_from_slice(&[7.0, 7.25, 7.5]);
    place.offsets_mut(1).unwrap()[..4].copy_from_slice(&[0, 4, 4, 8]);
    place.data_mut(1).unwrap()[..8].copy_from_slice(b"AAPLMSFT");
    assert_eq!(arrowcid::cid(&batch).unwrap(), place.commit().unwrap().cid);

    // Given up: nothing was put.
    let other = quotes(8.0);
    drop(store.reserve(other.schema(), 3, &[0, 8]).unwrap());
    assert_eq!(1, store.list(None).unwrap().count());
}

#[test]
fn many_are_put_at_once_and_streamed() {
    let folder = Folder::new();
    let store = folder.open();
    let batches: Vec<Batch> = (0..40).map(|n| quotes(f64::from(n))).collect();
    let blocks = store.put_many(&batches.iter().collect::<Vec<_>>()).unwrap();
    let cids: Vec<Cid> = blocks.iter().map(|block| block.cid).collect();
    assert_eq!(40, cids.iter().collect::<HashSet<_>>().len());
    assert_eq!(vec![true; 40], store.contains(&cids).unwrap());

    let mut stream = store.get_stream(&cids).unwrap();
    let mut first = Vec::new();
    while let Some(batch) = stream.next_batch().unwrap() {
        first.push(batch.values::<f64>("px").unwrap()[0]);
    }
    assert_eq!((0..40).map(f64::from).collect::<Vec<_>>(), first);

    let other = Folder::new();
    let copy = other.open();
    let again = copy.put_stream(&mut store.get_stream(&cids).unwrap(), &Facts::new()).unwrap();
    assert_eq!(cids, again.iter().map(|block| block.cid).collect::<Vec<_>>());
}

#[test]
fn listings_filters_facts_pins_and_names() {
    let folder = Folder::new();
    let store = folder.open();
    let cids: Vec<Cid> = (0..150)
        .map(|n| store.put_with(&quotes(f64::from(n)), &Facts::new().tag("n", n.to_string())).unwrap().cid)
        .collect();
    let listed: BTreeSet<Cid> = store.list(None).unwrap().map(|block| block.unwrap().cid).collect();
    assert_eq!(cids.iter().copied().collect::<BTreeSet<_>>(), listed);
    let few: Vec<Cid> = store.list(Some("tag.n < 2")).unwrap().map(|block| block.unwrap().cid).collect();
    assert_eq!(2, few.len());

    store.annotate(&cids[0], &Facts::new().tag("quality", "good").data("{\"k\":[1,\"é\"]}")).unwrap();
    let json = store.describe(&cids[0]).unwrap();
    assert!(json.contains("quality") && json.contains("good") && json.contains('é'), "{json}");

    store.replace_name("head", None, Some(&cids[0])).unwrap();
    store.replace_name("head", Some(&cids[0]), Some(&cids[1])).unwrap();
    let conflict = store.replace_name("head", Some(&cids[0]), Some(&cids[2])).unwrap_err();
    assert_eq!(ErrorCode::NameConflict, conflict.code());
    assert_eq!(Some(cids[1]), store.resolve_name("head").unwrap());
    store.remove_name("head").unwrap();
    assert_eq!(None, store.resolve_name("head").unwrap());

    store.pin(&cids[0]).unwrap();
    assert_eq!(1, store.remove(&cids[..2]).unwrap());
    let kept: Vec<Cid> = store.list(Some("tag.n < 2")).unwrap().map(|block| block.unwrap().cid).collect();
    assert_eq!(vec![cids[0]], kept);
    store.unpin(&cids[0]).unwrap();
    assert_eq!(1, store.remove_forced(&cids[..1]).unwrap());
    assert_eq!(148, store.list(None).unwrap().count());
    store.verify(&cids[5]).unwrap();
    let absent = arrowcid::cid(&quotes(1e9)).unwrap();
    assert_eq!(ErrorCode::BlockNotFound, store.verify(&absent).unwrap_err().code());
}

#[test]
fn what_is_absent_is_none() {
    let folder = Folder::new();
    let store = folder.open();
    let cid = arrowcid::cid(&quotes(1.0)).unwrap();
    assert!(store.get(&cid).unwrap().is_none());
    assert!(store.get_batch(&cid).unwrap().is_none());
    assert!(store.get_schema(&cid).unwrap().is_none());
    assert!(store.find(&cid).unwrap().is_none());
    assert!(store.resolve_name("nobody").unwrap().is_none());
}

#[test]
fn raw_bytes_are_blocks_too() {
    let folder = Folder::new();
    let store = folder.open();
    let block = store.put_raw(b"some bytes", &Facts::new()).unwrap();
    assert_eq!((BlockKind::Raw, None, 10), (block.kind, block.schema_cid, block.length));
    let lease = store.get(&block.cid).unwrap().unwrap();
    assert_eq!(b"some bytes", lease.block());
    assert_eq!(ErrorCode::SchemaMismatch, lease.batch().unwrap_err().code());
}

#[test]
fn a_watch_hears_of_every_put_in_order() {
    let folder = Folder::new();
    let store = folder.open();
    let mut watch = store.watch("now").unwrap();
    assert!(watch.next_within(Duration::ZERO).unwrap().is_none());
    let writer = thread::spawn({
        let store = folder.open();
        move || (0..50).map(|n| store.put(&quotes(f64::from(n % 40))).unwrap().cid).collect::<Vec<_>>()
    });
    let heard: Vec<_> = watch.by_ref().take(50).map(|one| one.unwrap().block().cloned().unwrap()).collect();
    assert_eq!(writer.join().unwrap(), heard.iter().map(|block| block.cid).collect::<Vec<_>>());
    assert_eq!(40, heard.iter().filter(|block| block.is_new).count());

    // Another watch goes on behind a cursor.
    let cursor = watch.cursor().unwrap();
    let last = store.put(&quotes(1000.0)).unwrap().cid;
    let next = store.watch(&cursor).unwrap().next().unwrap().unwrap();
    assert_eq!(last, next.block().unwrap().cid);
    assert!(watch.fd().unwrap() > 2);
}

#[test]
fn a_watch_of_names_hears_of_their_changes() {
    let folder = Folder::new();
    let store = folder.open();
    let cid = store.put(&quotes(1.0)).unwrap().cid;
    let mut watch = store.watch_names("prices/*", "now").unwrap();
    store.set_name("other", &cid).unwrap();
    store.set_name("prices/a", &cid).unwrap();
    match watch.next().unwrap().unwrap() {
        arrowcid::StoreEvent::Name(change) => {
            assert_eq!(("prices/a", None, Some(cid)), (change.name.as_str(), change.old, change.new));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_lease_is_read_by_many_threads_after_the_store_is_gone() {
    let folder = Folder::new();
    let store = folder.open();
    let cid = store.put_ipc(&flights()).unwrap()[0].cid;
    let lease = store.get(&cid).unwrap().unwrap();
    drop(store);
    let sums: HashSet<i64> = thread::scope(|scope| {
        let sum = || lease.values::<i16>("distance").unwrap().iter().map(|d| i64::from(*d)).sum::<i64>();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(sum)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(1, sums.len());
}

#[test]
fn stores_are_opened_as_the_options_say() {
    let folder = Folder::new();
    let must_exist = Options { must_exist: true, ..Options::default() };
    assert_eq!(ErrorCode::StoreGone, Store::open_with(folder.store(), &must_exist).unwrap_err().code());
    let store = folder.open();
    assert_eq!(folder.store(), store.directory().unwrap());
    store.flush().unwrap();
    let read_only = Options { read_only: true, ..must_exist };
    let reader = Store::open_with(folder.store(), &read_only).unwrap();
    assert!(reader.put(&quotes(1.0)).is_err());
    let cid = store.put(&quotes(1.0)).unwrap().cid;
    assert!(reader.get(&cid).unwrap().is_some());
}

#[test]
fn cids_are_read_in_every_base_and_written_in_base32() {
    let cid = arrowcid::cid(&quotes(1.0)).unwrap();
    let text = cid.to_string();
    assert!(text.starts_with("bafkrei") && text.len() == 59, "{text}");
    assert_eq!(cid, text.parse().unwrap());
    assert_eq!(cid, text.to_uppercase().parse().unwrap());
    let hex: String = cid.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(cid, format!("f{hex}").parse().unwrap());
    assert_eq!(Some(cid), Cid::from_bytes(cid.as_bytes()));
    assert_eq!(None, Cid::from_bytes(&cid.as_bytes()[1..]));
    assert_eq!(None, Cid::from_bytes(&[0; 36]));
    assert_eq!(ErrorCode::InvalidCid, "bafkrei".parse::<Cid>().unwrap_err().code());
}

#[test]
fn directories_and_parquet_files_are_written() {
    let folder = Folder::new();
    let store = folder.open();
    let text = store.put_raw(b"text", &Facts::new()).unwrap().cid;
    let files = [("a/b.txt", text), ("odd \"\\\t.txt", text)];
    let directory = store.put_directory(&files, &Facts::new().name("files")).unwrap().cid;
    assert_eq!(Some(directory), store.resolve_name("files").unwrap());
    let found = store.directory_files(&directory).unwrap();
    assert!(found.contains(&format!("\"a/b.txt\":{{\"cid\":\"{text}\",\"bytes\":4}}")), "{found}");
    assert_eq!(ErrorCode::SchemaMismatch, store.directory_files(&text).unwrap_err().code());
    let outside = store.put_directory(&[("../a", text)], &Facts::new());
    assert_eq!(ErrorCode::InvalidArgument, outside.unwrap_err().code());

    let batch = store.put(&quotes(1.0)).unwrap().cid;
    let path = folder.store().with_file_name("quotes.parquet");
    let file = std::fs::File::create(&path).unwrap();
    let length = store.write_parquet(&[batch, batch], &file).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!((length as usize, &b"PAR1"[..]), (bytes.len(), &bytes[bytes.len() - 4..]));
    let catalog = std::fs::File::create(folder.store().with_file_name("catalog.parquet")).unwrap();
    assert!(store.write_catalog(Some("kind = batch"), &catalog).unwrap() > 0);
    assert!(store.write_catalog(None, &catalog).unwrap() > 0);
    assert_eq!(ErrorCode::SchemaMismatch, store.write_parquet(&[text], &file).unwrap_err().code());
}

#[test]
fn many_blocks_take_one_call() {
    let folder = Folder::new();
    let store = folder.open();
    let pieces: Vec<Vec<u8>> = (0..200).map(|number| format!("piece {number}").into_bytes()).collect();
    let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
    let blocks = store.put_raws(&pieces, &Facts::new().tag("few", "1")).unwrap();
    let cids: Vec<Cid> = blocks.iter().map(|block| block.cid).collect();
    let missing: Cid = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy".parse().unwrap();
    let leases = store.get_many(&[cids[7], missing]).unwrap();
    assert_eq!(b"piece 7", leases[0].as_ref().unwrap().block());
    assert!(leases[1].is_none());

    assert_eq!(2, store.put_together(&[&quotes(1.0), &quotes(2.0)], &Facts::new().tag("set", "x")).unwrap().len());
    assert_eq!(2, store.list_all(Some("tag.set = \"x\"")).unwrap().len());
    assert_eq!(200, store.annotate_many(&cids, &[Facts::new().tag("day", "monday")]).unwrap());
    let each: Vec<Facts> = (0..200).map(|number| Facts::new().producer(if number < 5 { "p" } else { "q" })).collect();
    assert_eq!(200, store.annotate_many(&cids, &each).unwrap());
    assert_eq!(5, store.list_all(Some("tag.day = \"monday\" and producer = \"p\"")).unwrap().len());
    assert_eq!(ErrorCode::InvalidArgument, store.annotate_many(&cids, &each[..2]).unwrap_err().code());

    store.touch(&cids, Some(std::time::SystemTime::now() + Duration::from_secs(86_400))).unwrap();
    assert!(store.describe(&cids[3]).unwrap().contains("\"expires\":\"2"));
    store.touch(&cids, None).unwrap();
    let would = store.remove_where("tag.few = \"1\"", true).unwrap();
    assert_eq!((200, 0), (would.removed, would.kept));
    assert_eq!(200, store.list_all(Some("tag.few = \"1\"")).unwrap().len());
    assert_eq!(would, store.remove_where("tag.few = \"1\"", false).unwrap());
    assert!(store.list_all(Some("tag.few = \"1\"")).unwrap().is_empty());
}
