//! Arrow record batches by content address from `arrowcid serve`, over Arrow Flight: tonic and prost, without an Arrow library.
//! Batches come and go as blocks, which are Arrow IPC streams; any Arrow library reads them.
//!
//! ```no_run
//! # async fn run(token: &str, stream: Vec<u8>) -> Result<(), arrowcid_flight::Error> {
//! let mut client = arrowcid_flight::Client::connect("grpc://127.0.0.1:8815", Some(token)).await?;
//! let acks = client.put(stream, Default::default()).await?;
//! let block = client.get(&acks[0].cid).await?; // proved: its bytes hash to the CID
//! # Ok(()) }
//! ```

mod ipc;
#[cfg(all(feature = "local", target_os = "linux"))]
mod local;
mod proto;
mod watch;

pub use ipc::cid_of;
pub use proto::{FlightInfo, Put, PutAck, Request};
pub use serde_json::Value;
pub use tonic::transport::{Certificate, ClientTlsConfig, Identity};
pub use watch::{StoreEvent, Watch};

use bytes::Bytes;
use http::uri::PathAndQuery;
use ipc::Message;
use proto::*;
use std::collections::BTreeMap;
use std::fmt;
#[cfg(all(feature = "local", target_os = "linux"))]
use std::{sync::Arc, time::Duration};
#[cfg(all(feature = "local", target_os = "linux"))]
use tokio::sync::OnceCell;
use tokio_stream::StreamExt;
use tonic::client::Grpc;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::{Channel, Endpoint as Address};
use tonic::{Code, Status, Streaming};
use tonic_prost::ProstCodec;

#[cfg(all(feature = "local", target_os = "linux"))]
const WHERE_TIMEOUT: Duration = Duration::from_secs(5);

/// What went wrong.
#[derive(Debug)]
pub enum Error {
    /// What came does not hash to the CID that was asked for.
    Mismatch { cid: String, found: String },
    /// The server's answer, or that there is none.
    Status(Box<Status>),
    /// The address is invalid, or no server answers there.
    Connect(Box<dyn std::error::Error + Send + Sync>),
    /// Bytes that are no Arrow IPC stream, or an answer that is none of ArrowCid's.
    Malformed(&'static str),
}

impl Error {
    /// Whether nothing of that CID or name is there.
    pub fn is_not_found(&self) -> bool {
        self.code() == Some(Code::NotFound)
    }

    /// The server's status.
    pub fn code(&self) -> Option<Code> {
        match self {
            Error::Status(status) => Some(status.code()),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Mismatch { cid, found } => write!(out, "what came is {found}, not {cid}"),
            Error::Status(status) => write!(out, "{:?}: {}", status.code(), status.message()),
            Error::Connect(why) => write!(out, "{why}"),
            Error::Malformed(why) => out.write_str(why),
        }
    }
}

impl std::error::Error for Error {}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        Error::Status(Box::new(status))
    }
}

/// A batch that is listed.
#[derive(Clone, Debug)]
pub struct Entry {
    pub cid: String,
    pub rows: i64,
    pub bytes: i64,
    /// All that the server said of it.
    pub known: Value,
}

/// A connection. Clones share it, and may be used at once.
#[derive(Clone)]
pub struct Client {
    grpc: Grpc<Channel>,
    authorization: Option<AsciiMetadataValue>,
    #[cfg(all(feature = "local", target_os = "linux"))]
    local: Arc<OnceCell<Option<Arc<arrowcid::Store>>>>,
}

impl Client {
    /// Connects to `grpc://HOST:PORT`.
    pub async fn connect(address: &str, token: Option<&str>) -> Result<Self, Error> {
        Self::connect_with(address, token, None).await
    }

    /// Connects to `grpc+tls://HOST:PORT` with certificates, or without TLS where there are none.
    pub async fn connect_with(address: &str, token: Option<&str>, tls: Option<ClientTlsConfig>) -> Result<Self, Error> {
        let place = address.rsplit("://").next().unwrap_or(address);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let mut to = Address::from_shared(format!("{scheme}://{place}")).map_err(|why| Error::Connect(why.into()))?;
        if let Some(tls) = tls {
            to = to.tls_config(tls).map_err(|why| Error::Connect(why.into()))?;
        }
        let channel = to.connect().await.map_err(|why| Error::Connect(why.into()))?;
        let authorization = token
            .map(|token| format!("Bearer {token}").parse().map_err(|_| Error::Malformed("a token is ASCII")))
            .transpose()?;
        let grpc = Grpc::new(channel).max_decoding_message_size(usize::MAX).max_encoding_message_size(usize::MAX);
        Ok(Client {
            grpc,
            authorization,
            #[cfg(all(feature = "local", target_os = "linux"))]
            local: Default::default(),
        })
    }

    /// Never reads the server's store in place. Applies to this client and to clones that are made of it later.
    #[cfg(all(feature = "local", target_os = "linux"))]
    pub fn over_network(mut self) -> Self {
        self.local = Arc::new(OnceCell::new_with(Some(None)));
        self
    }

    /// The server's store, open for reading, where the server is on this machine; `None` on another machine or in a
    /// container with other files, without libarrowcid, or without the right to read the files.
    #[cfg(all(feature = "local", target_os = "linux"))]
    pub async fn local_store(&mut self) -> Option<Arc<arrowcid::Store>> {
        let cell = self.local.clone();
        cell.get_or_init(|| self.open_local()).await.clone()
    }

    /// Whether batches are read in the server's own store, without a copy.
    #[cfg(all(feature = "local", target_os = "linux"))]
    pub async fn is_local(&mut self) -> bool {
        self.local_store().await.is_some()
    }

    #[cfg(all(feature = "local", target_os = "linux"))]
    async fn open_local(&mut self) -> Option<Arc<arrowcid::Store>> {
        let place = tokio::time::timeout(WHERE_TIMEOUT, self.act("where", Value::Object(Default::default())));
        local::open(&place.await.ok()?.ok()?).map(Arc::new)
    }

    /// The block that has a CID, proved: an Arrow IPC stream of one batch. A store on this machine is read in place,
    /// without a copy, and a block is proved there once since the machine was started.
    pub async fn get(&mut self, cid: &str) -> Result<Bytes, Error> {
        #[cfg(all(feature = "local", target_os = "linux"))]
        if let Some(block) = self.local_store().await.and_then(|store| local::block(&store, cid)) {
            return Ok(block);
        }
        let mut messages = Vec::new();
        let mut answers = self.do_get(cid.as_bytes().to_vec()).await?;
        while let Some(data) = answers.next().await {
            messages.push(message_of(data?));
        }
        proved(ipc::stream_of(&messages), cid)
    }

    /// Blocks of one schema in the order of their CIDs, in one exchange, each proved.
    pub async fn get_many(&mut self, cids: &[String]) -> Result<Vec<Bytes>, Error> {
        let ask = FlightData {
            descriptor: Some(Descriptor::of_path(["get"])),
            app_metadata: cids.join(" ").into(),
            ..Default::default()
        };
        let mut answers = self.streaming::<_, FlightData>("DoExchange", tokio_stream::iter([ask])).await?;
        let (mut schema, mut dictionaries, mut blocks) = (None, BTreeMap::new(), Vec::new());
        while let Some(data) = answers.next().await {
            let data = data?;
            let mark = String::from_utf8_lossy(&data.app_metadata).into_owned();
            if data.header.is_empty() {
                if mark.is_empty() {
                    continue;
                }
                return Err(Status::not_found(mark).into());
            }
            let message = message_of(data);
            if message.is_schema() {
                schema = Some(message);
            } else if let Some(id) = message.dictionary() {
                dictionaries.insert(id, message);
            } else {
                let first = schema.as_ref().ok_or(Error::Malformed("a batch came before its schema"))?;
                let parts = [first].into_iter().chain(dictionaries.values()).chain([&message]);
                blocks.push(proved(ipc::stream_of(parts), &mark)?);
            }
        }
        Ok(blocks)
    }

    /// The batches of a name or of several CIDs as an Arrow IPC stream: some columns, or some rows of the whole. Not verified.
    pub async fn read(&mut self, request: &Request) -> Result<Bytes, Error> {
        let mut messages = Vec::new();
        let mut answers = self.do_get(any("Request", request)).await?;
        while let Some(data) = answers.next().await {
            messages.push(message_of(data?));
        }
        Ok(ipc::stream_of(&messages))
    }

    /// Rows, bytes and endpoints of a batch or a dataset.
    pub async fn info(&mut self, cid_or_name: &str) -> Result<FlightInfo, Error> {
        self.unary("GetFlightInfo", Descriptor::of_path([cid_or_name])).await
    }

    /// The same as a poll, which is complete at once.
    pub async fn poll(&mut self, cid_or_name: &str) -> Result<FlightInfo, Error> {
        let poll: PollInfo = self.unary("PollFlightInfo", Descriptor::of_path([cid_or_name])).await?;
        poll.info.ok_or(Error::Malformed("a poll without an info"))
    }

    /// The schema of a batch or a dataset, as an encapsulated IPC message.
    pub async fn schema(&mut self, cid_or_name: &str) -> Result<Bytes, Error> {
        let found: SchemaResult = self.unary("GetSchema", Descriptor::of_path([cid_or_name])).await?;
        Ok(found.schema)
    }

    /// Puts the batches of an Arrow IPC stream or file: a block for each, and an ack for each; then, where it has a name or is a
    /// dataset, one for the whole.
    pub async fn put(&mut self, stream: impl Into<Bytes>, how: Put) -> Result<Vec<PutAck>, Error> {
        let messages = ipc::messages_of(&stream.into()).ok_or(Error::Malformed("the bytes are no Arrow IPC stream"))?;
        let mut descriptor = Some(Descriptor::of_command(any("Put", &how)));
        let parts = tokio_stream::iter(messages.into_iter().map(move |Message { header, body }| FlightData {
            descriptor: descriptor.take(),
            header,
            body,
            ..Default::default()
        }));
        let mut answers = self.streaming::<_, PutResult>("DoPut", parts).await?;
        let mut acks = Vec::new();
        while let Some(answer) = answers.next().await {
            let ack = <PutAck as prost::Message>::decode(answer?.app_metadata);
            acks.push(ack.map_err(|_| Error::Malformed("an answer to a put is no PutAck"))?);
        }
        Ok(acks)
    }

    /// Batches that pass a filter, the newest first, 1,000 where `limit` is 0.
    pub async fn list(&mut self, filter: &str, limit: u32) -> Result<Vec<Entry>, Error> {
        let asked = Request { filter: filter.into(), limit, ..Default::default() };
        let criteria = Criteria { expression: any("Request", &asked).into() };
        let mut answers = self.server_streaming::<_, FlightInfo>("ListFlights", criteria).await?;
        let mut found = Vec::new();
        while let Some(info) = answers.next().await {
            let FlightInfo { descriptor, total_records, total_bytes, app_metadata, .. } = info?;
            let cid = descriptor.and_then(|at| at.path.into_iter().next());
            found.push(Entry {
                cid: cid.ok_or(Error::Malformed("a flight without a path"))?,
                rows: total_records,
                bytes: total_bytes,
                known: serde_json::from_slice(&app_metadata).unwrap_or(Value::Null),
            });
        }
        Ok(found)
    }

    /// What is put, as it is put. `since` is `now`, `oldest`, or the cursor of an event.
    pub fn watch(&self, since: &str, filter: &str) -> Watch {
        Watch::new(self.clone(), since, filter)
    }

    /// Changes of the names that match a pattern, from a cursor on; `*` is any characters, `?` one.
    pub fn watch_names(&self, since: &str, names: &str) -> Watch {
        Watch::of_names(self.clone(), since, names)
    }

    /// The CID that a name points to.
    pub async fn resolve(&mut self, name: &str) -> Result<Option<String>, Error> {
        match self.act("resolve", serde_json::json!({ "name": name })).await {
            Ok(found) => Ok(found["cid"].as_str().map(Into::into)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a name point to a CID, or removes it.
    pub async fn set_name(&mut self, name: &str, cid: Option<&str>) -> Result<Value, Error> {
        self.act("name", serde_json::json!({ "name": name, "cid": cid })).await
    }

    /// The same if it points to `expected` now (None: there is no such name), otherwise an error.
    pub async fn set_name_if(&mut self, name: &str, cid: Option<&str>, expected: Option<&str>) -> Result<Value, Error> {
        self.act("name", serde_json::json!({ "name": name, "cid": cid, "expected": expected })).await
    }

    /// All that is known of a block.
    pub async fn describe(&mut self, cid: &str) -> Result<Value, Error> {
        self.act("describe", serde_json::json!({ "cid": cid })).await
    }

    /// Any action of the server by its name: `tag`, `pin`, `find-missing` …
    pub async fn act(&mut self, action: &str, body: Value) -> Result<Value, Error> {
        let asked = Action { kind: action.into(), body: body.to_string().into() };
        let mut answers = self.server_streaming::<_, ActionResult>("DoAction", asked).await?;
        match answers.next().await.transpose()? {
            Some(answer) if !answer.body.is_empty() => {
                serde_json::from_slice(&answer.body).map_err(|_| Error::Malformed("an action's answer is no JSON"))
            }
            _ => Ok(Value::Null),
        }
    }

    /// The server's actions, and what each does.
    pub async fn actions(&mut self) -> Result<Vec<(String, String)>, Error> {
        let mut answers = self.server_streaming::<_, ActionType>("ListActions", Empty {}).await?;
        let mut found = Vec::new();
        while let Some(action) = answers.next().await {
            let ActionType { kind, description } = action?;
            found.push((kind, description));
        }
        Ok(found)
    }

    /// Shows the token by Flight's handshake; what comes back is what `authorization` takes.
    pub async fn handshake(&mut self) -> Result<Option<String>, Error> {
        self.ready().await?;
        let asked = self.request(tokio_stream::iter([Handshake::default()]));
        let codec = ProstCodec::<Handshake, Handshake>::default();
        let answer = self.grpc.streaming(asked, path("Handshake"), codec).await?;
        Ok(answer.metadata().get("authorization").and_then(|text| text.to_str().ok()).map(Into::into))
    }

    async fn do_get(&mut self, ticket: Vec<u8>) -> Result<Streaming<FlightData>, Error> {
        self.server_streaming("DoGet", Ticket { ticket: ticket.into() }).await
    }

    async fn unary<Q, A>(&mut self, method: &str, asked: Q) -> Result<A, Error>
    where
        Q: prost::Message + 'static,
        A: prost::Message + Default + 'static,
    {
        self.ready().await?;
        let asked = self.request(asked);
        Ok(self.grpc.unary(asked, path(method), ProstCodec::<Q, A>::default()).await?.into_inner())
    }

    async fn server_streaming<Q, A>(&mut self, method: &str, asked: Q) -> Result<Streaming<A>, Error>
    where
        Q: prost::Message + 'static,
        A: prost::Message + Default + 'static,
    {
        self.ready().await?;
        let asked = self.request(asked);
        Ok(self.grpc.server_streaming(asked, path(method), ProstCodec::<Q, A>::default()).await?.into_inner())
    }

    async fn streaming<Q, A>(
        &mut self,
        method: &str,
        parts: impl tokio_stream::Stream<Item = Q> + Send + 'static,
    ) -> Result<Streaming<A>, Error>
    where
        Q: prost::Message + 'static,
        A: prost::Message + Default + 'static,
    {
        self.ready().await?;
        let asked = self.request(parts);
        Ok(self.grpc.streaming(asked, path(method), ProstCodec::<Q, A>::default()).await?.into_inner())
    }

    async fn ready(&mut self) -> Result<(), Error> {
        self.grpc.ready().await.map_err(|why| Status::unavailable(why.to_string()).into())
    }

    fn request<T>(&self, message: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(message);
        if let Some(authorization) = &self.authorization {
            request.metadata_mut().insert("authorization", authorization.clone());
        }
        // Whole blocks, so that they can be proved: the server cuts batches for tonic otherwise.
        request.metadata_mut().insert("arrowcid-max-message-bytes", AsciiMetadataValue::from_static("2147483647"));
        request
    }
}

fn path(method: &str) -> PathAndQuery {
    PathAndQuery::try_from(format!("/arrow.flight.protocol.FlightService/{method}")).expect("the names of methods are paths")
}

fn message_of(data: FlightData) -> Message {
    Message { header: data.header, body: data.body }
}

fn proved(block: Bytes, cid: &str) -> Result<Bytes, Error> {
    let found = cid_of(&block);
    if found == cid {
        Ok(block)
    } else {
        Err(Error::Mismatch { cid: cid.into(), found })
    }
}
