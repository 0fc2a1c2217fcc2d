//! Puts the batches of an Arrow IPC file, or reads a block, and says so in a line; the tests hold other languages
//! against it. `exchange put STORE FILE`, `exchange read STORE CID COLUMN`, `exchange hold STORE CID`.

use arrowcid::{Result, Store};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["put", directory, file] => {
            let bytes = std::fs::read(file).expect("the file is there");
            for block in Store::open(directory)?.put_ipc(&bytes)? {
                println!("{} {}", block.cid, block.is_new);
            }
        }
        // The CID, the sum of a column of int16, and the address of its first value with the file that is mapped there.
        ["read", directory, cid, column] => {
            let lease = Store::open(directory)?.get(&cid.parse()?)?.expect("the block is there");
            let values: &[i16] = lease.values(column)?;
            let sum: i64 = values.iter().map(|value| i64::from(*value)).sum();
            println!("{} {sum} {}", lease.info().cid, mapped_file(values.as_ptr() as usize));
        }
        // Holds the block until it is killed.
        ["hold", directory, cid] => {
            let _lease = Store::open(directory)?.get(&cid.parse()?)?.expect("the block is there");
            println!("held");
            loop {
                std::thread::park();
            }
        }
        _ => panic!("exchange put STORE FILE | read STORE CID COLUMN | hold STORE CID"),
    }
    Ok(())
}

fn mapped_file(address: usize) -> String {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux has it");
    let holds = |line: &&str| {
        let (start, end) = line.split(' ').next().unwrap_or("").split_once('-').unwrap_or(("", ""));
        let number = |text| usize::from_str_radix(text, 16).unwrap_or(0);
        (number(start)..number(end)).contains(&address)
    };
    let line = maps.lines().find(holds).unwrap_or("");
    line.split_whitespace().nth(5).unwrap_or("(nothing)").to_owned()
}
