//! Every call of the client against `arrowcid serve`. ArrowCid.ProcessTests/Flight/FlightClientTests.cs waits for what it says.
//!
//!     check all ADDRESS TOKEN FLIGHTS
//!     check local ADDRESS TOKEN CID [ROOTS [CERTIFICATE KEY]]   `local N` or `remote N`
//!     check get ADDRESS TOKEN CID [ROOTS [CERTIFICATE KEY]]     `rows N`, or `mismatch`

use arrowcid_flight::{cid_of, Certificate, Client, ClientTlsConfig, Error, Identity, Put, Request};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tonic::Code;

const ABSENT: &str = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";
const PATIENCE: Duration = Duration::from_secs(60);

fn code<T>(result: Result<T, Error>) -> Option<Code> {
    result.err().and_then(|error| error.code())
}

async fn all(address: &str, token: &str, flights: &str) -> Result<(), Error> {
    let mut client = Client::connect(address, Some(token)).await?.over_network();
    assert!(!client.is_local().await);
    assert_eq!(client.handshake().await?, Some(format!("Bearer {token}")));
    let file = std::fs::read(flights).expect("the flights are there");
    let how = Put {
        tags: [("from".into(), "rust".into())].into(),
        producer: "check".into(),
        json: r#"{"a":[1]}"#.into(),
        ..Default::default()
    };
    let acks = client.put(file.clone(), how).await?;
    let cid = acks[0].cid.clone();
    assert!(acks[0].is_new && acks[0].rows > 0);
    let block = client.get(&cid).await?;
    assert_eq!(cid_of(&block), cid);
    let again = client.put(block.clone(), Put { expected_cid: cid.clone(), ..Default::default() }).await?;
    assert!(again.len() == 1 && again[0].cid == cid && !again[0].is_new);
    assert!(client.put(block.clone(), Put { expected_cid: ABSENT.into(), ..Default::default() }).await.is_err());
    println!("cid {cid}");
    assert_eq!(client.info(&cid).await?.total_records, i64::from(acks[0].rows));
    assert_eq!(client.poll(&cid).await?.total_records, i64::from(acks[0].rows));
    assert!(client.schema(&cid).await?.len() > 8);

    // The whole file again, recut into blocks of 50,000 rows.
    let parts = client.put(file, Put { name: "parts".into(), cut_rows: 50_000, ..Default::default() }).await?;
    let (whole, parts) = parts.split_last().expect("acks");
    assert!(whole.is_stream && whole.name == "parts" && parts.iter().all(|part| part.rows == 50_000));
    assert_eq!(client.resolve("parts").await?, Some(whole.cid.clone()));
    assert_eq!(client.resolve("nothing").await?, None);
    let rows = Request { name: "parts".into(), first_row: 49_990, rows: 20, ..Default::default() };
    let some = client.put(client.clone().read(&rows).await?, Put { cut_rows: 20, ..Default::default() }).await?;
    assert_eq!(some.iter().map(|ack| ack.rows).collect::<Vec<_>>(), [20]);
    let cids: Vec<String> = parts.iter().map(|part| part.cid.clone()).collect();
    let many = client.get_many(&cids).await?;
    assert_eq!(many.iter().map(|block| cid_of(block)).collect::<Vec<_>>(), cids);
    assert_eq!(code(client.get_many(&[cids[0].clone(), ABSENT.into()]).await), Some(Code::NotFound));

    let listed: BTreeSet<String> = client.list("", 0).await?.into_iter().map(|entry| entry.cid).collect();
    let expected: BTreeSet<String> =
        acks.iter().chain(parts).chain([whole]).chain(&some).map(|ack| ack.cid.clone()).collect();
    assert_eq!(listed, expected);
    let tagged = client.list("tag.from = \"rust\" and rows > 1000", 1).await?;
    assert!(tagged.len() == 1 && tagged[0].known["tags"] == json!({ "from": "rust" }), "{tagged:?}");
    assert!(client.actions().await?.iter().any(|(name, _)| name == "pin"));
    client.act("tag", json!({ "cid": cid, "key": "day", "value": "monday" })).await?;
    client.act("pin", json!({ "cid": cid })).await?;
    let known = client.describe(&cid).await?;
    assert_eq!(known["tags"], json!({ "from": "rust", "day": "monday" }));
    assert_eq!(known["json"], json!({ "a": [1] }));
    assert_eq!(client.act("unpin", json!({ "cid": cid })).await?["wasPinned"], json!(true));
    client.set_name("n", Some(&cid)).await?;
    assert!(client.set_name_if("n", Some(&cid), Some(ABSENT)).await.is_err());
    client.set_name("n", None).await?;
    assert_eq!(client.resolve("n").await?, None);
    let missing = client.act("find-missing", json!({ "cids": [cid, ABSENT] })).await?;
    assert_eq!(missing["missing"], json!([ABSENT]));
    assert!(client.get(ABSENT).await.is_err_and(|error| error.is_not_found()));
    let mut wrong = Client::connect(address, Some("wrong-token-0123456789")).await?;
    assert_eq!(code(wrong.list("", 0).await), Some(Code::Unauthenticated));
    let mut nobody = Client::connect(address, None).await?;
    assert_eq!(nobody.get(&cid).await?, block);
    assert_eq!(code(nobody.put(block, Put::default()).await), Some(Code::Unauthenticated));

    let mut watch = client.watch("now", "");
    println!("ready {}", watch.ready().await?);
    let mut gone = None;
    loop {
        match watch.next().await {
            Ok(put) => {
                gone = None;
                println!("heard {} {} {}", put.kind, put.cid.unwrap_or_default(), put.rows);
                if put.rows == 2 {
                    return Ok(());
                }
            }
            Err(error) if error.code() == Some(Code::Unavailable) => {
                assert!(gone.get_or_insert_with(Instant::now).elapsed() < PATIENCE, "{error}");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

fn config_of(tls: &[String]) -> Option<ClientTlsConfig> {
    let files: Vec<Vec<u8>> = tls.iter().map(|file| std::fs::read(file).expect("a certificate")).collect();
    (!files.is_empty()).then(|| {
        let trusted = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&files[0]));
        if files.len() == 3 { trusted.identity(Identity::from_pem(&files[1], &files[2])) } else { trusted }
    })
}

async fn local(address: &str, token: &str, cid: &str, tls: &[String]) -> Result<(), Error> {
    let token = (!token.is_empty()).then_some(token);
    let mut client = Client::connect_with(address, token, config_of(tls)).await?;
    let block = client.get(cid).await?;
    let is_local = client.is_local().await;
    assert_eq!(cid_of(&block), cid);
    assert_eq!(is_segment(block.as_ptr() as usize), is_local);
    assert!(client.get(ABSENT).await.is_err_and(|error| error.is_not_found()));
    let rows = client.info(cid).await?.total_records;
    drop(client);
    // What was read in place stays.
    assert_eq!(cid_of(&block), cid);
    println!("{} {rows}", if is_local { "local" } else { "remote" });
    Ok(())
}

/// Whether an address is in the mapping of a store's segment.
fn is_segment(address: usize) -> bool {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("the mappings of this process");
    let line = maps.lines().find(|line| {
        let (first, rest) = line.split_once('-').expect("a range");
        let last = rest.split(' ').next().expect("its end");
        let at = |text| usize::from_str_radix(text, 16).expect("an address");
        (at(first)..at(last)).contains(&address)
    });
    line.is_some_and(|line| line.contains("/seg-"))
}

async fn get(address: &str, token: &str, cid: &str, tls: &[String]) -> Result<(), Error> {
    let config = config_of(tls);
    let mut client = Client::connect_with(address, Some(token), config).await?.over_network();
    match client.get(cid).await {
        Ok(_) => println!("rows {}", client.info(cid).await?.total_records),
        Err(Error::Mismatch { .. }) => println!("mismatch"),
        Err(error) => return Err(error),
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments[0].as_str() {
        "all" => all(&arguments[1], &arguments[2], &arguments[3]).await?,
        "local" => local(&arguments[1], &arguments[2], &arguments[3], &arguments[4..]).await?,
        _ => get(&arguments[1], &arguments[2], &arguments[3], &arguments[4..]).await?,
    }
    Ok(())
}
