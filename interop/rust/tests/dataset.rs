//! Datasets, seen from Rust.

mod common;

use arrowcid::{Batch, BatchBuilder, BlockKind, Cid, ErrorCode, Facts, Store};
use common::Folder;

fn quotes(px: &[f64]) -> Batch {
    BatchBuilder::new().values("px", px.to_vec()).finish().unwrap()
}

fn put(store: &Store) -> Vec<Cid> {
    [&[1.5, 2.5][..], &[3.5]].map(|px| store.put(&quotes(px)).unwrap().cid).to_vec()
}

#[test]
fn a_dataset_is_found_by_name_and_read_batch_by_batch() {
    let folder = Folder::new();
    let store = folder.open();
    let cids = put(&store);
    let block = store.put_dataset(&cids, &[("note", "x")], &Facts::new().name("trips").tag("day", "monday")).unwrap();
    assert!(block.is_new && block.kind == BlockKind::Dataset && block.rows == 3);
    assert_eq!((0x71, 0x55), (block.cid.codec(), cids[0].codec()));
    assert!(block.cid.to_string().starts_with("bafyrei"));
    assert_eq!(block.cid, block.cid.to_string().parse().unwrap());
    assert_eq!(Some(block.cid), store.resolve_name("trips").unwrap());

    let dataset = store.dataset_named("trips").unwrap().unwrap();
    assert_eq!((block.cid, 3, &cids[..]), (dataset.cid(), dataset.rows(), dataset.batches()));
    assert_eq!(2, dataset.iter().len());
    let px: Vec<f64> = dataset.iter().flat_map(|batch| batch.unwrap().values::<f64>("px").unwrap().to_vec()).collect();
    assert_eq!(vec![1.5, 2.5, 3.5], px);
    let mut stream = dataset.stream().unwrap();
    assert_eq!(2, stream.next_batch().unwrap().unwrap().array().len());
    let again = store.put_table(&mut dataset.stream().unwrap(), &[("note", "x")], &Facts::new()).unwrap();
    assert_eq!((block.cid, false), (again.cid, again.is_new));
}

#[test]
fn listings_and_names_give_real_cids() {
    let folder = Folder::new();
    let store = folder.open();
    let cids = put(&store);
    let facts = Facts::new().name("trips").tag("day", "monday");
    let cid = store.put_dataset(&cids, &[], &facts).unwrap().cid;
    for filter in ["tag.day = \"monday\"", "kind = dataset", "kind != batch and kind != schema"] {
        let listed: Vec<_> = store.list(Some(filter)).unwrap().map(|block| block.unwrap()).collect();
        assert_eq!(vec![(cid, BlockKind::Dataset, 3)], listed.iter().map(|b| (b.cid, b.kind, b.rows)).collect::<Vec<_>>());
    }
    let names = store.names().unwrap();
    assert_eq!(1, names.len());
    assert_eq!(("trips", cid, Some(BlockKind::Dataset)), (names[0].name.as_str(), names[0].cid, names[0].kind));
    assert_eq!(BlockKind::Dataset, store.get(&cid).unwrap().unwrap().info().kind);
    assert!(store.describe(&cid).unwrap().contains("\"batches\":2"));
    assert_eq!(0, store.remove(&cids).unwrap());
    store.verify(&cid).unwrap();
}

#[test]
fn what_is_no_dataset_is_said_to_be_none() {
    let folder = Folder::new();
    let store = folder.open();
    let cids = put(&store);
    assert_eq!(ErrorCode::SchemaMismatch, store.dataset(&cids[0]).unwrap_err().code());
    assert!(store.dataset_named("nobody").unwrap().is_none());
    let absent: Cid = "bafyreignoozc45h2arv3jr7kotca7t6slgsrbv2tkzsf6maojaitsmmre4".parse().unwrap();
    assert!(store.dataset(&absent).unwrap().is_none());
    let other = "baguqeeraiqjw7i2vwntyuekgvulpp2det2kpwt6cd7tx5ayqybqpmhfk76fa".parse::<Cid>();
    assert_eq!(ErrorCode::InvalidCid, other.unwrap_err().code());
    assert_eq!(ErrorCode::InvalidArgument, store.put_dataset(&[], &[], &Facts::new()).unwrap_err().code());
}
