//! The messages of Arrow Flight (`proto/Flight.proto`) and of ArrowCid (`proto/arrowcid.proto`) that the client sends and
//! takes. They are written here so that no protoc is needed to build.

use bytes::Bytes;
use std::collections::HashMap;

#[derive(Clone, PartialEq, prost::Message)]
pub struct Empty {}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Handshake {
    #[prost(uint64, tag = "1")]
    pub protocol_version: u64,
    #[prost(bytes = "bytes", tag = "2")]
    pub payload: Bytes,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Descriptor {
    /// 1: a path, 2: a command.
    #[prost(int32, tag = "1")]
    pub kind: i32,
    #[prost(bytes = "bytes", tag = "2")]
    pub cmd: Bytes,
    #[prost(string, repeated, tag = "3")]
    pub path: Vec<String>,
}

impl Descriptor {
    pub fn of_path<S: Into<String>>(parts: impl IntoIterator<Item = S>) -> Self {
        Descriptor { kind: 1, cmd: Bytes::new(), path: parts.into_iter().map(Into::into).collect() }
    }

    pub fn of_command(cmd: Vec<u8>) -> Self {
        Descriptor { kind: 2, cmd: cmd.into(), path: Vec::new() }
    }
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Ticket {
    #[prost(bytes = "bytes", tag = "1")]
    pub ticket: Bytes,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct FlightData {
    #[prost(message, optional, tag = "1")]
    pub descriptor: Option<Descriptor>,
    #[prost(bytes = "bytes", tag = "2")]
    pub header: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    pub app_metadata: Bytes,
    #[prost(bytes = "bytes", tag = "1000")]
    pub body: Bytes,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct PutResult {
    #[prost(bytes = "bytes", tag = "1")]
    pub app_metadata: Bytes,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Criteria {
    #[prost(bytes = "bytes", tag = "1")]
    pub expression: Bytes,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Location {
    #[prost(string, tag = "1")]
    pub uri: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Endpoint {
    #[prost(message, optional, tag = "1")]
    pub ticket: Option<Ticket>,
    #[prost(message, repeated, tag = "2")]
    pub locations: Vec<Location>,
    #[prost(bytes = "bytes", tag = "4")]
    pub app_metadata: Bytes,
}

/// What GetFlightInfo and ListFlights tell.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FlightInfo {
    /// The schema as an encapsulated IPC message.
    #[prost(bytes = "bytes", tag = "1")]
    pub schema: Bytes,
    #[prost(message, optional, tag = "2")]
    pub descriptor: Option<Descriptor>,
    #[prost(message, repeated, tag = "3")]
    pub endpoints: Vec<Endpoint>,
    #[prost(int64, tag = "4")]
    pub total_records: i64,
    #[prost(int64, tag = "5")]
    pub total_bytes: i64,
    #[prost(bool, tag = "6")]
    pub ordered: bool,
    /// The entry as JSON, in a listing.
    #[prost(bytes = "bytes", tag = "7")]
    pub app_metadata: Bytes,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct PollInfo {
    #[prost(message, optional, tag = "1")]
    pub info: Option<FlightInfo>,
    #[prost(message, optional, tag = "2")]
    pub descriptor: Option<Descriptor>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct SchemaResult {
    #[prost(bytes = "bytes", tag = "1")]
    pub schema: Bytes,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Action {
    #[prost(string, tag = "1")]
    pub kind: String,
    #[prost(bytes = "bytes", tag = "2")]
    pub body: Bytes,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct ActionResult {
    #[prost(bytes = "bytes", tag = "1")]
    pub body: Bytes,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct ActionType {
    #[prost(string, tag = "1")]
    pub kind: String,
    #[prost(string, tag = "2")]
    pub description: String,
}

/// What a DoGet brings.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Request {
    #[prost(string, repeated, tag = "1")]
    pub cids: Vec<String>,
    #[prost(string, tag = "2")]
    pub name: String,
    #[prost(string, repeated, tag = "3")]
    pub columns: Vec<String>,
    #[prost(uint32, tag = "4")]
    pub first_row: u32,
    /// 0: all.
    #[prost(uint32, tag = "5")]
    pub rows: u32,
    #[prost(uint32, tag = "6")]
    pub max_message_bytes: u32,
    #[prost(bool, tag = "7")]
    pub watch: bool,
    #[prost(string, tag = "8")]
    pub from: String,
    #[prost(uint32, tag = "9")]
    pub heartbeat_seconds: u32,
    #[prost(bool, tag = "10")]
    pub catalog: bool,
    #[prost(string, tag = "11")]
    pub filter: String,
    #[prost(uint32, tag = "12")]
    pub limit: u32,
    #[prost(string, tag = "15")]
    pub names: String,
    #[prost(bool, tag = "16")]
    pub without_puts: bool,
}

/// How a put is to be kept.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Put {
    /// Points to the batch, or to the dataset of the batches where the stream has several.
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(map = "string, string", tag = "2")]
    pub tags: HashMap<String, String>,
    #[prost(string, tag = "3")]
    pub producer: String,
    #[prost(bool, tag = "4")]
    pub pin: bool,
    /// Any JSON.
    #[prost(string, tag = "5")]
    pub json: String,
    #[prost(bool, tag = "6")]
    pub dataset: bool,
    /// Nothing is put where the only batch has another CID.
    #[prost(string, tag = "7")]
    pub expected_cid: String,
    /// The batches are joined and recut; 0: no such cut.
    #[prost(uint32, tag = "8")]
    pub cut_rows: u32,
    #[prost(uint32, tag = "9")]
    pub cut_bytes: u32,
    #[prost(uint32, tag = "10")]
    pub cut_milliseconds: u32,
}

/// The result of a batch, or last of the whole stream (`is_stream`).
#[derive(Clone, PartialEq, prost::Message)]
pub struct PutAck {
    #[prost(string, tag = "1")]
    pub cid: String,
    #[prost(string, tag = "2")]
    pub schema_cid: String,
    #[prost(uint32, tag = "3")]
    pub rows: u32,
    #[prost(uint32, tag = "4")]
    pub bytes: u32,
    #[prost(bool, tag = "5")]
    pub is_new: bool,
    #[prost(uint32, tag = "6")]
    pub index: u32,
    #[prost(string, tag = "7")]
    pub app_metadata: String,
    #[prost(string, tag = "8")]
    pub app_metadata_base64: String,
    #[prost(bool, tag = "9")]
    pub is_stream: bool,
    #[prost(string, tag = "10")]
    pub name: String,
    /// Acks that were left out before this one, since they were not read.
    #[prost(uint32, tag = "11")]
    pub skipped: u32,
    /// Whether the store had the block with damaged bytes, which this put replaced.
    #[prost(bool, tag = "12")]
    pub is_repaired: bool,
}

/// A message as `google.protobuf.Any`, which is how tickets and commands say what they are.
pub fn any(name: &str, message: &impl prost::Message) -> Vec<u8> {
    let any = prost_types::Any {
        type_url: format!("type.googleapis.com/arrowcid.v1.{name}"),
        value: message.encode_to_vec(),
    };
    prost::Message::encode_to_vec(&any)
}
