//! Fetches a block by its CID, proves it, and writes it where any Arrow library reads it.
//!
//!     fetch ADDRESS CID FILE.arrows

use arrowcid_flight::Client;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [address, cid, file] = std::env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| "fetch ADDRESS CID FILE")?;
    let block = Client::connect(&address, None).await?.get(&cid).await?;
    std::fs::write(&file, &block)?;
    println!("{cid}  {} bytes proved", block.len());
    Ok(())
}
