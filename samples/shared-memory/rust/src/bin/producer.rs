//! Puts ten batches of prices into a store. `cargo run --bin producer [DIRECTORY]`

use arrowcid::{BatchBuilder, Facts, Options, Result, Store};

fn main() -> Result<()> {
    let store = match std::env::args().nth(1) {
        Some(directory) => Store::open(directory)?,
        None => Store::open_default(&Options::default())?,
    };
    for hour in 0..10 {
        let px: Vec<f64> = (0..100_000).map(|row| 100.0 + f64::from(hour) + f64::from(row % 100) / 100.0).collect();
        let batch = BatchBuilder::new().values("px", px).finish()?;
        let facts = Facts::new().producer("rust").tag("hour", hour.to_string());
        let block = store.put_with(&batch, &facts)?;
        println!("{}  {} rows  {}", block.cid, block.rows, if block.is_new { "new" } else { "known" });
    }
    Ok(())
}
