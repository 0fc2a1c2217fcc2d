//! Events of puts.

use crate::ipc::Columns;
use crate::proto::{any, FlightData, Request};
use crate::{message_of, Client, Error};
use std::collections::VecDeque;
use tokio_stream::StreamExt;
use tonic::Streaming;

// kind, cid, schemaCid, rows, bytes, time, facts, gap, cursor: which of them are texts.
const TEXTS: [bool; 9] = [true, true, true, false, false, false, true, true, true];

// The same, and name and oldCid.
const TEXTS_WITH_NAMES: [bool; 11] = [true, true, true, false, false, false, true, true, true, true, true];

/// A put that was heard.
#[derive(Clone, Debug)]
pub struct StoreEvent {
    /// `new`, `again`, `gap` or `name`.
    pub kind: String,
    /// None in a gap. Of a name the block that it points to since; None where it was removed.
    pub cid: Option<String>,
    pub rows: i64,
    pub bytes: i64,
    /// JSON.
    pub facts: Option<String>,
    /// What was missed, as JSON.
    pub gap: Option<String>,
    /// A watch that begins here hears what came after.
    pub cursor: String,
    /// The name that changed.
    pub name: Option<String>,
    /// The block that the name pointed to before.
    pub old_cid: Option<String>,
}

/// A watch without end.
pub struct Watch {
    client: Client,
    asked: Request,
    answers: Option<Streaming<FlightData>>,
    heard: VecDeque<StoreEvent>,
}

impl Watch {
    pub(crate) fn new(client: Client, since: &str, filter: &str) -> Self {
        let asked = Request { watch: true, from: since.into(), filter: filter.into(), ..Default::default() };
        Watch { client, asked, answers: None, heard: VecDeque::new() }
    }

    pub(crate) fn of_names(client: Client, since: &str, names: &str) -> Self {
        let asked = Request {
            watch: true,
            from: since.into(),
            names: names.into(),
            without_puts: true,
            ..Default::default()
        };
        Watch { client, asked, answers: None, heard: VecDeque::new() }
    }

    /// Where the watch stands: what was put before is not heard again.
    pub fn cursor(&self) -> &str {
        &self.asked.from
    }

    /// Waits until whatever is put from now on will be heard, and gives the cursor.
    pub async fn ready(&mut self) -> Result<&str, Error> {
        if self.answers.is_none() {
            self.listen().await?;
        }
        Ok(self.cursor())
    }

    /// The next event. After an error of `Code::Unavailable`, when the server went away, the next call asks again from
    /// where the watch was, and loses nothing that the store still has.
    pub async fn next(&mut self) -> Result<StoreEvent, Error> {
        loop {
            if let Some(put) = self.heard.pop_front() {
                self.asked.from.clone_from(&put.cursor);
                return Ok(put);
            }
            self.listen().await?;
        }
    }

    async fn listen(&mut self) -> Result<(), Error> {
        let result = self.hear().await;
        if result.is_err() {
            self.answers = None;
        }
        result
    }

    /// Takes one batch, which may be empty.
    async fn hear(&mut self) -> Result<(), Error> {
        if self.answers.is_none() {
            self.answers = Some(self.client.do_get(any("Request", &self.asked)).await?);
        }
        let answers = self.answers.as_mut().expect("set above");
        let data = answers.next().await.transpose()?.ok_or_else(|| tonic::Status::unavailable("the watch has ended"))?;
        let cursor = String::from_utf8_lossy(&data.app_metadata).into_owned();
        let message = message_of(data);
        if message.is_schema() {
            return Box::pin(self.hear()).await;
        }
        let has_names = !self.asked.names.is_empty();
        let texts: &[bool] = if has_names { &TEXTS_WITH_NAMES } else { &TEXTS };
        let rows = Columns::of(&message, texts).ok_or(Error::Malformed("a watch's batch has other columns"))?;
        for row in 0..rows.rows() {
            self.heard.push_back(StoreEvent {
                kind: rows.text(0, row).ok_or(Error::Malformed("an event without a kind"))?,
                cid: rows.text(1, row),
                rows: rows.number(3, row).unwrap_or(0),
                bytes: rows.number(4, row).unwrap_or(0),
                facts: rows.text(6, row),
                gap: rows.text(7, row),
                cursor: rows.text(8, row).ok_or(Error::Malformed("an event without a cursor"))?,
                name: if has_names { rows.text(9, row) } else { None },
                old_cid: if has_names { rows.text(10, row) } else { None },
            });
        }
        if self.heard.is_empty() {
            self.asked.from = cursor;
        }
        Ok(())
    }
}
