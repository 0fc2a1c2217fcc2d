//! What is not right gives an error.

mod common;

use arrowcid::{ArrowArrayStream, ArrowSchema, BatchBuilder, ErrorCode, Facts, Field};
use common::{flights, Folder};

fn is_send_and_sync<T: Send + Sync>() {}

#[test]
fn stores_leases_and_batches_go_to_any_thread() {
    is_send_and_sync::<arrowcid::Store>();
    is_send_and_sync::<arrowcid::Lease>();
    is_send_and_sync::<arrowcid::Batch>();
    is_send_and_sync::<arrowcid::Cid>();
    is_send_and_sync::<arrowcid::Error>();
    is_send_and_sync::<arrowcid::Watch>();
}

#[test]
fn bytes_that_are_no_arrow_are_refused() {
    let folder = Folder::new();
    let store = folder.open();
    let file = flights();
    for bytes in [&b""[..], b"x", b"ARROW1\0\0", &[0xff; 64], &file[..1000], &file[8..1000]] {
        let error = store.put_ipc(bytes).unwrap_err();
        assert_eq!(ErrorCode::InvalidData, error.code(), "{error}");
        assert!(!error.message().is_empty());
        assert!(arrowcid::check(bytes).is_err());
    }
    assert_eq!(ErrorCode::NotCanonical, arrowcid::check(&file).unwrap_err().code());
    assert_eq!(0, store.list(None).unwrap().count());
}

#[test]
fn changed_bytes_of_a_block_are_refused_or_another_block() {
    let folder = Folder::new();
    let store = folder.open();
    let batch = BatchBuilder::new().values("n", (0..50).collect::<Vec<i32>>()).texts("t", ["x"; 50]).finish().unwrap();
    let cid = store.put(&batch).unwrap().cid;
    let block = store.get(&cid).unwrap().unwrap().block().to_vec();
    for at in 0..block.len() {
        let mut changed = block.clone();
        changed[at] ^= 0x41;
        assert_ne!(Ok(cid), arrowcid::check(&changed), "byte {at}");
        let _ = arrowcid::cids_of_ipc(&changed);
    }
}

#[test]
fn columns_are_read_as_what_they_are_alone() {
    let folder = Folder::new();
    let store = folder.open();
    let cid = store.put_ipc(&flights()).unwrap()[0].cid;
    let lease = store.get(&cid).unwrap().unwrap();
    let batch = lease.batch().unwrap();
    assert_eq!(ErrorCode::SchemaMismatch, lease.values::<f64>("distance").unwrap_err().code());
    assert_eq!(ErrorCode::SchemaMismatch, batch.column("distance").unwrap().text(0).unwrap_err().code());
    let missing = lease.values::<f64>("price").unwrap_err();
    assert_eq!(ErrorCode::InvalidArgument, missing.code());
    assert!(missing.message().contains("distance"), "{missing}");
}

#[test]
fn texts_with_a_nul_and_unknown_words_are_refused() {
    let folder = Folder::new();
    let store = folder.open();
    let cid = store.put_raw(b"x", &Facts::new()).unwrap().cid;
    assert_eq!(ErrorCode::InvalidArgument, store.set_name("a\0b", &cid).unwrap_err().code());
    assert_eq!(ErrorCode::InvalidArgument, store.resolve_name("a\0b").unwrap_err().code());
    assert!(store.list(Some("rows >")).is_err());
    assert!(store.watch("yesterday").is_err());
    assert!(store.annotate(&cid, &Facts::new().data("{")).is_err());
    assert!(store.annotate(&cid, &Facts::new().expires("tomorrow")).is_err());
    assert!(arrowcid::Store::open("").is_err());
}

#[test]
fn structs_that_were_released_or_do_not_fit_are_refused() {
    let folder = Folder::new();
    let store = folder.open();
    let batch = BatchBuilder::new().values("n", vec![1u8, 2]).values("m", vec![1.0f32]).finish();
    assert_eq!(ErrorCode::InvalidArgument, batch.unwrap_err().code());
    assert!(store.put_stream(&mut ArrowArrayStream::empty(), &Facts::new()).is_err());
    assert!(ArrowArrayStream::empty().next_batch().is_err());
    assert!(store.reserve(&ArrowSchema::empty(), 1, &[]).is_err());

    let one = BatchBuilder::new().values("n", vec![1u8]).finish().unwrap();
    let other = BatchBuilder::new().values("n", vec![1u16]).finish().unwrap();
    assert_eq!(ErrorCode::SchemaMismatch, store.put_many(&[&one, &other]).unwrap_err().code());
    let unknown = ArrowSchema::of_fields([Field::new("x", "?")]).unwrap();
    assert!(store.reserve(&unknown, 1, &[]).is_err());
}

#[test]
fn a_reservation_refuses_what_it_has_no_place_for() {
    let folder = Folder::new();
    let store = folder.open();
    let schema = ArrowSchema::of_fields([Field::of::<f64>("px"), Field::new("t", "u").required()]).unwrap();
    let mut place = store.reserve(&schema, 4, &[0, 10]).unwrap();
    assert_eq!(ErrorCode::SchemaMismatch, place.values_mut::<f32>(0).unwrap_err().code());
    assert_eq!(ErrorCode::InvalidArgument, place.values_mut::<f64>(2).unwrap_err().code());
    assert_eq!(ErrorCode::SchemaMismatch, place.offsets_mut(0).unwrap_err().code());
    assert!(place.values_mut::<f64>(0).unwrap().len() >= 4);
    // Offsets that point outside the bytes are found at the commit.
    place.offsets_mut(1).unwrap()[..5].copy_from_slice(&[0, i32::MAX, -5, 3, 2]);
    assert!(place.commit().is_err());
    assert!(store.reserve(&schema, 4, &[0]).is_err());
    assert!(store.reserve(&schema, usize::MAX, &[0, 0]).is_err());
}
