//! Connections that are held open and idle. A message goes over one after the other, so that no two are in the server's memory at a time.

use crate::Failure;
use crate::load::{KEY, echo, frame, open};
use std::io::BufRead as _;

/// Opens so many connections. Then each line of standard input is a size: every connection sends a message of so many bytes and reads it back.
/// A line says when each step is done. It ends with standard input.
pub(crate) async fn run(port: u16, connections: usize) -> Result<(), Failure> {
    let mut opened = Vec::with_capacity(connections);
    for _ in 0..connections {
        opened.push(open(port).await?);
    }
    println!("open");
    for line in std::io::stdin().lock().lines() {
        let size: usize = line?.trim().parse()?;
        let payload: Vec<u8> = (0..size).map(|at| at as u8).collect();
        let sent = frame(Some(KEY), &payload);
        for stream in &mut opened {
            echo(stream, &sent, &payload).await?;
        }
        println!("{size}");
    }
    Ok(())
}
