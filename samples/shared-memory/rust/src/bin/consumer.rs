//! Reads ten batches of prices where they lie, as they come. `cargo run --bin consumer [DIRECTORY]`

use arrowcid::{Options, Result, Store};

fn main() -> Result<()> {
    let store = match std::env::args().nth(1) {
        Some(directory) => Store::open(directory)?,
        None => Store::open_default(&Options::default())?,
    };
    for event in store.watch("oldest")?.take(10) {
        let event = event?;
        let Some(block) = event.block() else { continue };
        // The block may have been removed since it was announced.
        let Some(lease) = store.get(&block.cid)? else { continue };
        let px: &[f64] = lease.values("px")?;
        let mean = px.iter().sum::<f64>() / px.len() as f64;
        println!("{}  {} rows  mean {mean:.3}", block.cid, px.len());
    }
    Ok(())
}
